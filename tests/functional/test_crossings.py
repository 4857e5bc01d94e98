"""Things that happen while other things happen: every interleaving here was once a bug, or nearly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import objects, wiring
from chalicelib.catalogue import jobs as catalogue_jobs
from chalicelib.catalogue import service as catalogue
from chalicelib.circulation import jobs, records, service, steps
from chalicelib.database import Transaction
from chalicelib.errors import Unavailable
from chalicelib.facts import Fact
from tests.factories import Town
from tests.fakes import SettableClock

COMMIT = Transaction.commit


@pytest.fixture
def before_commit(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Does something else once, between the next reading and its write."""

    def cross(other: Callable[[], Any]) -> None:
        pending = [other]

        def commit(self: Transaction) -> None:
            if pending:
                pending.pop()()
            COMMIT(self)

        monkeypatch.setattr(Transaction, "commit", commit)

    return cross


def tell_all() -> None:
    """Hand every fact of the day on, as the stream does."""
    for happened in list(Fact.query(wiring.now().strftime("%Y-%m-%d"))):
        catalogue_jobs.on_fact(happened, wiring.cache(), wiring.now())
        jobs.on_fact(happened, wiring.now())


def test_a_request_that_crosses_the_removal_of_its_ebook_is_ended_with_the_reason(
    town: Town, before_commit: Callable[..., None]
) -> None:
    book, patron, desk = town.book(), town.patron(), town.librarian
    before_commit(lambda: desk.delete(f"/books/{book['id']}"))
    loan = town.loan(patron, book)
    tell_all()
    seen = patron.get(f"/loans/{loan['id']}").json
    assert (seen["status"], seen["reason"]) == ("revoked", "The library no longer has this e-book.")


def test_a_grant_that_crosses_a_limit_of_copies_is_counted(town: Town, before_commit: Callable[..., None]) -> None:
    book, desk = town.book(grant="librarian"), town.librarian
    first, second = (town.loan(town.patron(), book) for _ in range(2))
    before_commit(lambda: desk.patch(f"/books/{book['id']}", {"copies": 1}))
    assert desk.post(f"/loans/{first['id']}/grant").status == 200
    tell_all()
    assert desk.post(f"/loans/{second['id']}/grant").problem == "no-copy-available"


def test_a_limit_of_copies_holds_from_the_moment_it_is_set(town: Town) -> None:
    book = town.book()
    town.loan(town.patron(), book)
    town.librarian.patch(f"/books/{book['id']}", {"copies": 1})
    assert town.patron().post("/loans", {"book_id": book["id"]}).problem == "no-copy-available"


def test_a_return_that_crosses_the_counting_of_copies_goes_through_and_frees_its_copy(
    town: Town, before_commit: Callable[..., None]
) -> None:
    book, patron = town.book(), town.patron()
    loan, desk = town.loan(patron, book), town.librarian
    before_commit(lambda: desk.patch(f"/books/{book['id']}", {"copies": 1}))
    assert patron.post(f"/loans/{loan['id']}/return").json["status"] == "returned"
    assert patron.get(f"/availability?ids={book['id']}").json[book["id"]]["available"] == 1


def test_a_grant_keeps_the_period_it_was_given_through_a_crossing(
    town: Town, before_commit: Callable[..., None]
) -> None:
    book, desk, patron = town.book(grant="librarian"), town.librarian, town.patron()
    loan = town.loan(patron, book)
    before_commit(lambda: patron.post(f"/loans/{loan['id']}/cancel"))
    refused = desk.post(f"/loans/{loan['id']}/grant", {"period": "PT5M"})
    assert refused.problem == "loan-has-moved-on"
    again = town.loan(patron, book)
    assert desk.post(f"/loans/{again['id']}/grant", {"period": "PT5M"}).json["period"] == "PT5M"


def test_everything_past_due_that_stands_in_the_way_is_closed(town: Town, clock: SettableClock) -> None:
    desk = town.librarian
    desk.patch("/settings", {"loan_limit": 1})
    book, other = town.book(copies=1, loan_period="PT1M"), town.book(loan_period="PT1M")
    patron = town.patron()
    town.loan(town.patron(), book)
    town.loan(patron, other)
    clock.forward(minutes=1)
    assert patron.get(f"/availability?ids={book['id']}").json[book["id"]]["available"] == 1
    assert patron.post("/loans", {"book_id": book["id"]}).status == 201


def test_a_new_text_stays_although_the_old_one_cannot_be_removed(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    book, patron = town.book(content="old"), town.patron()
    town.loan(patron, book)

    def broken(*keys: str) -> None:
        raise OSError("storage is gone")

    monkeypatch.setattr(objects, "remove", broken)
    assert town.librarian.patch(f"/books/{book['id']}", {"content": "new words"}).status == 200
    kept = catalogue.book(book["id"]).file
    assert objects.size(kept.key) == len("new words")


def test_a_text_whose_book_may_have_been_stored_is_not_removed(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(self: Transaction) -> None:
        COMMIT(self)
        raise Unavailable(retry_after=1)

    desk = town.librarian
    monkeypatch.setattr(Transaction, "commit", lost)
    assert desk.post("/books", {"title": "Kept", "content": "words"}).status == 503
    (book,) = town.visitor().get("/books").json["items"]
    assert objects.size(catalogue.book(book["id"]).file.key) == len("words")


def test_what_was_read_from_a_file_does_not_outlive_it(town: Town) -> None:
    from tests.factories_books import pdf
    from tests.functional.test_uploads import upload

    done = upload(town, pdf(), "paper.pdf")
    path = f"/books/{done['book_id']}"
    assert town.visitor().get(path).json["pages"] == 1
    changed = town.librarian.patch(path, {"content": "words instead"}).json
    assert (changed["format"], changed["pages"], changed["cover_url"]) == ("markdown", None, None)


def test_a_loan_that_changes_its_state_while_a_list_is_read_is_listed_once(
    town: Town, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    patron = town.patron()
    town.loan(patron, town.book(loan_period="PT1M"))
    desk = town.librarian
    clock.forward(minutes=1)
    past_due = records.past_due

    def then_closed(now: Any) -> Any:
        found = list(past_due(now))
        jobs.expire_loans(now)
        return iter(found)

    monkeypatch.setattr(service, "past_due", then_closed)
    monkeypatch.setattr(jobs.service, "expire", lambda now: sum(steps.close(x, now) for x in past_due(now)))
    assert len(desk.get("/loans?status=expired").json["items"]) == 1
