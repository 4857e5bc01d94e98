"""Many books at once: folders, a calibre library and a list come in through the web app, and are changed together."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visitor
from tests.factories import Town
from tests.factories_books import epub, package, pdf, picture

# As calibre writes it, single quotes and all.
OPF = """<?xml version='1.0' encoding='utf-8'?>
<package xmlns="http://www.idpf.org/2007/opf" unique-identifier="uuid_id" version="2.0">
  <metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">
    <dc:identifier opf:scheme="calibre" id="calibre_id">7</dc:identifier>
    <dc:identifier opf:scheme="uuid" id="uuid_id">5f0c-neem</dc:identifier>
    <dc:identifier opf:scheme="ISBN">9780141439518</dc:identifier>
    <dc:title>Neem &amp; Salt</dc:title>
    <dc:creator opf:role="aut">Lata Rao</dc:creator><dc:creator opf:role="aut">Ada Mora</dc:creator>
    <dc:description>&lt;p&gt;On &lt;b&gt;trees&lt;/b&gt;.&lt;/p&gt;&lt;script&gt;x()&lt;/script&gt;</dc:description>
    <dc:language>hin</dc:language><dc:subject>Trees</dc:subject>
    <meta name="calibre:series" content="The Coast"/><meta name="calibre:series_index" content="2.0"/>
    <meta name="calibre:rating" content="8.0"/>
  </metadata>
</package>"""


def small_book(title: str) -> bytes:
    about = f"<dc:title>{title}</dc:title><dc:creator>Somebody</dc:creator><dc:language>en</dc:language>"
    return epub(package(metadata=about), chapter=f"<p>The words of {title}.</p>")


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder of books as people keep them: one of calibre's among them, one broken, and what is no book."""
    shelf = tmp_path / "shelf"
    calibre = shelf / "Lata Rao" / "Neem (7)"
    calibre.mkdir(parents=True)
    (shelf / "inner").mkdir()
    (shelf / "The Well.epub").write_bytes(small_book("The Well"))
    (shelf / "inner" / "The Gate.epub").write_bytes(small_book("The Gate"))
    (shelf / "=broken.epub").write_bytes(b"PK\3\4 and no more")
    (shelf / "notes.txt").write_text("not a book")
    (calibre / "metadata.opf").write_text(OPF)
    (calibre / "cover.jpg").write_bytes(picture(size=(200, 300), form="JPEG"))
    (calibre / "Neem - Lata Rao.epub").write_bytes(small_book("What the file says"))
    (calibre / "Neem - Lata Rao.pdf").write_bytes(pdf())
    return shelf


def gives_folder(librarian: Visitor, folder: Path) -> None:
    librarian.page.locator("input[webkitdirectory]").set_input_files(folder)
    librarian.page.get_by_role("button", name="Import ").click()


def sees_the_end(librarian: Visitor) -> None:
    # Each file is read in a process of its own, which takes a busy machine a while.
    expect(librarian.page.get_by_role("heading", name="The import is finished")).to_be_visible(timeout=60_000)


def test_a_folder_comes_in_goes_on_after_a_bad_file_and_makes_no_doubles(
    librarian: Visitor, town: Town, shelf: Path
) -> None:
    librarian.goes_to("/librarian/books")
    librarian.page.get_by_role("link", name="Import several").click()
    gives_folder(librarian, shelf)
    librarian.page.get_by_role("navigation", name="Library").get_by_role("link", name="Sections").click()
    expect(librarian.page).to_have_url(f"{librarian.address}/sections")
    librarian.page.go_back()
    sees_the_end(librarian)
    librarian.sees("3 added")
    librarian.sees("1 refused")
    librarian.sees("This file is cut off or damaged")

    with librarian.page.expect_download() as saving:
        librarian.presses("Save the report")
    report = Path(saving.value.path()).read_text("utf-8-sig")
    assert saving.value.suggested_filename == "import-report.csv"
    assert "shelf/=broken.epub,,,Refused," in report

    book_link = librarian.page.get_by_role("link", name="Neem - Lata Rao.epub")
    book_id = unquote(str(book_link.get_attribute("href"))).rpartition("/")[2]
    librarian.page.goto(f"{librarian.address}/books/{book_id}")
    librarian.sees("Neem & Salt")
    book = town.visitor().get(f"/books/{book_id}").json
    assert (book["authors"], book["language"], book["format"]) == (["Lata Rao", "Ada Mora"], "hi", "epub")
    assert book["series"] == {"name": "The Coast", "position": 2}
    assert (book["description"], book["subjects"]) == ("On trees.", ["Trees"])
    assert (book["identifiers"], book["rating"]) == (["urn:isbn:9780141439518"], 4)
    assert book["cover_url"]

    librarian.goes_to("/librarian/books/import")
    gives_folder(librarian, shelf)
    sees_the_end(librarian)
    librarian.sees("0 added")
    librarian.sees("3 here before")
    assert librarian.complaints == []


def test_what_is_dropped_comes_in_and_a_list_is_shown_before(librarian: Visitor, town: Town) -> None:
    rows = (
        'Title,Author,Sections,ISBN,Colour\n"A Listed Book",Ada; Lata,Listed; Poems,,red\nSpoilt,Ada,Listed,9.78E+12,\n'
    )
    librarian.goes_to("/librarian/books/import")
    librarian.sees("Drop folders or files here")
    librarian.page.evaluate(
        """([book, rows]) => {
            const given = new DataTransfer()
            const bytes = Uint8Array.from(atob(book), (letter) => letter.charCodeAt(0))
            given.items.add(new File([bytes], 'dropped.epub'))
            given.items.add(new File([rows], 'list.csv'))
            document.querySelector('[aria-busy]').dispatchEvent(
                new DragEvent('drop', { dataTransfer: given, bubbles: true, cancelable: true }))
        }""",
        [base64.b64encode(small_book("The Dropped")).decode(), rows],
    )
    librarian.sees("2 books found")
    librarian.sees("Columns that are not read: Colour")
    librarian.sees("ISBN: This is not written as it must be.")
    librarian.presses("Import 2 books")
    sees_the_end(librarian)
    librarian.sees("2 added")
    librarian.sees("list.csv Line 3 Spoilt")
    newest = town.visitor().get("/books?limit=10").json["items"]
    listed = next(book for book in newest if book["title"] == "A Listed Book")
    assert listed["authors"] == ["Ada", "Lata"]
    assert len(listed["section_ids"]) == 2
    assert any(book["title"] == "The Dropped" for book in newest)


def test_several_books_are_changed_and_removed_together(librarian: Visitor, town: Town) -> None:
    section = town.section("Together")
    books = [town.book(title=f"Together {n}") for n in range(4)]
    town.loan(town.patron(), books[1])
    page = librarian.page
    librarian.goes_to("/librarian/books")
    page.get_by_label("Select Together 2").check()
    page.get_by_label("Select Together 0").click(modifiers=["Shift"])
    librarian.sees("3 selected")

    librarian.presses("Change…")
    page.get_by_role("group", name="Put into sections").get_by_label("Together").check()
    page.get_by_role("dialog").get_by_label("Language").fill("sw")
    librarian.presses("Change 3 books")
    librarian.sees("3 books are changed.")
    changed = [town.librarian.get(f"/books/{book['id']}").json for book in books]
    assert [(book["language"], book["section_ids"]) for book in changed] == [
        *[("sw", [section["id"]])] * 3,
        (None, []),
    ]

    librarian.presses("Remove")
    librarian.presses("Remove 3 books")
    librarian.sees("2 books are removed.")
    expect(page.get_by_role("alert")).to_contain_text("Together 1")
    statuses = [town.visitor().get(f"/books/{book['id']}").status for book in books]
    assert statuses == [404, 200, 404, 200]
