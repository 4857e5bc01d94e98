"""The audit trail: who did what, newest first, by index."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import app
from chalicelib import ids
from chalicelib.audit import service
from chalicelib.facts import fact
from infra import permissions
from tests.factories import LIBRARIAN, Town
from tests.fakes import SettableClock


def trail(town: Town, query: str = "") -> list[dict[str, Any]]:
    """The whole trail, page by page."""
    items, cursor = [], ""
    for _ in range(60):
        page = town.librarian.get(f"/audit?{query}{cursor}")
        assert page.status == 200, page.body
        items += page.json["items"]
        if page.json["next_cursor"] is None:
            return items
        cursor = f"&cursor={page.json['next_cursor']}"
    pytest.fail("the trail has no end")


@pytest.fixture
def opened_long_ago(clock: SettableClock, town: Town) -> None:
    """A library whose librarian came 100 days ago."""
    clock.forward(days=-100)
    app.setup({"librarian": LIBRARIAN}, None)
    clock.forward(days=100)


def test_who_did_what_is_told_with_names_and_titles(town: Town) -> None:
    book, patron = town.book(grant="librarian", title="Middlemarch"), town.patron("dorothea")
    loan = town.loan(patron, book)
    town.librarian.post(f"/loans/{loan['id']}/grant")
    granted, requested = [one for one in trail(town) if one["subject"] == loan["id"]]
    assert (granted["kind"], requested["kind"]) == ("loan.granted", "loan.requested")
    assert granted["actor"] == {"id": town.librarian.id, "name": "Librarian"}
    assert granted["patron"] == requested["actor"] == {"id": patron.id, "name": "Dorothea"}
    assert granted["book"] == {"id": book["id"], "title": "Middlemarch"}
    assert granted["details"]["book_id"] == book["id"]


def test_what_the_library_does_by_itself_has_no_actor(town: Town, clock: SettableClock) -> None:
    from chalicelib.circulation import jobs

    town.loan(town.patron(), town.book(loan_period="PT1M"))
    clock.forward(minutes=2)
    jobs.expire_loans(clock())
    (expired,) = [one for one in trail(town) if one["kind"] == "loan.expired"]
    assert expired["actor"] is None


def test_who_was_erased_is_told_without_a_name(town: Town) -> None:
    patron = town.patron()
    town.librarian.delete(f"/patrons/{patron.id}")
    erased, opened = trail(town, f"subject={patron.id}")
    assert (erased["kind"], erased["actor"]["name"]) == ("account.erased", "Librarian")
    assert opened["actor"] == opened["patron"] == {"id": patron.id, "name": None}


def test_it_is_asked_by_subject_actor_or_kind(town: Town) -> None:
    patron, other = town.patron(), town.patron()
    loan = town.loan(patron, town.book())
    town.loan(other, town.book())
    patron.post(f"/loans/{loan['id']}/return")
    assert [one["kind"] for one in trail(town, f"subject={loan['id']}")] == ["loan.returned", "loan.granted"]
    assert {one["actor"]["id"] for one in trail(town, f"actor={patron.id}")} == {patron.id}
    assert len(trail(town, f"actor={patron.id}")) == 3
    assert [one["patron"]["id"] for one in trail(town, "kind=loan.granted")] == [other.id, patron.id]
    assert trail(town, "kind=loan.lost") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("subject=x&actor=y", "actor"),
        ("actor=y&kind=loan.granted", "kind"),
        ("kind=Everything", "kind"),
        ("cursor=x", "cursor"),
        ("limit=0", "limit"),
        ("until=today", "until"),
    ],
)
def test_what_cannot_be_asked_is_said_at_its_field(town: Town, query: str, field: str) -> None:
    refused = town.librarian.get(f"/audit?{query}")
    assert (refused.status, refused.wrong_fields) == (422, {field})


@pytest.mark.parametrize("by", ["", "actor={0}&", "kind=loan.granted&", "subject={1}&"])
@pytest.mark.parametrize("limit", [1, 3, 100])
def test_pages_go_back_over_days_without_gaps_or_doubles(
    town: Town, opened_long_ago: None, clock: SettableClock, by: str, limit: int
) -> None:
    actor, subject = ids.new_id(clock()), ids.new_id(clock())
    told = []
    for days_ago in (0, 0, 1, 2, 2, 2, 40, 41, 75, 99):
        at = clock() - timedelta(days=days_ago, seconds=1)
        one = fact("loan.granted", at, subject=subject, actor=actor)
        one.save()
        told.append(one.id)
    read = [one["id"] for one in trail(town, by.format(actor, subject) + f"limit={limit}")]
    assert [one for one in read if one in told] == sorted(told, reverse=True)
    assert len(read) == len(set(read))
    assert read == sorted(read, reverse=True)


def test_a_quiet_library_is_read_in_few_queries_and_to_an_end(
    town: Town, opened_long_ago: None, counted: Callable[..., Any], clock: SettableClock
) -> None:
    desk = town.librarian
    pages, cursor = 0, ""
    while True:
        with counted() as calls:
            page = desk.get(f"/audit?kind=loan.granted{cursor}").json
        assert calls.count("Query") <= service.DAYS_AT_ONCE
        pages += 1
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert pages == 4


def test_a_page_of_a_busy_day_is_one_query_and_two_batches(town: Town, counted: Callable[..., Any]) -> None:
    for _ in range(3):
        town.loan(town.patron(), town.book())
    desk = town.librarian
    with counted() as calls:
        assert len(desk.get("/audit?limit=5").json["items"]) == 5
    assert calls == ["GetItem", "Query", "BatchGetItem", "BatchGetItem"]


def test_what_happens_while_one_reads_on_moves_nothing(town: Town, clock: SettableClock) -> None:
    for _ in range(4):
        clock.forward(seconds=1)
        town.patron()
    before = [one["id"] for one in trail(town)]
    page = town.librarian.get("/audit?limit=2").json
    clock.forward(seconds=1)
    town.patron()
    rest = town.librarian.get(f"/audit?limit=100&cursor={page['next_cursor']}").json
    assert [one["id"] for one in page["items"] + rest["items"]] == before


@pytest.mark.parametrize("cursor", ["0" * 26, "z" * 26])
def test_a_cursor_from_before_or_after_all_time_ends_or_begins_the_trail(town: Town, cursor: str) -> None:
    town.patron()
    page = town.librarian.get(f"/audit?cursor={cursor}").json
    assert bool(page["items"]) == (cursor[0] == "z")
    assert page["next_cursor"] is None


def test_an_identifier_tells_when_it_was_made() -> None:
    at = datetime(2026, 2, 28, 23, 59, 59, 999000, tzinfo=UTC)
    assert ids.made_at(ids.new_id(at)) == at
    assert ids.before(at) <= ids.new_id(at)
    assert ids.before(at) > ids.new_id(at - timedelta(milliseconds=1))


def test_no_function_may_change_or_remove_a_fact() -> None:
    table = {"Fn::GetAtt": ["FactTable", "Arn"]}
    for name, role in permissions.roles(["FactTable", "LoanTable"]).items():
        for statement in role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]:
            if statement["Resource"] == table or table in list(statement["Resource"]):
                changing = [a for a in statement["Action"] if "Update" in a or "Delete" in a or "BatchWrite" in a]
                assert changing == [], name
