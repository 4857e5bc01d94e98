"""Real and hostile e-books in the reader: pages show, and nothing of a book runs or calls out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import urllib3
from playwright.sync_api import expect

from tests.e2e.conftest import PHONE, SHARED_BOOKS, Visitor
from tests.factories import PASSWORD, Town
from tests.factories_books import CHAPTER, CONTAINER, epub, package

GOOD = ["ar-regime-anticancer", "ja-vertical-mymedia-lite", "en-fxl-cole-voyage-of-life", "en-moby-dick"]
HOSTILE = ["xss-content", "xss-metadata", "ssrf-remote-resources", "cover-svg-script"]


def on_shelves(town: Town, body: bytes, filename: str) -> dict[str, Any]:
    """The book made of a file, sent as the web app sends it, and granted by itself."""
    ticket = town.librarian.post("/uploads", {"filename": filename, "size": len(body)}).json
    sent = urllib3.request(ticket["method"], ticket["url"], body=body, headers=ticket["headers"])
    assert sent.status == 200, sent.data
    town.librarian.post(f"/uploads/{ticket['upload_id']}/complete")
    end = time.monotonic() + 30
    upload = {"status": "processing"}
    while upload["status"] == "processing" and time.monotonic() < end:
        upload = town.librarian.get(f"/uploads/{ticket['upload_id']}").json
        time.sleep(0.1)
    assert upload["status"] == "ready", upload
    return town.librarian.patch(f"/books/{upload['book_id']}", {"grant": "automatic"}).json


def reading(opens: Callable[..., Visitor], town: Town, book: dict[str, Any], size: dict[str, int] | None) -> Visitor:
    """A patron who has opened the book."""
    patron = town.patron()
    town.loan(patron, book)
    username = patron.get("/me").json["username"]
    visitor = opens(size)
    visitor.signs_in(username, PASSWORD)
    visitor.asked.clear()
    visitor.goes_to(f"/read/{book['id']}")
    return visitor


def shared(name: str) -> bytes:
    path = SHARED_BOOKS / name
    if not path.exists():
        pytest.skip("the shared e-books are not here")
    return path.read_bytes()


def stays_home(visitor: Visitor) -> None:
    """Everything the browser asked for is of the library."""
    outside = [url for url in visitor.asked if not url.startswith((visitor.address, "blob:", "data:"))]
    assert outside == []
    assert not any("x-holdout-xss" in url for url in visitor.asked)


@pytest.mark.parametrize("name", GOOD)
def test_a_real_epub_shows_its_pages(opens: Callable[..., Visitor], town: Town, name: str) -> None:
    book = on_shelves(town, shared(f"good/{name}.epub"), f"{name}.epub")
    visitor = reading(opens, town, book, PHONE)
    visitor.page.wait_for_function("document.querySelector('main, body').innerText.length > 0")
    expect(visitor.page.get_by_role("button", name="Next page")).to_be_visible()
    visitor.page.get_by_role("button", name="Next page").click()
    visitor.page.wait_for_timeout(500)
    assert visitor.complaints == []
    stays_home(visitor)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_epub_runs_nothing_and_calls_nobody(opens: Callable[..., Visitor], town: Town, name: str) -> None:
    book = on_shelves(town, shared(f"hostile/{name}.epub"), f"{name}.epub")
    visitor = reading(opens, town, book, None)
    expect(visitor.page.get_by_role("button", name="Next page")).to_be_visible()
    for _ in range(3):
        visitor.page.get_by_role("button", name="Next page").click()
        visitor.page.wait_for_timeout(300)
    visitor.goes_to(f"/books/{book['id']}")
    visitor.page.wait_for_load_state("networkidle")
    visitor.goes_to("/")
    visitor.page.wait_for_load_state("networkidle")
    stays_home(visitor)


def test_a_chapter_with_scripts_of_every_kind_is_shown_without_them(opens: Callable[..., Visitor], town: Town) -> None:
    mark = "parent.ran = top.ran = window.ran = 1; fetch('/x-holdout-xss')"
    chapter = (
        f"<p>Quiet words</p><script>{mark}</script><img src='x' onerror=\"{mark}\"/>"
        f'<a href="javascript:{mark}">press</a><svg xmlns=\'http://www.w3.org/2000/svg\' onload="{mark}"/>'
        f'<iframe srcdoc="&lt;script&gt;{mark}&lt;/script&gt;"></iframe>'
        "<img src='http://127.0.0.1:9797/beacon.png'/><link rel='stylesheet' href='http://127.0.0.1:9797/a.css'/>"
    )
    book = on_shelves(town, epub(chapter=chapter), "scripts.epub")
    visitor = reading(opens, town, book, None)
    visitor.reads("Quiet words")
    pages = next(frame for frame in visitor.page.frames[1:] if "Quiet words" in frame.locator("body").inner_text())
    pages.get_by_text("press").click()
    visitor.page.wait_for_timeout(500)
    assert visitor.page.evaluate("window.ran") is None
    stays_home(visitor)


def test_an_epub_with_a_lost_package_names_in_another_case_and_two_encodings_is_read(
    opens: Callable[..., Visitor], town: Town
) -> None:
    lost = '<rootfile full-path="lost.opf" media-type="application/oebps-package+xml"/>'
    odd = package(manifest='<item id="c1" href="C1.XHTML" media-type="application/xhtml+xml"/>')
    parts: dict[str, str | bytes] = {
        "META-INF/container.xml": CONTAINER.replace("<rootfiles>", f"<rootfiles>{lost}"),
        "OEBPS/package.opf": odd.replace("utf-8", "utf-16").encode("utf-16"),
        "OEBPS/c1.xhtml": CHAPTER.format("<p>Caf\xe9 words</p>").replace("utf-8", "iso-8859-1").encode("latin-1"),
    }
    visitor = reading(opens, town, on_shelves(town, epub(extra=parts), "odd.epub"), None)
    visitor.reads("Caf\xe9 words")


@pytest.mark.parametrize("name", ["pdf/de-geotopo.pdf", "pdf/ar-habibi.pdf", "hostile/pdf-openaction-js.pdf"])
def test_a_pdf_shows_its_pages(opens: Callable[..., Visitor], town: Town, name: str) -> None:
    book = on_shelves(town, shared(name), Path(name).name)
    visitor = reading(opens, town, book, None)
    expect(visitor.page.locator("canvas").first).to_be_visible()
    visitor.page.wait_for_timeout(500)
    assert visitor.complaints == []
    stays_home(visitor)


def test_a_file_comes_back_byte_for_byte(town: Town) -> None:
    body = epub(chapter="<p>Every byte</p>")
    book = on_shelves(town, body, "exact.epub")
    patron = town.patron()
    town.loan(patron, book)
    address = patron.get(f"/books/{book['id']}/read").json["url"]
    assert urllib3.request("GET", address).data == body


def test_the_manifest_names_every_file_used_here() -> None:
    known = {entry["file"] for entry in json.loads(shared("manifest.json"))}
    assert {f"good/{n}.epub" for n in GOOD} | {f"hostile/{n}.epub" for n in HOSTILE} <= known
