"""Searching the library: completion, filters, one's place in the list, and what helps where nothing is found."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.conftest import PHONE, Visitor
from tests.factories import Town

SHOALS = 34


@pytest.fixture(scope="module")
def shelved() -> dict[str, Any]:
    """What the tests of this module find; put on the shelves once."""
    return {}


@pytest.fixture
def library(town: Town, shelved: dict[str, Any]) -> dict[str, Any]:
    """Books about shoals, enough for several pages, and a few beside them, all of which the search knows."""
    if not shelved:
        section = town.section("Coastal waters")
        shelved["section"] = section
        for number in range(SHOALS):
            town.book(title=f"Shoals and Sands, volume {number}", authors=["Marit Sandvik"], language="en")
        town.book(title="Shoals of the North", authors=["Marit Sandvik"], language="fr", section_ids=[section["id"]])
        shelved["cliff"] = town.book(title="Quibble Cliff", authors=["Zenobia Quill"], section_ids=[section["id"]])
        shelved["arabic"] = town.book(title="مرافئ الضباب", authors=["سلمى الحداد"], language="ar")
        known = {"shoals": SHOALS + 1, "quibble": 1, "مرافئ": 1}
        end = time.monotonic() + 30
        while known and time.monotonic() < end:
            known = {
                words: count
                for words, count in known.items()
                if town.visitor().get(f"/books?q={quote(words)}&limit=1").json.get("total") != count
            }
            time.sleep(0.2)
        assert not known, f"the search does not know {known}"
    return shelved


def field(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search the library")


def news(page: Page, text: str) -> Locator:
    return page.get_by_role("status").filter(has_text=text)


def test_a_book_is_found_by_a_few_letters_and_the_keyboard_alone(
    opens: Callable[..., Visitor], library: dict[str, Any]
) -> None:
    visitor = opens()
    visitor.goes_to("/")
    page = visitor.page
    expect(page.get_by_role("region", name="Newest books")).to_be_visible()
    page.keyboard.press("/")
    expect(field(page)).to_be_focused()
    page.keyboard.type("quib")
    option = page.get_by_role("option", name="Quibble Cliff")
    expect(option.locator("mark")).to_have_text("Quib")
    expect(field(page)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    assert field(page).get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/books/{library['cliff']['id']}")
    expect(page.get_by_role("heading", name="Quibble Cliff")).to_be_visible()

    # From any other page too, and by the author's name.
    page.keyboard.press("/")
    page.keyboard.type("zenob")
    expect(page.get_by_role("option", name="Zenobia Quill")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?author=Zenobia+Quill")
    expect(page.get_by_role("article")).to_have_count(1)
    expect(news(page, "1 e-book found")).to_be_visible()
    assert visitor.complaints == []


def test_fast_typing_asks_once_and_a_word_that_is_composed_is_left_alone(
    opens: Callable[..., Visitor], library: dict[str, Any]
) -> None:
    visitor = opens()
    visitor.goes_to("/")
    page = visitor.page
    field(page).focus()
    page.keyboard.type("quibble")
    expect(page.get_by_role("option", name="Quibble Cliff")).to_be_visible()
    asked = [url for url in visitor.asked if "/api/suggest" in url]
    assert len(asked) <= 2, asked

    field(page).fill("")
    visitor.asked.clear()
    composing = page.context.new_cdp_session(page)
    for part in ("k", "く", "くじ"):
        composing.send(
            "Input.imeSetComposition", {"text": part, "selectionStart": len(part), "selectionEnd": len(part)}
        )
        page.wait_for_timeout(200)
    expect(field(page)).to_have_value("くじ")
    assert [url for url in visitor.asked if "/api/suggest" in url] == []
    composing.send("Input.insertText", {"text": "鯨"})
    with page.expect_request(lambda request: "/api/suggest" in request.url) as request:
        expect(field(page)).to_have_value("鯨")
    assert quote("鯨") in request.value.url
    assert page.url == visitor.address + "/"


def test_filters_narrow_down_and_stand_in_the_address(opens: Callable[..., Visitor], library: dict[str, Any]) -> None:
    visitor = opens()
    visitor.goes_to("/")
    page = visitor.page
    field(page).fill("shoals")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=shoals")
    expect(news(page, f"{SHOALS + 1} e-books found")).to_be_visible()
    # One reads on at what was found.
    expect(page.get_by_role("heading", level=1)).to_be_focused()

    filters = page.get_by_role("complementary", name="Filters")
    filters.get_by_role("link", name="French").click()
    page.wait_for_url("**/?q=shoals&language=fr")
    expect(news(page, "1 e-book found")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(1)
    expect(filters.get_by_role("link", name="English")).to_contain_text(str(SHOALS))

    page.get_by_label("Order", exact=True).select_option("Newest")
    page.wait_for_url("**/?q=shoals&language=fr&sort=newest")
    page.reload()
    expect(news(page, "1 e-book found")).to_be_visible()
    expect(field(page)).to_have_value("shoals")

    page.get_by_role("link", name="Remove the filter Language: French").click()
    page.wait_for_url("**/?q=shoals&sort=newest")
    expect(news(page, f"{SHOALS + 1} e-books found")).to_be_visible()
    page.go_back()
    expect(news(page, "1 e-book found")).to_be_visible()
    assert visitor.complaints == []


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
def test_going_back_finds_the_place_in_the_list(
    opens: Callable[..., Visitor], library: dict[str, Any], size: dict[str, int] | None
) -> None:
    visitor = opens(size)
    visitor.goes_to("/?q=shoals")
    page = visitor.page
    books = page.get_by_role("article")
    expect(books).to_have_count(24)
    books.last.scroll_into_view_if_needed()
    expect(books.nth(24)).to_be_attached()
    books.nth(30).scroll_into_view_if_needed()
    title = books.nth(30).get_by_role("link").inner_text()
    place = page.evaluate("scrollY")
    assert place > 500
    books.nth(30).get_by_role("link").click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    assert page.evaluate("scrollY") == 0
    visitor.asked.clear()
    page.go_back()
    expect(books.nth(30)).to_be_in_viewport()
    assert abs(page.evaluate("scrollY") - place) < 5
    assert [url for url in visitor.asked if "/api/books?" in url] == []
    page.reload()
    expect(books.nth(30)).to_be_in_viewport()


def test_more_comes_by_keyboard_too_and_one_reads_on_where_it_begins(
    opens: Callable[..., Visitor], library: dict[str, Any]
) -> None:
    visitor = opens()
    # Without what notices that the button came in sight.
    visitor.context.add_init_script("IntersectionObserver = class { observe() {} unobserve() {} disconnect() {} }")
    visitor.goes_to("/?q=shoals")
    page = visitor.page
    expect(page.get_by_role("article")).to_have_count(24)
    page.get_by_role("button", name="Show more").press("Enter")
    expect(page.get_by_role("article")).to_have_count(SHOALS + 1)
    expect(page.get_by_role("article").nth(24).get_by_role("link")).to_be_focused()


def test_on_a_phone_in_arabic_one_searches_and_chooses_from_a_sheet(
    opens: Callable[..., Visitor], library: dict[str, Any]
) -> None:
    visitor = opens(PHONE)
    visitor.goes_to("/?lang=ar")
    page = visitor.page
    search = page.get_by_role("combobox", name="ابحث في المكتبة")
    search.fill("مراف")
    option = page.get_by_role("option", name="مرافئ الضباب")
    expect(option).to_be_visible()
    box = option.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    expect(search).to_have_css("direction", "rtl")
    assert float(search.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")) >= 16
    search.fill("shoals")
    search.press("Enter")
    expect(page.get_by_role("article").first).to_be_visible()
    page.get_by_role("button", name=re.compile("عوامل التصفية")).click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("link", name="الفرنسية").click()
    page.wait_for_url("**/?q=shoals&language=fr")
    sheet.get_by_role("button", name="اعرض كتابًا إلكترونيًا واحدًا").click()
    expect(page.get_by_role("article")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visitor.complaints == []


def test_where_nothing_is_found_it_helps(opens: Callable[..., Visitor], library: dict[str, Any]) -> None:
    visitor = opens()
    visitor.goes_to("/?q=quibble&language=fr&format=pdf")
    page = visitor.page
    main = page.get_by_role("main")
    expect(main.get_by_text("Nothing found")).to_be_visible()
    main.get_by_role("link", name="Without PDF").click()
    page.wait_for_url("**/?q=quibble&language=fr")
    expect(main.get_by_text("Nothing found")).to_be_visible()
    main.get_by_role("link", name="Without French").click()
    page.wait_for_url("**/?q=quibble")
    expect(page.get_by_role("article")).to_have_count(1)

    # Too many letters are wrong to be guessed at silently.
    visitor.goes_to("/?q=" + quote("qubibel clff"))
    meant = main.get_by_role("link", name=re.compile("Did you mean"))
    expect(meant.or_(page.get_by_role("article")).first).to_be_visible()
    if meant.count():
        meant.click()
    expect(page.get_by_role("article").filter(has_text="Quibble Cliff")).to_be_visible()

    visitor.goes_to("/?q=xyzzyqwv")
    expect(main.get_by_text("Check the spelling")).to_be_visible()
    main.get_by_role("link", name="Browse the sections").click()
    page.wait_for_url("**/sections")
    assert visitor.complaints == []


def test_sections_are_found_and_have_orders(opens: Callable[..., Visitor], library: dict[str, Any]) -> None:
    visitor = opens(PHONE)
    visitor.goes_to("/?q=coastal")
    page = visitor.page
    page.get_by_role("region", name="Matching sections").get_by_role("link", name="Coastal waters").click()
    page.wait_for_url(f"**/sections/{library['section']['id']}")
    expect(page.get_by_role("article")).to_have_count(2)
    page.get_by_label("Order", exact=True).select_option("By title")
    page.wait_for_url("**?sort=title")
    expect(page.get_by_role("article").first).to_contain_text("Quibble Cliff")
    expect(page.get_by_role("article").last).to_contain_text("Shoals of the North")


def test_a_books_page_leads_to_what_else_there_is(opens: Callable[..., Visitor], library: dict[str, Any]) -> None:
    visitor = opens()
    visitor.goes_to(f"/books/{library['arabic']['id']}")
    main = visitor.page.get_by_role("main")
    main.get_by_role("link", name="سلمى الحداد").click()
    visitor.page.wait_for_url("**/?author=*")
    expect(visitor.page.get_by_role("article")).to_have_count(1)
    visitor.page.go_back()
    main.get_by_role("link", name="Arabic").click()
    visitor.page.wait_for_url("**/?language=ar")
    expect(visitor.page.get_by_role("article").filter(has_text="مرافئ الضباب")).to_be_visible()


def test_without_the_search_the_shelves_are_open(opens: Callable[..., Visitor], library: dict[str, Any]) -> None:
    visitor = opens()
    out = '{"type": "https://carrel.example/problems/search-unavailable", "title": "Out", "status": 503}'

    def refuse(route: Route) -> None:
        route.fulfill(status=503, content_type="application/problem+json", body=out)

    visitor.page.route(re.compile(r"/api/(suggest|books\?.*q=)"), refuse)
    visitor.goes_to("/?q=quibble")
    expect(visitor.page.get_by_text("Search is not available just now")).to_be_visible()
    expect(visitor.page.get_by_role("region", name="Newest books").get_by_role("article").first).to_be_visible()
    visitor.page.unroute_all()
    visitor.presses("Try again")
    expect(news(visitor.page, "1 e-book found")).to_be_visible()
    expect(visitor.page.get_by_role("article")).to_have_count(1)
    assert visitor.complaints == []


def test_a_title_without_end_leaves_the_button_in_sight(opens: Callable[..., Visitor], town: Town) -> None:
    book = town.book(title="On and on it goes " * 27)
    visitor = opens(PHONE)
    visitor.goes_to(f"/books/{book['id']}")
    page = visitor.page
    heading = page.get_by_role("heading", level=1)
    expect(page.get_by_role("button", name="Show all of it")).to_be_visible()
    cut = heading.locator("..").bounding_box()
    page.get_by_role("button", name="Show all of it").click()
    whole = heading.locator("..").bounding_box()
    assert cut is not None
    assert whole is not None
    assert cut["height"] < PHONE["height"] / 3 < whole["height"]


def test_the_librarian_finds_a_book_among_all(librarian: Visitor, library: dict[str, Any]) -> None:
    page = librarian.page
    librarian.goes_to("/librarian/books")
    page.get_by_label("Search titles and authors").fill("quibble")
    page.wait_for_url("**/librarian/books?q=quibble")
    expect(page.get_by_role("link", name="Quibble Cliff", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Shoals")).to_have_count(0)

    librarian.goes_to("/librarian/issue")
    page.get_by_label("Search titles and authors").fill("quill")
    page.get_by_role("checkbox", name="Quibble Cliff").check()
    expect(page.get_by_role("list", name="Chosen")).to_contain_text("Quibble Cliff")
    assert librarian.complaints == []
