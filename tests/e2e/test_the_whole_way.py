"""The way from a file to a return, as a librarian and a patron go it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import PHONE, Visitor
from tests.factories import PASSWORD, Town
from tests.factories_books import epub, package

TEXT = "It was a bright cold day in the reading room."


def test_from_a_file_to_a_return(opens: Callable[..., Visitor], librarian: Visitor, tmp_path: Path) -> None:
    book = tmp_path / "the_owl.epub"
    said = "<dc:title>The Owl of Room Four</dc:title><dc:creator>I. Writer</dc:creator><dc:language>en</dc:language>"
    book.write_bytes(epub(package(said), chapter=f"<p>{TEXT}</p>"))

    librarian.goes_to("/librarian/books/new")
    librarian.page.locator("input[type=file]").set_input_files(book)
    librarian.sees("The book is made. Look it over.")
    expect(librarian.page.get_by_label("Title")).to_have_value("The Owl of Room Four")

    reader = opens(PHONE)
    reader.goes_to("/register")
    reader.page.get_by_label("User name", exact=False).first.fill("Marguerite")
    reader.page.get_by_label("Password", exact=True).fill(PASSWORD)
    reader.presses("Create account")
    reader.page.wait_for_url(lambda url: "/register" not in url)

    reader.goes_to("/")
    reader.page.get_by_role("link", name="The Owl of Room Four").first.click()
    reader.presses("Request this book")
    reader.sees("Requested. The librarian will answer.")

    librarian.goes_to("/librarian/requests")
    librarian.sees("The Owl of Room Four")
    librarian.presses("Grant")
    librarian.sees("Granted to Marguerite.")

    reader.goes_to("/me/loans")
    reader.sees("The Owl of Room Four")
    reader.page.get_by_role("link", name="Read", exact=True).first.click()
    reader.reads(TEXT)

    reader.goes_to("/me/loans")
    reader.presses("Return")
    reader.sees("“The Owl of Room Four” is returned.")
    assert reader.complaints == []
    assert librarian.complaints == []


def test_written_content_is_read_and_a_book_is_rated_by_who_had_it(opens: Callable[..., Visitor], town: Town) -> None:
    book = town.book(title="A Written Thing", content="# First\n\nHello *reader*.\n\n<script>window.ran=1</script>")
    town.patron("rater")
    reader = opens()
    reader.signs_in("rater", PASSWORD)
    reader.goes_to(f"/books/{book['id']}")
    reader.presses("Borrow")
    reader.page.get_by_role("link", name="Read", exact=True).first.click()
    expect(reader.page.get_by_role("heading", name="First")).to_be_visible()
    assert reader.page.evaluate("window.ran") is None
    reader.goes_to(f"/books/{book['id']}")
    reader.page.get_by_text("4 stars", exact=True).first.click(force=True)
    reader.page.get_by_label("What would you tell others?").fill("Worth an evening.")
    reader.presses("Publish review")
    reader.sees("Your review is published.")
    seen = town.visitor().get(f"/books/{book['id']}").json
    assert (seen["rating"], seen["rating_count"]) == (4.0, 1)


def test_the_sixth_book_is_refused_in_words(opens: Callable[..., Visitor], town: Town) -> None:
    patron = town.patron("greedy")
    for _ in range(5):
        town.loan(patron, town.book())
    sixth = town.book(title="One Too Many")
    reader = opens(PHONE)
    reader.signs_in("greedy", PASSWORD)
    reader.goes_to(f"/books/{sixth['id']}")
    reader.presses("Borrow")
    reader.sees("You have 5 of 5 e-books.")


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
def test_a_mistake_in_a_form_is_told_at_its_field_and_loses_nothing(
    opens: Callable[..., Visitor], town: Town, size: dict[str, int] | None
) -> None:
    visitor = opens(size)
    visitor.goes_to("/register")
    name = visitor.page.get_by_label("User name", exact=False).first
    name.fill("ab")
    visitor.presses("Create account")
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_be_focused()
    expect(name).to_have_value("ab")
    taken = town.patron().get("/me").json["username"]
    name.fill(taken)
    visitor.page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.presses("Create account")
    visitor.sees("This user name is taken.")
    expect(name).to_have_value(taken)


def test_a_wrong_password_is_refused_and_the_way_back_is_kept(opens: Callable[..., Visitor], town: Town) -> None:
    town.patron("forgetful")
    visitor = opens()
    visitor.goes_to("/me/loans")
    visitor.page.wait_for_url("**/login?**")
    visitor.page.get_by_label("User name or e-mail").fill("forgetful")
    visitor.page.get_by_label("Password", exact=True).fill("not this one")
    visitor.page.get_by_role("main").get_by_role("button", name="Sign in").click()
    visitor.sees("User name or password is wrong.")
    visitor.page.get_by_label("Password", exact=True).fill(PASSWORD)
    visitor.page.get_by_role("main").get_by_role("button", name="Sign in").click()
    visitor.page.wait_for_url("**/me/loans")


def test_a_patron_does_not_come_to_the_librarians_pages(opens: Callable[..., Visitor], town: Town) -> None:
    town.patron("curious")
    visitor = opens()
    visitor.signs_in("curious", PASSWORD)
    for page in ("requests", "loans", "books", "settings"):
        visitor.goes_to(f"/librarian/{page}")
        visitor.page.wait_for_load_state("networkidle")
        expect(visitor.page.get_by_role("navigation", name="Librarian’s pages")).to_have_count(0)


def test_a_reload_keeps_one_signed_in_and_signing_out_does_not(opens: Callable[..., Visitor], town: Town) -> None:
    town.patron("stays")
    visitor = opens()
    visitor.signs_in("stays", PASSWORD)
    visitor.goes_to("/me")
    visitor.page.reload()
    expect(visitor.page.get_by_text("stays").first).to_be_visible()
    visitor.presses("Sign out")
    visitor.sees("You are signed out.")
    visitor.goes_to("/me")
    visitor.page.wait_for_url("**/login?**")
    assert not any("ey" in str(value) for value in visitor.page.evaluate("Object.values(localStorage)"))
