"""A book's page and what a librarian puts right on it: what was read wrongly, the cover, the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PHONE, Visitor
from tests.e2e.test_real_books import on_shelves
from tests.factories import PASSWORD, Town
from tests.factories_books import CHAPTER, CHAPTER_ITEM, NAV, NAV_ITEM, epub, package, picture

ABOUT = (
    "<dc:title>The Whale's Almanac</dc:title><dc:creator>Zoe Last</dc:creator><dc:creator>Abel First</dc:creator>"
    "<dc:language>en</dc:language><dc:publisher>Harbour Press</dc:publisher><dc:subject>Whales</dc:subject>"
    "<dc:identifier>urn:isbn:9780141439518</dc:identifier>"
)
SECOND = '<item id="c2" href="c2.xhtml" media-type="application/xhtml+xml"/>'
LINES = '<li><a href="c1.xhtml">Low tide</a></li><li><a href="c2.xhtml">High tide</a></li>'
LIST = f'<nav epub:type="toc"><ol>{LINES}</ol></nav>'
SPINE = '<itemref idref="c1"/><itemref idref="c2"/>'


def almanac(first: str = "<p>The sea goes out.</p>") -> bytes:
    """An EPUB of two chapters, with a contents list."""
    opf = package(ABOUT, CHAPTER_ITEM + SECOND + NAV_ITEM, SPINE)
    extra = {"OEBPS/c2.xhtml": CHAPTER.format("<p>The sea comes back.</p>"), "OEBPS/nav.xhtml": NAV.format(LIST)}
    return epub(opf, first, extra)


@pytest.fixture
def book(town: Town) -> dict[str, Any]:
    """The almanac on the shelves, granted by itself."""
    return on_shelves(town, almanac(), "almanac.epub")


def edits(librarian: Visitor, book: dict[str, Any]) -> None:
    librarian.goes_to(f"/librarian/books/{book['id']}")
    expect(librarian.page.get_by_label("Title")).to_have_value(book["title"])


def saves(librarian: Visitor) -> None:
    librarian.presses("Save")
    librarian.sees("The book is saved.")
    librarian.presses("Dismiss")  # so that the next time it is news again


def test_the_page_tells_what_is_known_and_opens_the_book_at_a_line_of_its_contents(
    opens: Callable[..., Visitor], town: Town, book: dict[str, Any]
) -> None:
    town.librarian.patch(f"/books/{book['id']}", {"series": {"name": "Tides", "position": 2}})
    stranger = opens(PHONE)
    stranger.goes_to(f"/books/{book['id']}")
    main = stranger.page.get_by_role("main")
    for words in ("Zoe Last and Abel First", "Tides", "No. 2", "English", "EPUB", "Harbour Press", "Whales"):
        expect(main).to_contain_text(words)
    expect(main).to_contain_text("ISBN")
    expect(main).to_contain_text("9780141439518")
    expect(main.get_by_text("High tide")).to_be_visible()
    expect(main.get_by_role("link", name="High tide")).to_have_count(0)

    patron = town.patron()
    town.loan(patron, book)
    reader = opens()
    reader.signs_in(patron.get("/me").json["username"], PASSWORD)
    reader.goes_to(f"/books/{book['id']}")
    reader.page.get_by_role("link", name="High tide").click()
    reader.reads("The sea comes back.")
    assert stranger.complaints == reader.complaints == []


def test_a_book_of_which_little_is_known_has_no_empty_labels(opens: Callable[..., Visitor], town: Town) -> None:
    book = town.book(title="Bare", authors=[])
    stranger = opens()
    stranger.goes_to(f"/books/{book['id']}")
    expect(stranger.page.get_by_role("heading", name="Bare")).to_be_visible()
    for label in ("Language", "Length", "Format", "Publisher", "Subjects", "Identifier", "Series", "Contents"):
        expect(stranger.page.get_by_text(label, exact=True)).to_have_count(0)


def test_what_was_read_wrongly_is_put_right(librarian: Visitor, town: Town, book: dict[str, Any]) -> None:
    edits(librarian, book)
    page = librarian.page
    page.get_by_label("Series").fill("Tides")
    page.get_by_label("Place (").fill("1.5")
    page.get_by_label("Publisher").fill("Quay & Sons")
    page.get_by_label("Subjects (").fill("Tables, of tides")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Take off Whales").press("Enter")
    page.get_by_label("Identifiers (").fill("0-8044-2957-X")
    page.keyboard.press("Enter")
    page.get_by_label("Language").select_option(label="Hindi")
    page.get_by_label("Copies").fill("many")
    librarian.presses("Save")
    librarian.sees("Give a whole number from 1 to 10000.")
    expect(page.get_by_label("Copies")).to_be_focused()
    page.get_by_label("Copies").fill("")
    saves(librarian)
    seen = town.visitor().get(f"/books/{book['id']}").json
    assert seen["series"] == {"name": "Tides", "position": 1.5}
    assert (seen["publisher"], seen["subjects"], seen["language"]) == ("Quay & Sons", ["Tables, of tides"], "hi")
    assert {"urn:isbn:9780141439518", "urn:isbn:080442957X"} <= set(seen["identifiers"])
    assert seen["authors"] == ["Zoe Last", "Abel First"]


def test_a_cover_is_put_on_and_taken_off_when_the_book_is_saved_and_not_before(
    librarian: Visitor, town: Town, book: dict[str, Any], tmp_path: Path
) -> None:
    good, bad = tmp_path / "cover.png", tmp_path / "words.png"
    good.write_bytes(picture(size=(600, 900)))
    bad.write_bytes(b"These are words.")

    def kept() -> Any:
        return town.visitor().get(f"/books/{book['id']}").json["cover_url"]

    edits(librarian, book)
    chooser = librarian.page.locator("#cover input[type=file]")
    chooser.set_input_files(bad)
    librarian.presses("Save")
    librarian.sees("This is not a picture that can be read.")
    assert kept() is None

    chooser.set_input_files(good)
    librarian.sees("This picture goes on the cover when you save.")
    assert kept() is None
    saves(librarian)
    first = kept()
    assert first is not None

    librarian.presses("Take the picture off")
    librarian.sees("The picture comes off when you save.")
    librarian.presses("Undo")
    librarian.presses("Take the picture off")
    assert kept() == first
    saves(librarian)
    assert kept() is None
    assert librarian.complaints == []


def test_a_file_is_replaced_under_a_reader_who_keeps_the_loan(
    opens: Callable[..., Visitor], librarian: Visitor, town: Town, book: dict[str, Any], tmp_path: Path
) -> None:
    patron = town.patron()
    town.loan(patron, book)
    mended, broken = tmp_path / "mended.epub", tmp_path / "broken.epub"
    mended.write_bytes(almanac("<p>The sea went out.</p>"))
    broken.write_bytes(almanac()[:200])

    edits(librarian, book)
    librarian.page.get_by_label("Publisher").fill("Not yet saved")
    chooser = librarian.page.locator("#file input[type=file]")
    chooser.set_input_files(broken)
    librarian.sees("broken.epub was not taken.")
    chooser.set_input_files(mended)
    librarian.sees("The book has its new file.")
    expect(librarian.page.get_by_label("Publisher")).to_have_value("Not yet saved")

    assert patron.get(f"/loans?book={book['id']}").json["items"][0]["status"] == "active"
    reader = opens()
    reader.signs_in(patron.get("/me").json["username"], PASSWORD)
    reader.goes_to(f"/read/{book['id']}")
    reader.reads("The sea went out.")


def test_what_two_change_at_once_is_not_lost(librarian: Visitor, town: Town) -> None:
    book = town.book(title="Shared Desk")
    edits(librarian, book)
    librarian.page.get_by_label("Title").fill("Shared Desk, second edition")
    town.librarian.patch(f"/books/{book['id']}", {"publisher": "Somebody Else"})
    librarian.presses("Save")
    librarian.sees("somebody changed this book while you had it open")
    expect(librarian.page.get_by_label("Publisher")).to_have_value("Somebody Else")
    saves(librarian)
    seen = town.visitor().get(f"/books/{book['id']}").json
    assert (seen["title"], seen["publisher"]) == ("Shared Desk, second edition", "Somebody Else")


def test_leaving_asks_before_changes_are_lost(librarian: Visitor, town: Town) -> None:
    book = town.book(title="Half Done")
    edits(librarian, book)
    title = librarian.page.get_by_label("Title")
    title.fill("Half Done, and")
    away = librarian.page.get_by_role("link", name="To the book’s page")
    away.click()
    librarian.presses("Leave as it is")
    expect(title).to_have_value("Half Done, and")
    away.click()
    librarian.presses("Discard them")
    expect(librarian.page.get_by_role("heading", name="Half Done", exact=True)).to_be_visible()


def test_a_shelf_leads_to_all_books_in_its_order(opens: Callable[..., Visitor], town: Town) -> None:
    patron = town.patron()
    best = town.book(title="Loved By One")
    town.loan(patron, best)
    patron.put(f"/books/{best['id']}/review", {"rating": 5})
    town.book(title="Nobody Said")
    visitor = opens(PHONE)
    visitor.goes_to("/")
    shelf = visitor.page.get_by_role("region", name="Best rated", exact=True)
    expect(shelf.get_by_role("link", name="Loved By One")).to_be_visible()
    expect(shelf.get_by_text("Nobody Said")).to_have_count(0)
    shelf.get_by_role("link", name="See all").click()
    visitor.page.wait_for_url("**/books?sort=rating")
    expect(visitor.page.get_by_role("article").first).to_be_visible()
