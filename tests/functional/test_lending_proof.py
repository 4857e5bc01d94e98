"""A part of the long proofs of lending (`make prove`), the same at every run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from chalicelib.circulation.tables import Copies
from chalicelib.database import Transaction
from tests.factories import Town
from tests.fakes import FakeRedis, SettableClock
from tests.faults import Fault
from tests.prove import invariants
from tests.prove.branch import Branch, Kept, branch
from tests.prove.errands import ERRANDS, Errand
from tests.prove.lending import Lending
from tests.prove.trials import Trial, storm

SOME = {"join the queue", "return to the next", "resume while a copy is free", "raise the copies"}


@pytest.fixture
def library(town: Town, clock: SettableClock, redis: FakeRedis) -> Iterator[Branch]:
    with branch(town, clock, redis) as library:
        yield library


def test_lending_in_any_order_goes_by_the_rules(library: Branch) -> None:
    some = settings(
        max_examples=4,
        stateful_step_count=40,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    opening = library.moment()
    run_state_machine_as_test(lambda: Lending(library, opening), settings=some)


@pytest.mark.parametrize("errand", [e for e in ERRANDS if e.name in SOME], ids=lambda errand: errand.name)
def test_an_errand_that_fails_somewhere_and_is_tried_again_is_done_once(library: Branch, errand: Errand) -> None:
    trial = Trial(library, library.moment(), errand)
    for fault, at, for_good in islice(trial.single_faults(), 0, None, 5):
        outcome = trial.run(lambda f=fault, n=at, g=for_good: library.faults.armed(f, n, for_good=g))
        assert outcome == trial.undisturbed, f"{fault.value}, call {at}: {trial.calls[at - 1]}"
    assert trial.run(storm(library, 1)) == trial.undisturbed


# ------------------------------------------------------------------------- crossings that the proofs led to


@pytest.fixture
def before_commit(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Does something else once, between the next reading and its write."""
    commit_it = Transaction.commit

    def cross(other: Callable[[], Any]) -> None:
        pending = [other]

        def commit(self: Transaction) -> None:
            if pending:
                pending.pop()()
            commit_it(self)

        monkeypatch.setattr(Transaction, "commit", commit)

    return cross


def test_who_would_wait_waits_though_the_last_copy_went_this_instant(
    library: Branch, before_commit: Callable[..., None]
) -> None:
    book = library.town.book(copies=1)
    first, second = library.patrons[:2]
    before_commit(lambda: library.town.loan(first, book))
    waiting = library.town.loan(second, book, if_unavailable="wait")
    assert (waiting["status"], waiting["due_at"], waiting["pickup_by"]) == ("waiting", None, None)
    invariants.hold(Kept.now())


def test_a_grant_joins_the_queue_where_the_last_copy_went_this_instant(
    library: Branch, before_commit: Callable[..., None]
) -> None:
    book = library.town.book(copies=1, grant="librarian")
    first, second = (library.town.loan(p, book, if_unavailable="wait") for p in library.patrons[:2])
    before_commit(lambda: library.librarian.post(f"/loans/{first['id']}/grant"))
    assert library.librarian.post(f"/loans/{second['id']}/grant").json["status"] == "waiting"
    invariants.hold(Kept.now())


def test_a_grant_lends_the_copy_that_came_back_this_instant(
    library: Branch, before_commit: Callable[..., None]
) -> None:
    book = library.town.book(copies=1, grant="librarian")
    first, second = (library.town.loan(p, book, if_unavailable="wait") for p in library.patrons[:2])
    library.librarian.post(f"/loans/{first['id']}/grant")
    before_commit(lambda: library.patrons[0].post(f"/loans/{first['id']}/return"))
    assert library.librarian.post(f"/loans/{second['id']}/grant").json["status"] == "active"
    invariants.hold(Kept.now())


def test_a_limit_that_was_let_go_does_not_come_back_with_a_loan_that_crossed_it(
    library: Branch, before_commit: Callable[..., None]
) -> None:
    book = library.town.book(copies=2)
    before_commit(lambda: library.librarian.patch(f"/books/{book['id']}", {"copies": None}))
    library.town.loan(library.patrons[0], book)
    library.tell_all()
    invariants.hold_at_rest(Kept.now(), {book["id"]: None})
    assert Copies.get(book["id"]).total is None


def test_a_request_that_is_sent_again_with_its_key_is_answered_though_the_ebook_is_gone(library: Branch) -> None:
    book, patron, once = library.town.book(), library.patrons[0], {"headers": {"Idempotency-Key": "once"}}
    loan = patron.post("/loans", {"book_id": book["id"]}, **once).json
    library.librarian.delete(f"/books/{book['id']}?end_loans=true")
    assert patron.post("/loans", {"book_id": book["id"]}, **once).json["id"] == loan["id"]


def test_a_reading_that_meets_a_transaction_is_tried_again(library: Branch) -> None:
    book = library.town.book(copies=1)
    with library.faults.deciding(
        lambda call, _, operation: Fault.CONFLICT if operation == "TransactGetItems" and call < 3 else None
    ):
        library.town.loan(library.patrons[0], book)
    assert library.faults.happened == 2


def test_settings_changed_with_if_match_are_not_said_to_be_outdated_where_only_the_answer_was_lost(
    library: Branch,
) -> None:
    tag = library.librarian.get("/settings").headers["etag"]
    with library.faults.deciding(
        lambda _, attempt, operation: Fault.ANSWER_LOST if operation == "TransactWriteItems" and attempt == 1 else None
    ):
        changed = library.librarian.patch("/settings", {"loan_limit": 3}, headers={"If-Match": tag})
    assert library.faults.happened == 1
    assert changed.status == 200


def test_a_part_of_an_issue_that_was_done_is_answered_though_the_patron_is_suspended_now(library: Branch) -> None:
    book, patron, once = library.town.book(), library.patrons[0], {"headers": {"Idempotency-Key": "class"}}
    wanted = {"patron_ids": [patron.id], "book_ids": [book["id"]]}
    [first] = library.librarian.post("/loans/issue", wanted, **once).json["results"]
    library.librarian.patch(f"/patrons/{patron.id}", {"suspended": True})
    [again] = library.librarian.post("/loans/issue", wanted, **once).json["results"]
    assert (again["ok"], again["id"]) == (True, first["id"])
    other = {"patron_ids": [patron.id], "book_ids": [library.town.book()["id"]]}
    assert not library.librarian.post("/loans/issue", other).json["results"][0]["ok"]
