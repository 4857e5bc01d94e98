"""The shelf of real and hostile books kept beside the repository, each held to what its manifest says must
happen.
"""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.catalogue.intake import Refused, read_book

SHELF = Path(__file__).resolve().parents[3] / "shared" / "books"
MANIFEST = SHELF / "manifest.json"
BOOKS: list[dict[str, Any]] = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else []

# Said in the manifest of no file, and of these by a reason of ours.
REFUSALS = {
    "hostile/zip-slip-traversal.epub": "hostile",
    "hostile/xxe-opf-file.epub": "hostile",
    "hostile/xml-billion-laughs.epub": "hostile",
    "hostile/zip-lying-size.epub": "hostile",
    "hostile/zipbomb-1gib-entry.epub": "too_complex",
    "hostile/drm-lcp.epub": "drm",
    "hostile/not-zip-html.epub": "not_a_book",
    "hostile/truncated.epub": "broken",
    "hostile/pdf-user-password.pdf": "encrypted",
    "hostile/pdf-page-tree-loop.pdf": "broken",
}

CONTENT_LANGUAGES = {"pdf/pdflatex-outline.pdf": "en", "pdf/de-geotopo.pdf": "de"}
VERTICAL = {"good/ja-vertical-mymedia-lite.epub", "good/zh-chuci.epub"}


def named(book: dict[str, Any]) -> str:
    return book["file"]


def test_the_shelf_is_there():
    if not BOOKS:
        pytest.skip("no ../shared/books beside this checkout: real books were not read")
    assert len(BOOKS) >= 43


@pytest.mark.parametrize("book", [each for each in BOOKS if each["expected"] != "reject"], ids=named)
def test_a_book_is_taken_with_what_it_says_of_itself(book: dict[str, Any]):
    reading = read_book(SHELF / book["file"])
    assert reading.format == book["kind"].removeprefix("hostile-")
    if book["kind"].startswith("hostile"):
        return
    assert reading.title == (book["title"] or None)
    assert list(reading.authors) == book["creators"]
    assert reading.declared_language == book["language"]
    # Of a PDF the manifest does not say what it is written in.
    written_in = book.get("content_language", CONTENT_LANGUAGES.get(book["file"]))
    assert (reading.language or "").partition("-")[0] == (written_in or "")
    if (book["language"] or "").partition("-")[0] == written_in:
        assert reading.language == book["language"]
    if reading.format == "epub":
        assert (reading.direction, reading.fixed_layout) == (book["ppd"], book["fixed_layout"])
        assert bool(reading.covers) == (book["cover"] is not None)
        assert reading.words
        assert reading.contents
        places = [json.loads(line)["href"] for line in gzip.decompress(reading.text or b"").splitlines()]
        assert len(places) == len(set(places)) > 0
        chapters = {entry.href.partition("#")[0] for entry in reading.contents if entry.href}
        assert chapters & set(places) or len(chapters) == 1
        assert reading.vertical is (book["file"] in VERTICAL)
    else:
        assert reading.pages == book["pages"]
        assert reading.covers
        assert reading.words


@pytest.mark.parametrize("book", [each for each in BOOKS if each["expected"] == "reject"], ids=named)
def test_a_book_is_refused_with_its_reason(book: dict[str, Any]):
    with pytest.raises(Refused) as refused:
        read_book(SHELF / book["file"])
    assert refused.value.code == REFUSALS[book["file"]]
    assert "root:" not in f"{refused.value.reason} {refused.value.cause}"


@pytest.mark.parametrize(
    "file", ["image-bomb-cover-30000x30000", "cover-svg-script", "ssrf-remote-resources"] if BOOKS else []
)
def test_a_hostile_cover_is_left_out(file: str):
    assert read_book(SHELF / "hostile" / f"{file}.epub").covers == ()


def test_metadata_cannot_start_a_new_line():
    if not BOOKS:
        pytest.skip("no ../shared/books beside this checkout")
    reading = read_book(SHELF / "hostile" / "csv-ical-injection.epub")
    assert reading.authors[1] == 'Smith, "Q" END:VEVENT BEGIN:VALARM'
