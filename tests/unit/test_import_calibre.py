"""A calibre library is read as calibre keeps it, and nothing in it is touched or believed too much."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from infra.importer import calibre, folders
from infra.importer.candidate import Candidate
from tests.factories_books import epub, pdf
from tests.factories_calibre import CalibreBook, calibre_library, opf


def only(candidates: Any) -> Candidate:
    (one,) = candidates
    return one


def state(root: Path) -> dict[str, tuple[str, int]]:
    """What every file of a folder holds, and when it was changed."""
    return {
        str(path.relative_to(root)): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


def test_everything_calibre_knows_of_a_book_comes_along(tmp_path: Path) -> None:
    book = CalibreBook(
        title="The Lamp",
        authors=("Zoë Zed", "Ada Ito", "King, Martin"),
        files={"EPUB": epub()},
        series="Lights",
        series_index=2.5,
        tags=("Sea", "Lamps"),
        languages=("fra", "deu"),
        publisher="House & Sons",
        identifiers={"isbn": "978-0-14-143951-8", "goodreads": "42", "doi": "10.1/a"},
        comments="<div><p>First &amp; <b>best</b>.</p><p>Second.</p></div>",
        rating=7,
        uuid="11f8c3e1",
        cover=b"picture",
    )
    found = only(folders.candidates(calibre_library(tmp_path, [book])))
    assert found.about == {
        "title": "The Lamp",
        "authors": ["Zoë Zed", "Ada Ito", "King, Martin"],
        "series": {"name": "Lights", "position": 2.5},
        "subjects": ["Sea", "Lamps"],
        "language": "fr",
        "publisher": "House & Sons",
        "identifiers": ["urn:isbn:9780141439518", "goodreads:42", "doi:10.1/a"],
        "description": "First & best.\nSecond.",
        "rating": 4,
        "origin": "calibre:11f8c3e1",
    }
    assert [path.suffix for path in found.files] == [".epub"]
    assert found.cover is not None
    assert found.cover.read_bytes() == b"picture"
    assert found.trouble is None


@pytest.mark.parametrize(("stars", "rating"), [(0, None), (1, 1), (2, 1), (3, 2), (5, 3), (8, 4), (9, 5), (10, 5)])
def test_half_stars_become_whole_ones(tmp_path: Path, stars: int, rating: int | None) -> None:
    found = only(calibre.candidates(calibre_library(tmp_path, [CalibreBook("A", rating=stars)])))
    assert found.about.get("rating") == rating


def test_an_epub_is_taken_before_a_pdf_and_others_make_a_record(tmp_path: Path) -> None:
    library = calibre_library(
        tmp_path,
        [
            CalibreBook("Both", files={"PDF": pdf(), "MOBI": b"m", "EPUB": epub()}),
            CalibreBook("Pdf", files={"PDF": pdf()}),
            CalibreBook("Neither", files={"AZW3": b"a"}),
            CalibreBook("None"),
        ],
    )
    found = {str(each.about["title"]): each for each in calibre.candidates(library)}
    assert [path.suffix for path in found["Both"].files] == [".epub", ".pdf"]
    assert [path.suffix for path in found["Pdf"].files] == [".pdf"]
    assert found["Neither"].files == found["None"].files == ()
    assert all(each.trouble is None for each in found.values())


def test_a_file_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    library = calibre_library(tmp_path, [CalibreBook("Gone", files={"EPUB": epub()})])
    for path in library.rglob("*.epub"):
        path.unlink()
    found = only(calibre.candidates(library))
    assert found.trouble == "The file that calibre names is not there: Gone - Ada Ito.epub"


def test_a_library_of_hundreds_is_read_to_its_end(tmp_path: Path) -> None:
    library = calibre_library(tmp_path, [CalibreBook(f"Book {n}", tags=("one", f"tag {n}")) for n in range(250)])
    found = list(calibre.candidates(library))
    assert [each.about["title"] for each in found] == [f"Book {n}" for n in range(250)]
    assert found[249].about["subjects"] == ["one", "tag 249"]
    assert folders.count(tmp_path) == 250


def test_nothing_of_the_library_is_touched(tmp_path: Path) -> None:
    library = calibre_library(tmp_path, [CalibreBook("A", files={"EPUB": epub()})])
    with sqlite3.connect(library / "metadata.db") as database:
        database.execute("PRAGMA journal_mode = WAL")
    database.close()
    before = state(library)
    assert len(list(folders.candidates(library))) == 1
    assert state(library) == before


def test_a_library_on_a_folder_with_signs_in_its_name_is_found(tmp_path: Path) -> None:
    library = calibre_library(tmp_path / "Bücher? 100% #1", [CalibreBook("A")])
    assert only(folders.candidates(library)).about["title"] == "A"


class TestALibraryNobodyShouldTrust:
    def test_a_path_that_leads_out_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "secret").mkdir()
        (tmp_path / "secret" / "Out - Ada Ito.epub").write_bytes(epub())
        library = calibre_library(
            tmp_path / "library", [CalibreBook("Out", path="../secret", files={"EPUB": epub()}), CalibreBook("In")]
        )
        out, within = calibre.candidates(library)
        assert out.files == ()
        assert out.trouble is not None
        assert within.trouble is None

    def test_a_link_that_leads_out_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "outside.epub").write_bytes(epub())
        library = calibre_library(tmp_path / "library", [CalibreBook("A", files={"EPUB": epub()}, cover=b"c")])
        (file,) = library.rglob("*.epub")
        file.unlink()
        file.symlink_to(tmp_path / "outside.epub")
        cover = file.with_name("cover.jpg")
        cover.unlink()
        cover.symlink_to(tmp_path / "outside.epub")
        found = only(calibre.candidates(library))
        assert (found.files, found.cover) == ((), None)

    def test_what_is_written_about_a_book_is_plain_and_bounded(self, tmp_path: Path) -> None:
        nasty = "<script>alert(1)</script><img src=x onerror=alert(2)>Fine.\x00\u202e" + "<p>" * 40_000 + "x" * 200_000
        book = CalibreBook(
            title="Long\n" + "t" * 5_000,
            authors=tuple(f"Author {n}" for n in range(200)),
            tags=tuple(str(n) + "g" * 500 for n in range(200)),
            comments=nasty,
            identifiers={"isbn": "rubbish", "": "x"},
            languages=("und",),
            series_index=float("inf"),
            series="s" * 1_000,
        )
        about = only(calibre.candidates(calibre_library(tmp_path, [book]))).about
        assert len(about["title"]) == 500
        assert "\n" not in about["title"]
        assert len(about["authors"]) == 50
        assert len(about["subjects"]) == 50
        assert about["description"].startswith("Fine.")
        assert not {"\x00", "\u202e"} & set(about["description"])
        assert "script" not in about["description"]
        assert len(about["description"]) <= 4_000
        assert about["series"]["position"] is None
        assert not {"identifiers", "language"} & about.keys()

    def test_a_view_that_never_ends_is_no_library(self, tmp_path: Path) -> None:
        library = calibre_library(tmp_path, [])
        with sqlite3.connect(library / "metadata.db") as database:
            database.execute("DROP TABLE books")
            endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS id FROM c"
            database.execute(f"CREATE VIEW books AS {endless}")
        database.close()
        assert calibre.count(library) is None

    def test_bytes_that_are_no_text_are_replaced(self, tmp_path: Path) -> None:
        library = calibre_library(tmp_path, [CalibreBook("A")])
        with sqlite3.connect(library / "metadata.db") as database:
            database.execute("UPDATE books SET title = CAST(x'41ff42' AS TEXT)")
        database.close()
        assert only(calibre.candidates(library)).about["title"] == "A\ufffdB"


SAID = (
    '<dc:creator opf:role="aut" opf:file-as="Ito, Ada">Ada Ito</dc:creator>'
    '<dc:creator opf:role="aut">Bo Ek</dc:creator>'
    "<dc:description>&lt;p&gt;Told &lt;i&gt;well&lt;/i&gt;.&lt;/p&gt;</dc:description>"
    "<dc:language>jpn</dc:language><dc:publisher>House</dc:publisher><dc:subject>Sea</dc:subject>"
    '<dc:identifier opf:scheme="ISBN">9780141439518</dc:identifier>'
    '<meta name="calibre:series" content="Lights"/><meta name="calibre:series_index" content="3"/>'
    '<meta name="calibre:rating" content="8.0"/>'
)


class TestWithoutADatabase:
    def test_the_opf_beside_each_book_stands_in_for_it(self, tmp_path: Path) -> None:
        files = {"EPUB": epub(), "PDF": pdf()}
        book = CalibreBook("Ignored", files=files, cover=b"c", opf=opf("The Lamp", "u-1", SAID))
        library = calibre_library(tmp_path, [book])
        (library / "metadata.db").write_bytes(b"not a database at all")
        assert folders.unreadable_database(library)
        found = only(folders.candidates(library))
        assert found.about == {
            "title": "The Lamp",
            "authors": ["Ada Ito", "Bo Ek"],
            "description": "Told well.",
            "language": "ja",
            "publisher": "House",
            "subjects": ["Sea"],
            "identifiers": ["urn:isbn:9780141439518"],
            "series": {"name": "Lights", "position": 3.0},
            "rating": 4,
            "origin": "calibre:u-1",
        }
        assert [path.suffix for path in found.files] == [".epub", ".pdf"]
        assert found.cover is not None
        assert folders.count(library) == 1

    def test_a_book_of_neither_format_becomes_a_record(self, tmp_path: Path) -> None:
        library = calibre_library(tmp_path, [CalibreBook("A", files={"MOBI": b"m"}, opf=opf("The Lamp", "u-1"))])
        os.truncate(library / "metadata.db", 60)
        found = only(folders.candidates(library))
        assert (found.files, found.about["title"]) == ((), "The Lamp")

    @pytest.mark.parametrize(
        "written",
        [
            '<!DOCTYPE package [<!ENTITY x SYSTEM "file:///etc/passwd">]><package><metadata><title>&x;</title>'
            "</metadata></package>",
            "<package><metadata><title>cut off",
            "",
            "<package/>" + " " * (3 * 1024 * 1024),
        ],
        ids=["reaching out", "cut off", "empty", "huge"],
    )
    def test_an_opf_that_cannot_be_read_leaves_the_book_to_speak(self, tmp_path: Path, written: str) -> None:
        (tmp_path / "a.epub").write_bytes(epub())
        (tmp_path / "metadata.opf").write_text(written)
        found = only(folders.candidates(tmp_path))
        assert found.about == {}
        assert [path.name for path in found.files] == ["a.epub"]

    def test_an_opf_beside_several_books_is_none_of_theirs(self, tmp_path: Path) -> None:
        for name in ("a.epub", "b.epub"):
            (tmp_path / name).write_bytes(epub())
        (tmp_path / "metadata.opf").write_text(opf("The Lamp", "u-1"))
        assert [each.about for each in folders.candidates(tmp_path)] == [{}, {}]
