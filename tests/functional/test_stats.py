"""Statistics: counted from facts, the same however often and in whatever order they are told."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib import wiring
from chalicelib.circulation.jobs import expire_loans
from chalicelib.circulation.tables import Loan
from chalicelib.facts import Fact
from chalicelib.reviews.tables import Review
from chalicelib.stats import jobs
from chalicelib.stats.tables import Visitor
from tests.factories import LIBRARIAN, PASSWORD, Town
from tests.fakes import SettableClock


def tell(*, twice: bool = False, shuffled: int | None = None) -> None:
    """Have all that happened counted, as the stream would: in batches."""
    told = sorted(Fact.scan(), key=lambda one: one.id)
    if shuffled is not None:
        random.Random(shuffled).shuffle(told)
    for start in range(0, len(told), 50):
        for _ in range(2 if twice else 1):
            jobs.count(told[start : start + 50], wiring.cache(), wiring.now())


@pytest.fixture
def busy(town: Town, clock: SettableClock) -> Town:
    """A library in which every kind of thing has happened."""
    # Somewhere it is between eleven and noon now.
    zone = f"Etc/GMT{clock.time.hour - 11:+d}"
    town.librarian.patch("/settings", {"timezone": zone})
    poems, stories = town.section("Poems"), town.section("Stories")
    books = [town.book(section_ids=[poems["id"]], copies=1), town.book(section_ids=[poems["id"], stories["id"]])]
    asked = town.book(grant="librarian", section_ids=[stories["id"]])
    patrons = [town.patron() for _ in range(4)]
    clock.forward(minutes=1)
    first = town.loan(patrons[0], books[0])
    town.loan(patrons[1], books[0], if_unavailable="wait")
    short = town.loan(patrons[2], books[1], period="PT1M")
    requests = [town.loan(patron, asked) for patron in patrons[:3]]
    town.librarian.post(f"/loans/{requests[0]['id']}/deny")
    town.librarian.post(f"/loans/{requests[1]['id']}/grant")
    town.librarian.post(f"/loans/{requests[1]['id']}/revoke")
    patrons[0].put(f"/books/{books[0]['id']}/review", {"rating": 2})
    patrons[0].put(f"/books/{books[0]['id']}/review", {"rating": 5})
    patrons[2].put(f"/books/{books[1]['id']}/review", {"rating": 3})
    patrons[2].delete(f"/books/{books[1]['id']}/review")
    clock.forward(days=1)
    patrons[0].post(f"/loans/{first['id']}/return")
    expire_loans(clock.time)
    assert patrons[2].get(f"/loans/{short['id']}").json["status"] == "expired"
    return town


def recounted() -> Counter[str]:
    """The states of all loans, counted from the loans themselves."""
    return Counter(str(loan.status) for loan in Loan.scan())


@pytest.mark.parametrize("how", [{}, {"twice": True}, {"shuffled": 1}, {"shuffled": 2, "twice": True}])
def test_the_counters_say_what_a_count_of_the_loans_says(busy: Town, how: dict[str, Any]) -> None:
    tell(**how)
    shown = busy.librarian.get("/stats/overview").json
    loans = recounted()
    states = ("requested", "waiting", "ready", "active", "returned", "expired", "revoked", "denied", "cancelled")
    assert {state: shown[state] for state in states} == {state: loans[state] for state in states}
    assert (shown["patrons"], shown["books"], shown["sections"], shown["active_patrons"]) == (4, 3, 2, 4)
    ratings = [review.rating for review in Review.scan()]
    assert (shown["ratings"], shown["rating"]) == (len(ratings), sum(ratings) / len(ratings))


def test_a_day_has_what_happened_on_it_in_the_zone_of_the_library(busy: Town, clock: SettableClock) -> None:
    tell()
    days = busy.librarian.get("/stats/loans?days=2").json["items"]
    zone = ZoneInfo(busy.librarian.get("/settings").json["timezone"])
    today = clock.time.astimezone(zone).date()
    assert [day["day"] for day in days] == [(today - timedelta(days=1)).isoformat(), today.isoformat()]
    assert [(day["asked"], day["issued"], day["denied"], day["revoked"], day["visitors"]) for day in days] == [
        (6, 3, 1, 1, 4),
        (0, 0, 0, 0, 1),
    ]
    assert [(day["returned"], day["expired"]) for day in days] == [(0, 0), (1, 1)]
    sections = busy.librarian.get("/stats/sections?days=2").json["items"]
    assert [(one["name"], one["issued"], one["returned"]) for one in sections] == [("Poems", 2, 1), ("Stories", 2, 0)]
    ratings = busy.librarian.get("/stats/ratings?days=2").json
    assert {one["rating"]: one["count"] for one in ratings["distribution"]} == {1: 0, 2: 1, 3: 1, 4: 0, 5: 1}
    assert [day["count"] for day in ratings["items"]] == [3, 0]


def test_midnight_is_that_of_the_library(town: Town, clock: SettableClock) -> None:
    town.librarian.patch("/settings", {"timezone": "Pacific/Auckland"})
    book, patron = town.book(), town.patron()
    midnight = clock.time.astimezone(ZoneInfo("Pacific/Auckland")).replace(hour=0, minute=0, second=0, microsecond=0)
    clock.time = midnight + timedelta(days=1, seconds=-1)
    town.loan(patron, book)
    clock.time = midnight + timedelta(days=1, seconds=1)
    tell()
    before, after = town.librarian.get("/stats/loans?days=2").json["items"]
    assert (before["asked"], after["asked"]) == (1, 0)
    assert before["day"] == midnight.date().isoformat()


def test_a_patron_who_did_not_come_for_a_month_is_not_active(town: Town, clock: SettableClock) -> None:
    stays = town.patron("stays")
    town.patron("goes")
    book = town.book()
    tell()
    assert town.librarian.get("/stats/overview").json["active_patrons"] == 2
    clock.forward(days=40)
    stays.sign_in("stays", PASSWORD)
    town.loan(stays, book)
    tell()
    town.librarian.sign_in(LIBRARIAN["email"], LIBRARIAN["password"])
    shown = town.librarian.get("/stats/overview").json
    assert (shown["patrons"], shown["active_patrons"]) == (2, 1)


def test_an_erased_patron_is_active_no_longer(town: Town) -> None:
    town.patron("stays")
    goes = town.patron("goes")
    tell()
    assert town.librarian.delete(f"/patrons/{goes.id}").status == 204
    tell(twice=True)
    shown = town.librarian.get("/stats/overview").json
    assert (shown["patrons"], shown["active_patrons"]) == (1, 1)
    assert [kept.patron_id for kept in Visitor.scan()] != [goes.id]


def test_a_patron_who_came_before_and_after_midnight_came_on_both_days(town: Town, clock: SettableClock) -> None:
    patron, books = town.patron("patron"), [town.book(), town.book()]
    tell()
    midnight = clock.time.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2)
    for seconds, book in ((-1, books[0]), (1, books[1])):
        clock.time = midnight + timedelta(seconds=seconds)
        patron.sign_in("patron", PASSWORD)
        town.loan(patron, book)
    tell()
    town.librarian.sign_in(LIBRARIAN["email"], LIBRARIAN["password"])
    assert [day["visitors"] for day in town.librarian.get("/stats/loans?days=2").json["items"]] == [1, 1]
    assert town.librarian.get("/stats/overview").json["active_patrons"] == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [("days=0", "days"), ("days=400", "days"), ("from=x", "from"), ("from=2026-03-02&to=2026-03-01", "from")],
)
def test_a_wrong_span_is_refused_at_the_field(town: Town, query: str, field: str) -> None:
    for chart in ("loans", "sections", "ratings"):
        refused = town.librarian.get(f"/stats/{chart}?{query}")
        assert (refused.status, [error["field"] for error in refused.json["errors"]]) == (422, [field])


def test_a_new_library_has_charts_of_nothing(town: Town) -> None:
    assert town.librarian.get("/stats/overview").json["rating"] is None
    assert len(town.librarian.get("/stats/loans").json["items"]) == 30
    for chart in ("sections", "books"):
        assert town.librarian.get(f"/stats/{chart}").json["items"] == []
