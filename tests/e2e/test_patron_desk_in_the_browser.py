"""Patrons from their adding to their leaving, as the librarian and they themselves see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.e2e.conftest import Visitor
from tests.factories import PASSWORD, Town

CLASS = "Name,Class\nZeno Abbot,9q\nYolanda Birch,9q\n"


def test_a_class_is_added_lent_to_and_leaves(opens: Callable[..., Visitor], town: Town, librarian: Visitor) -> None:
    book = town.book(title="For the Whole Class")
    page = librarian.page
    librarian.goes_to("/librarian/patrons/new")
    page.get_by_label("Lines").fill(CLASS)
    librarian.presses("Add these patrons")
    librarian.sees("2 patrons are added.")
    card = page.get_by_role("listitem").filter(has_text="Zeno Abbot").last
    username, password = card.get_by_role("definition").all_inner_texts()

    zeno = opens()
    zeno.signs_in(username, password)

    librarian.goes_to(f"/librarian/issue?book={book['id']}")
    librarian.fills(Group="9q")
    librarian.presses("Choose all 2 shown")
    expect(page.get_by_text("2 loans", exact=True)).to_be_visible()
    librarian.presses("Lend")
    librarian.sees("2 loans are made.")
    zeno.goes_to("/me/loans")
    zeno.sees("For the Whole Class")

    librarian.goes_to("/librarian/patrons?group=9q")
    librarian.presses("This group leaves…")
    librarian.presses("Let them leave")
    librarian.sees("2 patrons left. 2 loans and requests ended.")
    librarian.presses("Close")
    page.get_by_role("link", name="Zeno Abbot").click()
    librarian.sees("Cannot sign in or borrow.")
    librarian.presses("Let in again")
    librarian.sees("Zeno Abbot may borrow again.")

    librarian.presses("Erase")
    erasing = page.get_by_role("dialog")
    erasing.get_by_label("Type the user name").fill("somebody else")
    erasing.get_by_role("button", name="Erase").click()
    librarian.sees("Type the user name exactly as it is shown.")
    erasing.get_by_label("Type the user name").fill(username)
    erasing.get_by_role("button", name="Erase").click()
    librarian.sees("The patron is erased.")
    librarian.goes_to("/librarian/audit")
    erased = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="Account erased")).first
    expect(erased).to_contain_text("Former patron")
    expect(erased).to_contain_text("by Librarian")
    assert librarian.complaints == zeno.complaints == []


def test_who_is_invited_may_register_while_others_may_not(
    opens: Callable[..., Visitor], town: Town, librarian: Visitor
) -> None:
    assert town.librarian.patch("/settings", {"registration": "invited"}).status == 200
    try:
        librarian.goes_to("/librarian/patrons/new")
        librarian.presses("Make a link")
        link = urlsplit(librarian.page.get_by_label("The link, told only now").input_value())

        stranger = opens()
        stranger.goes_to("/register")
        stranger.sees("The library adds its members itself")
        stranger.goes_to(f"{link.path}?{link.query}")
        stranger.sees("The librarian invites you.")
        stranger.page.get_by_label("User name", exact=False).first.fill("guest-of-honour")
        stranger.page.get_by_label("Password", exact=True).fill(PASSWORD)
        stranger.presses("Create account")
        stranger.sees("Welcome to the library.")
    finally:
        assert town.librarian.patch("/settings", {"registration": "open"}).status == 200
    assert stranger.complaints == []


def test_one_takes_ones_data_out_and_goes(opens: Callable[..., Visitor], town: Town, tmp_path: Path) -> None:
    town.loan(town.patron("voyager"), town.book(title="Read on the Way"))
    visitor = opens()
    visitor.signs_in("voyager", PASSWORD)
    visitor.goes_to("/me")
    with visitor.page.expect_download() as download:
        visitor.presses("Download my data")
    download.value.save_as(tmp_path / "data.json")
    data = json.loads((tmp_path / "data.json").read_text())
    assert data["profile"]["username"] == "voyager"
    assert [loan["title"] for loan in data["loans"]] == ["Read on the Way"]

    visitor.presses("Delete my account")
    leaving = visitor.page.get_by_role("dialog")
    leaving.get_by_label("Current password").fill("not this one")
    leaving.get_by_role("button", name="Delete my account").click()
    expect(leaving.get_by_label("Current password")).to_have_attribute("aria-invalid", "true")
    leaving.get_by_label("Current password").fill(PASSWORD)
    leaving.get_by_role("button", name="Delete my account").click()
    visitor.sees("Your account is deleted.")
    assert town.visitor().sign_in("voyager", PASSWORD).status == 401
    assert visitor.complaints == []
