"""Copies of an e-book that has a number of them, and the queue of those who wait for one.

The item of a book in Copies is what everybody who takes, gives back or waits for a copy meets at, so that these hold
at every moment: no more copies are out than there are (but where the librarian lowered their number), and none is
taken past somebody who waits. A copy that comes back goes to the first in the queue in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib import periods
from chalicelib.circulation import rules
from chalicelib.circulation.forecast import Past, Wait, wait
from chalicelib.circulation.records import open_loans_of
from chalicelib.circulation.rules import Status
from chalicelib.circulation.tables import DUE_SHARDS, Copies, Hold, Loan
from chalicelib.database import Collision, Refusal, Transaction, again, get
from chalicelib.facts import Fact, fact
from chalicelib.policy import service as policy

_NOBODY_WAITS = Copies.waiting.does_not_exist() | (Copies.waiting <= 0)
_IS_FREE = Copies.out < Copies.total


def copies_of(book_id: str) -> Copies:
    """The copies of a book as they stand; none out where nobody ever asked."""
    return get(Copies, book_id) or Copies(book_id)


def is_free(copies: Copies, total: int | None) -> bool:
    """Whether a copy can be taken, of a book that has `total`."""
    return total is None or (copies.waiting <= 0 and copies.out < total)


def take(transaction: Transaction, book_id: str, total: int) -> None:
    """Take a copy of a book that has `total`. Fails with Collision where the last one was taken meanwhile."""
    # Where a limit was let go the item stays, and a loan that crossed that must not bring it back.
    never_counted = Copies.waiting.does_not_exist() & (Copies.out.does_not_exist() | (Copies.out < total))
    transaction.update(
        Copies(book_id),
        [Copies.out.add(1), Copies.total.set(Copies.total | total), Copies.waiting.set(Copies.waiting | 0)],
        never_counted | (_IS_FREE & _NOBODY_WAITS),
        lambda _: Collision(),
    )


def join(transaction: Transaction, loan: Loan, total: int) -> None:
    """Put `loan` into the queue of a book that has `total` copies, at its place by the time of asking. Fails with
    Collision where a copy became free."""
    transaction.put(Hold(book_id=loan.book_id, loan_id=loan.id, patron_id=loan.patron_id))
    none_free = Copies.total.exists() & ((Copies.out >= Copies.total) | (Copies.waiting > 0))
    # Kept before there was a queue: neither is known yet. Where a limit was let go `waiting` is, and stays.
    never_queued = Copies.total.does_not_exist() & Copies.waiting.does_not_exist() & (Copies.out >= total)
    transaction.update(
        Copies(loan.book_id),
        [Copies.waiting.add(1), Copies.total.set(Copies.total | total)],
        none_free | never_queued,
        lambda _: Collision(),
    )


def leave(transaction: Transaction, loan: Loan) -> None:
    """Take `loan` out of the queue."""
    transaction.delete(Hold(book_id=loan.book_id, loan_id=loan.id))
    if not loan.paused:
        transaction.update(Copies(loan.book_id), [Copies.waiting.add(-1)])


def set_paused(transaction: Transaction, loan: Loan, paused: bool) -> None:
    """Let the queue pass over `loan`, or no longer."""
    place = Hold(book_id=loan.book_id, loan_id=loan.id)
    transaction.update(place, [Hold.paused.set(paused)], Hold.patron_id.exists(), lambda _: Collision())
    transaction.update(Copies(loan.book_id), [Copies.waiting.add(-1 if paused else 1)])


def hold_to_nobody_waiting(transaction: Transaction, book_id: str) -> None:
    """Let the transaction fail with SomebodyIsWaiting where somebody waits for this book."""
    transaction.check(
        Copies(book_id), _NOBODY_WAITS, lambda _: rules.SomebodyIsWaiting("It goes to the next when you return it.")
    )


def set_total(transaction: Transaction, book_id: str, total: int | None) -> None:
    """Let a book have `total` copies from now on; None for any number."""
    counts = [Copies.out.set(Copies.out | 0), Copies.waiting.set(Copies.waiting | 0)]
    said = Copies.total.remove() if total is None else Copies.total.set(total)
    transaction.update(Copies(book_id), [said, *counts])


# --------------------------------------------------------------------------------------- passing a copy on


@dataclass(frozen=True, slots=True)
class Turn:
    """The first of a queue, and until when a copy is kept for them."""

    hold: Hold
    pickup_by: datetime


class Handover:
    """A copy of a book on its way back, kept by its loan for `seconds`.

    At first it is taken that nobody waits, which costs no reading; where that is wrong the transaction fails with a
    Collision, the queue is looked at, and the copy goes to the first in it.
    """

    def __init__(self, book_id: str, now: datetime) -> None:
        self._book_id = book_id
        self._now = now
        self._turn: Turn | None = None
        self._too_many = False

    def add_to(self, transaction: Transaction, seconds: int | None) -> None:
        """Give the copy back, as part of `transaction`; `seconds` is None for one that was never lent."""
        past = [Copies.returns.add(1), Copies.seconds.add(seconds)] if seconds is not None else []
        copies = Copies(self._book_id)
        if self._turn is not None:
            within = Copies.total.does_not_exist() | (Copies.out <= Copies.total)
            transaction.update(copies, [Copies.waiting.add(-1), *past], within, self._collided)
            _set_aside(transaction, self._turn, True, self._now, self._collided)
            return
        fewer_than_out = Copies.total.exists() & (Copies.out > Copies.total)
        free = fewer_than_out if self._too_many else _NOBODY_WAITS | fewer_than_out
        transaction.update(copies, [Copies.out.add(-1), *past], free, self._collided)

    def _collided(self, _: object) -> Collision:
        return Collision(mend=self._look)

    def _look(self) -> None:
        copies = copies_of(self._book_id)
        self._too_many = copies.total is not None and copies.out > copies.total
        self._turn = None if self._too_many else _next_turn(self._book_id, self._now)


def serve(book_id: str, now: datetime) -> int:
    """Give the copies that are free to those who wait for them, first to last; to how many. Safe to repeat.

    Copies become free beside the queue where the librarian raises their number, or lets it go, and where somebody
    resumes after everybody paused.
    """
    served = 0
    while again(lambda: _serve_one(book_id, now)):
        served += 1
    return served


def _serve_one(book_id: str, now: datetime) -> bool:
    copies = copies_of(book_id)
    limited = copies.total is not None
    if copies.waiting <= 0 or (limited and copies.out >= copies.total):
        return False
    turn = _next_turn(book_id, now)
    if turn is None:
        return False
    transaction = Transaction()
    taken, condition = ([Copies.out.add(1)], _IS_FREE) if limited else ([], Copies.total.does_not_exist())
    transaction.update(
        copies, [Copies.waiting.add(-1), *taken], condition & (Copies.waiting > 0), lambda _: Collision()
    )
    _set_aside(transaction, turn, limited, now, lambda _: Collision())
    transaction.commit()
    return True


def _next_turn(book_id: str, now: datetime) -> Turn | None:
    """The first in the queue who did not pause."""
    holds = Hold.query(book_id, consistent_read=True, page_size=10)
    first = next((hold for hold in holds if not hold.paused), None)
    if first is None:
        return None
    return Turn(first, rules.due(now, periods.parse(policy.current().pickup_window)))


def _set_aside(transaction: Transaction, turn: Turn, has_copy: bool, now: datetime, collided: Refusal) -> None:
    """Keep a copy for the first of the queue."""
    hold = turn.hold
    loan = Loan(patron_id=hold.patron_id, id=hold.loan_id, book_id=hold.book_id)
    transaction.delete(hold, Hold.paused == False, collided)  # noqa: E712
    transaction.update(
        loan,
        [
            Loan.status.set(Status.READY),
            Loan.has_copy.set(has_copy),
            Loan.due_at.set(turn.pickup_by),
            Loan.due_shard.set(due_shard(loan)),
        ],
        (Loan.status == Status.WAITING) & (Loan.paused == False),  # noqa: E712
        collided,
    )
    transaction.put(told(rules.SET_ASIDE.fact, loan, None, now, rules.Status.WAITING))


def due_shard(loan: Loan) -> str:
    """Which part of the index of what is due a loan is in."""
    return str(sum(loan.id.encode()) % DUE_SHARDS)


def told(kind: str, loan: Loan, actor: str | None, now: datetime, was: Status | None = None) -> Fact:
    """The fact that tells of a step of `loan`, which was in the state `was`."""
    details = {"book_id": loan.book_id, "patron_id": loan.patron_id} | ({"was": was.value} if was else {})
    return fact(kind, now, subject=loan.public_id, actor=actor, **details)


# ----------------------------------------------------------------------------------------- looking at the queue


def places(book_id: str) -> dict[str, int]:
    """The place in the queue of each loan that waits for a book, from 1; those who paused keep theirs."""
    return {hold.loan_id: place for place, hold in enumerate(Hold.query(book_id, consistent_read=True), 1)}


def of_books(book_ids: Iterable[str]) -> dict[str, Copies]:
    """The copies of these books, in one batch."""
    return {kept.book_id: kept for kept in Copies.batch_get(set(book_ids), consistent_read=True)}


def forecast(copies: Copies, total: int, place: int, period: str, pickup_window: str, now: datetime) -> Wait:
    """When the one at `place` is likely to have a copy."""
    back = max(filter(None, map(_back_by, open_loans_of(copies.book_id))), default=now)
    return at_most(copies, total, place, period, pickup_window, now, back)


def at_most(
    copies: Copies,
    total: int,
    place: int,
    period: str,
    pickup_window: str,
    now: datetime,
    back: datetime | None = None,
) -> Wait:
    """The same without a look at the loans: all copies out now are `back` then, or after a period at the latest."""
    longest = periods.parse(period) + periods.parse(pickup_window)
    return wait(place, max(total, 1), Past(copies.returns, copies.seconds), longest, now, back)


def _back_by(loan: Loan) -> datetime | None:
    """When the copy that a loan holds is back at the latest: it may be for longer than the book is lent today."""
    if not loan.has_copy or loan.due_at is None:
        return None
    return loan.due_at + periods.parse(loan.period) if loan.status == Status.READY else loan.due_at
