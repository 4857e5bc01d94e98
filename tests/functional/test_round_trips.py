"""How often each request goes to the database. A number that grows is a number to defend."""

from __future__ import annotations

import math
from contextlib import contextmanager

import pytest

from chalicelib import dynamo
from chalicelib.catalogue.tables import BOOKS, Book
from chalicelib.circulation import jobs
from chalicelib.circulation.tables import DUE_SHARDS
from infra.bench import capacity
from tests.factories import Town
from tests.fakes import FakeRedis, SettableClock

LOAN_CARD_COPIES_FACT = 4
"""Items that a loan changes."""


def test_a_books_page_is_one_read_and_then_none(town: Town, counted) -> None:
    book, visitor = town.book(), town.visitor()
    with counted() as calls:
        visitor.get(f"/books/{book['id']}")
        assert calls == ["GetItem"]
    with counted() as calls:
        visitor.get(f"/books/{book['id']}")
        assert calls == []


@pytest.fixture
def spent(monkeypatch: pytest.MonkeyPatch):
    """A context that lists the calls made to DynamoDB inside it: what each reads, in units of capacity, and how many
    items it writes."""
    costs: list[tuple[str, float, int]] = []
    call = dynamo.Client._make_api_call

    def count(client, operation, parameters):
        told = call(client, operation, parameters)
        writes = [item for item in parameters.get("TransactItems", ()) if not item.keys() & {"Get", "ConditionCheck"}]
        costs.append((operation, capacity.read(operation, parameters, told), len(writes)))
        return told

    monkeypatch.setattr(dynamo.Client, "_make_api_call", count)

    @contextmanager
    def spending():
        costs.clear()
        yield costs

    return spending


def test_a_books_page_costs_one_unit_and_a_list_one_for_each_four_kilobytes(town: Town, spent) -> None:
    book, visitor = town.book(), town.visitor()
    with spent() as costs:
        visitor.get(f"/books/{book['id']}")
        assert costs == [("GetItem", 1, 0)]
    for _ in range(24):
        town.book(description="As long as such a description is, which is not very long. " * 10)
    whole = sum(capacity.size(kept.serialize()) for kept in Book.query(BOOKS))
    with spent() as costs:
        assert len(visitor.get("/books?limit=25").json["items"]) == 25
        assert costs == [("Query", math.ceil(whole / 4096), 0)]


def test_lending_costs_what_it_must_change(town: Town, spent) -> None:
    patron, book = town.patron(), town.book(copies=2)
    with spent() as costs:
        loan = patron.post("/loans", {"book_id": book["id"]}).json
        read, written, *answer = costs
    assert read[0] == "TransactGetItems"
    assert written == ("TransactWriteItems", 0, LOAN_CARD_COPIES_FACT)
    assert [cost for _, cost, _ in answer] == [1, 0.5], "title and name, for the answer"
    town.librarian.post(f"/loans/{loan['id']}/grant")
    with spent() as costs:
        patron.post(f"/loans/{loan['id']}/return")
        read, written, *_ = costs
    assert read == ("GetItem", 1, 0)
    assert written == ("TransactWriteItems", 0, LOAN_CARD_COPIES_FACT)


def test_the_newest_list_is_one_query_however_many_books_it_shows(town: Town, counted, redis: FakeRedis) -> None:
    for _ in range(30):
        town.book()
    visitor = town.visitor()
    with counted() as calls:
        assert len(visitor.get("/books?limit=30").json["items"]) == 30
        assert calls == ["Query"]


def test_borrowing_is_one_read_and_one_transaction(town: Town, counted) -> None:
    patron, book = town.patron(), town.book(copies=2)
    with counted() as calls:
        patron.post("/loans", {"book_id": book["id"]})
    # The two batches put title and name into the answer.
    assert calls == ["TransactGetItems", "TransactWriteItems", "BatchGetItem", "BatchGetItem"]


def test_returning_is_one_read_and_one_transaction(town: Town, counted) -> None:
    patron = town.patron()
    loan = town.loan(patron, town.book(copies=2))
    with counted() as calls:
        patron.post(f"/loans/{loan['id']}/return")
    assert calls == ["GetItem", "TransactWriteItems", "BatchGetItem", "BatchGetItem"]


def test_a_page_of_loans_costs_the_same_for_one_and_for_many(town: Town, counted) -> None:
    patrons = [town.patron() for _ in range(6)]
    town.loan(patrons[0], town.book())
    with counted() as calls:
        town.librarian.get("/loans?status=active")
        few = list(calls)
    for patron in patrons[1:]:
        town.loan(patron, town.book())
    with counted() as calls:
        assert len(town.librarian.get("/loans?status=active").json["items"]) == 6
        assert calls == few == ["Query", "BatchGetItem", "BatchGetItem"]


def test_lists_of_what_is_open_or_expired_do_not_grow_with_what_was_returned(town: Town, counted) -> None:
    patron, book = town.patron(), town.book()
    for _ in range(30):
        patron.post(f"/loans/{town.loan(patron, book)['id']}/return")
    town.loan(patron, book)
    for client, path, queries in [
        (patron, "/loans?status=active&limit=5", 0),  # by the card
        (town.librarian, f"/loans?book={book['id']}&status=active,requested&limit=5", 1),
        (town.librarian, "/loans?status=expired&limit=5", 1 + DUE_SHARDS),
    ]:
        with counted() as calls:
            client.get(path)
        assert calls.count("Query") == queries, path


def test_expiry_reads_what_is_due_and_not_what_is_out(town: Town, counted, clock: SettableClock) -> None:
    due = town.book(loan_period="PT1M")
    town.loan(town.patron(), due)

    def cost() -> list[str]:
        with counted() as calls:
            jobs.expire_loans(clock())
            return list(calls)

    clock.forward(minutes=2)
    alone = cost()
    for _ in range(8):
        town.loan(town.patron(), town.book(loan_period="P2W"))
    town.loan(town.patron(), due)
    clock.forward(minutes=2)
    among_many = cost()
    assert sorted(alone) == sorted(among_many)
    assert alone.count("TransactWriteItems") == 1


def test_a_signed_in_request_asks_the_cache_and_not_the_database_for_its_session(town: Town, counted) -> None:
    patron = town.patron()
    patron.get("/me")
    with counted() as calls:
        patron.get("/me")
    assert calls == ["GetItem"]
