"""Who is suspended is lent nothing, whichever way it would come; and other things a fresh pair of eyes found."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.desk import jobs as desk_jobs
from chalicelib.facts import Fact
from tests.factories import Town
from tests.factories_books import picture
from tests.fakes import SettableClock
from tests.functional.test_accession import full_book
from tests.functional.test_uploads import book_file, upload

WAIT = {"if_unavailable": "wait"}


def tell_desk() -> None:
    for happened in list(Fact.query(wiring.now().strftime("%Y-%m-%d"))):
        desk_jobs.on_fact(happened, wiring.cache(), wiring.now())


def test_a_request_made_before_the_suspension_is_not_granted(town: Town) -> None:
    patron, book = town.patron(), town.book(grant="librarian")
    loan = town.loan(patron, book)
    town.librarian.patch(f"/patrons/{patron.id}", {"suspended": True})
    assert town.librarian.post(f"/loans/{loan['id']}/grant").problem == "patron-suspended"


def test_the_queue_passes_over_who_is_suspended(town: Town) -> None:
    book, (holder, suspended, other) = town.book(copies=1), (town.patron(), town.patron(), town.patron())
    first = town.loan(holder, book, **WAIT)
    second, third = (town.loan(patron, book, **WAIT) for patron in (suspended, other))
    town.librarian.patch(f"/patrons/{suspended.id}", {"suspended": True})
    tell_desk()
    holder.post(f"/loans/{first['id']}/return")
    seen = {loan["id"]: loan["status"] for loan in town.librarian.get(f"/loans?book={book['id']}").json["items"]}
    assert (seen[second["id"]], seen[third["id"]]) == ("waiting", "ready")


def test_a_book_keeps_its_name_elsewhere_when_its_file_is_replaced(town: Town) -> None:
    made = upload(town, book_file("One"), about={"origin": "calibre:7"}, unless_held=True)
    upload(town, book_file("Two"), book_id=made["book_id"])
    assert upload(town, book_file("Three"), about={"origin": "calibre:7"}, unless_held=True)["held"]


def test_a_cover_that_was_given_outlives_the_file(town: Town) -> None:
    made = upload(town, full_book())
    upload(town, picture(size=(300, 400)), "cover.png", book_id=made["book_id"], purpose="cover")
    upload(town, book_file("No cover"), book_id=made["book_id"])
    covers = town.visitor().get(f"/books/{made['book_id']}").json["covers"]
    assert covers[0]["width"] == 300


def test_a_name_too_long_for_a_key_is_nobodys(town: Town) -> None:
    long = "\ufdfa" * 254
    assert town.visitor().post("/auth/login", {"login": long, "password": "whatever it is"}).status == 401


def test_who_would_wait_is_lent_a_copy_that_is_past_due(town: Town, clock: SettableClock) -> None:
    book = town.book(copies=1, loan_period="PT1H")
    town.loan(town.patron(), book)
    clock.forward(hours=1)
    assert town.loan(town.patron(), book, **WAIT)["status"] == "active"


def test_a_forecast_knows_of_a_loan_that_is_longer_than_others(town: Town) -> None:
    book, holder = town.book(copies=1, loan_period="P7D"), town.patron()
    wanted = {"patron_ids": [holder.id], "book_ids": [book["id"]], "period": "P300D"}
    [issued] = town.librarian.post("/loans/issue", wanted).json["results"]
    assert town.loan(town.patron(), book, **WAIT)["wait"]["to"] >= issued["loan"]["due_at"]


def test_who_has_the_book_is_told_to_give_back_that_one(town: Town) -> None:
    patron, book = town.patron(), town.book()
    town.loan(patron, town.book())
    town.loan(patron, book)
    refused = patron.post("/loans", {"book_id": book["id"]}).json
    assert [way["book_id"] for way in refused["ways_out"]] == [book["id"]]
