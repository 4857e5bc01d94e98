"""Several people and one copy, each at a browser of their own."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Request, Route, expect

from tests.e2e.conftest import PHONE, Visitor
from tests.factories import PASSWORD, Town


def test_the_only_copy_goes_from_one_reader_to_the_next(opens: Callable[..., Visitor], town: Town) -> None:
    book = town.book(title="The Only Copy", copies=1)
    town.patron("aurelia")
    town.patron("bohdan")
    page = f"/books/{book['id']}"

    aurelia = opens(PHONE)
    aurelia.signs_in("aurelia", PASSWORD)
    aurelia.goes_to(page)
    aurelia.sees("1 of 1 copy free.")
    aurelia.presses("Borrow")
    aurelia.sees("The book is yours to read.")
    expect(aurelia.page.get_by_role("button", name="Renew")).to_be_visible()

    bohdan = opens()
    bohdan.signs_in("bohdan", PASSWORD)
    bohdan.goes_to(page)
    bohdan.sees("The only copy is out.")
    bohdan.sees("at the latest. Too few came back so far to say more.")
    bohdan.presses("Join the queue")
    bohdan.sees("You are next in the queue.")
    bohdan.presses("Pause")
    bohdan.sees("Others go first for now. Your place is kept.")
    bohdan.presses("Resume")
    bohdan.sees("You are waiting again, at your place.")

    aurelia.presses("Renew")
    aurelia.sees("Somebody is waiting for this book, so it cannot be renewed.")
    expect(aurelia.page.get_by_text("1 person waits for this book: it cannot be renewed.")).to_be_visible()
    aurelia.presses("Return")
    aurelia.page.get_by_role("dialog").get_by_role("button", name="Return").click()
    aurelia.sees("“The Only Copy” is returned.")

    bohdan.goes_to("/me/loans")
    bohdan.sees("Ready for you")
    bohdan.presses("Take it")
    bohdan.sees("The book is yours to read.")
    bohdan.presses("Return")
    bohdan.sees("“The Only Copy” is returned.")
    assert aurelia.complaints == bohdan.complaints == []


def test_what_is_in_the_way_is_put_out_of_it_and_the_book_is_borrowed(
    opens: Callable[..., Visitor], town: Town
) -> None:
    patron = town.patron("fulvia")
    for number in range(5):
        town.loan(patron, town.book(title=f"In the Way {number}"))
    wanted = town.book(title="The Sixth")
    fulvia = opens()
    fulvia.signs_in("fulvia", PASSWORD)
    fulvia.goes_to(f"/books/{wanted['id']}")
    fulvia.presses("Borrow")
    fulvia.sees("You have 5 of 5 e-books.")
    fulvia.presses("Return In the Way 2")
    fulvia.sees("The book is yours to read.")
    kept = {one["book"]["title"] for one in patron.get("/loans?status=active").json["items"]}
    assert kept == {"The Sixth", *(f"In the Way {number}" for number in (0, 1, 3, 4))}
    assert fulvia.complaints == []


def test_an_inbox_is_worked_through_by_keyboard(town: Town, librarian: Visitor) -> None:
    book = town.book(title="Asked For", copies=1, grant="librarian")
    names = ("Chidi", "Dorothea", "Eskil")
    patrons = [town.patron(name.lower()) for name in names]
    loans = [town.loan(patron, book, if_unavailable="wait") for patron in patrons]

    def row(name: str) -> str:
        return f"Select {name}: Asked For"

    librarian.goes_to("/librarian/requests")
    page = librarian.page
    page.get_by_role("checkbox", name=row("Chidi")).focus()
    for key in ("x", "j", "x", "g"):
        page.keyboard.press(key)
    librarian.sees("2 requests are granted. 1 of them waits in the queue.")
    expect(page.get_by_role("checkbox", name=row("Eskil"))).to_be_focused()
    librarian.sees("Every copy is out: granted, Eskil waits in the queue.")

    page.keyboard.press("d")
    page.get_by_label("Please return another book first.").check()
    page.keyboard.press("Enter")
    librarian.sees("Eskil’s request is denied.")
    expect(page.get_by_role("checkbox", name=row("Eskil"))).to_have_count(0)

    told = [patron.get(f"/loans/{loan['id']}").json for patron, loan in zip(patrons, loans, strict=True)]
    assert [loan["status"] for loan in told] == ["active", "waiting", "denied"]
    assert told[1]["queue_position"] == 1
    assert told[2]["reason"] == "Please return another book first."
    assert librarian.complaints == []


def test_a_request_whose_answer_was_lost_is_tried_again_and_done_once(
    opens: Callable[..., Visitor], town: Town
) -> None:
    book = town.book(title="Asked Once", grant="librarian")
    patron = town.patron("ginevra")
    ginevra = opens()
    ginevra.signs_in("ginevra", PASSWORD)
    keys: list[str | None] = []

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/api/loans"):
            keys.append(request.headers.get("idempotency-key"))

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    ginevra.page.on("request", note)
    ginevra.page.route("**/api/loans", lose_the_answer)
    ginevra.goes_to(f"/books/{book['id']}")
    ginevra.presses("Request this book")
    ginevra.sees("The library cannot be reached.")
    ginevra.page.unroute("**/api/loans")
    ginevra.presses("Try again")
    ginevra.sees("Your request is with the librarian.")
    assert keys[0]
    assert keys == [keys[0], keys[0]]
    (once,) = patron.get(f"/loans?book={book['id']}").json["items"]
    # Other tests have the same inbox.
    assert patron.post(f"/loans/{once['id']}/cancel").status == 200
