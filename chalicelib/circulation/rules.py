"""The rules of lending: pure functions of plain values and the time.

A loan goes through these states, from being asked for to its end:

    requested ──grant──▶ active ◀──accept── ready ◀──set aside── waiting ◀── (asked for, or granted,
        │                 │  ▲                │                     │         while every copy is out)
        │                 └──┘ renew          │                     └─ pause, resume: keeps its place
        ├──deny──▶ denied                     │                     │
        └─────────cancel──────────────────────┴─────────────────────┴──▶ cancelled
                      active ──return──▶ returned
                      active, ready ──expire──▶ expired     (at its due second; not picked up in time)
                      requested, waiting, ready, active ──revoke──▶ revoked

An e-book that is granted by itself skips `requested`. `expired` is also what an active or ready loan reads as from
its due second on, whether or not a job has closed it yet.

| step      | from                              | to        | who       | frees       | fact           |
|-----------|-----------------------------------|-----------|-----------|-------------|----------------|
| grant     | requested                         | active    | librarian |             | loan.granted   |
| grant     | requested, every copy out         | waiting   | librarian |             | loan.waiting   |
| deny      | requested                         | denied    | librarian | place       | loan.denied    |
| set aside | waiting                           | ready     | library   |             | loan.ready     |
| accept    | ready                             | active    | patron    |             | loan.accepted  |
| renew     | active                            | active    | patron    |             | loan.renewed   |
| pause     | waiting                           | waiting   | patron    |             | loan.paused    |
| resume    | waiting                           | waiting   | patron    |             | loan.resumed   |
| return    | active                            | returned  | patron    | place, copy | loan.returned  |
| cancel    | requested, waiting, ready         | cancelled | patron    | place, copy | loan.cancelled |
| revoke    | requested, waiting, ready, active | revoked   | librarian | place, copy | loan.revoked   |
| expire    | active, ready                     | expired   | time      | place, copy | loan.expired   |

The place is one of those the limit allows a patron; a copy that is freed goes to the first in the queue.

Refusals (all 409):

    Rule
    ├── LoanLimitReached     as many requests and loans at once as the library allows
    ├── AlreadyYours         a request or loan of the same e-book is open
    ├── NoCopyAvailable      every copy is out, or kept for who waits
    ├── SomebodyIsWaiting    no renewal: others are in the queue
    └── LoanHasMovedOn       the loan is no longer in a state that allows the step
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.errors import Rule


class LoanLimitReached(Rule):
    title = "You have as many e-books as you may have at a time"


class AlreadyYours(Rule):
    title = "You have asked for this e-book already, or have it"


class NoCopyAvailable(Rule):
    title = "Every copy of this e-book is out"


class SomebodyIsWaiting(Rule):
    title = "Somebody is waiting for this e-book"


class LoanHasMovedOn(Rule):
    title = "This loan is no longer where that could be done"


class Status(StrEnum):
    """Where a loan stands."""

    REQUESTED = "requested"
    WAITING = "waiting"
    READY = "ready"
    ACTIVE = "active"
    RETURNED = "returned"
    EXPIRED = "expired"
    REVOKED = "revoked"
    DENIED = "denied"
    CANCELLED = "cancelled"


OPEN = frozenset({Status.REQUESTED, Status.WAITING, Status.READY, Status.ACTIVE})
"""States that count towards a patron's limit."""

TIMED = frozenset({Status.READY, Status.ACTIVE})
"""States that end by themselves; what limited copies there are, they hold."""


class By(StrEnum):
    """Who takes a step."""

    PATRON = "patron"
    LIBRARIAN = "librarian"
    LIBRARY = "library"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a loan: from which states, to which, who may take it, and the kind of the fact that tells of it."""

    name: str
    sources: frozenset[Status]
    target: Status
    by: By
    fact: str
    done: str
    """What it is called when it is done: "This loan is returned; it cannot be … now."""

    @property
    def ends(self) -> bool:
        """Whether the loan is over with it, and its patron's place free."""
        return self.target not in OPEN


def _step(name: str, sources: Set[Status], target: Status, by: By, done: str) -> Step:
    return Step(name, frozenset(sources), target, by, f"loan.{done.split(maxsplit=1)[0]}", done)


_BEFORE_READING = OPEN - {Status.ACTIVE}

GRANT = _step("grant", {Status.REQUESTED}, Status.ACTIVE, By.LIBRARIAN, "granted")
QUEUE = Step("grant", frozenset({Status.REQUESTED}), Status.WAITING, By.LIBRARIAN, "loan.waiting", "granted")
DENY = _step("deny", {Status.REQUESTED}, Status.DENIED, By.LIBRARIAN, "denied")
SET_ASIDE = _step("set aside", {Status.WAITING}, Status.READY, By.LIBRARY, "ready")
ACCEPT = _step("accept", {Status.READY}, Status.ACTIVE, By.PATRON, "accepted")
RENEW = _step("renew", {Status.ACTIVE}, Status.ACTIVE, By.PATRON, "renewed")
PAUSE = _step("pause", {Status.WAITING}, Status.WAITING, By.PATRON, "paused")
RESUME = _step("resume", {Status.WAITING}, Status.WAITING, By.PATRON, "resumed")
RETURN = _step("return", {Status.ACTIVE}, Status.RETURNED, By.PATRON, "returned")
CANCEL = _step("cancel", _BEFORE_READING, Status.CANCELLED, By.PATRON, "cancelled")
REVOKE = _step("revoke", OPEN, Status.REVOKED, By.LIBRARIAN, "revoked")
EXPIRE = _step("expire", TIMED, Status.EXPIRED, By.LIBRARY, "expired")

STEPS = (GRANT, QUEUE, DENY, SET_ASIDE, ACCEPT, RENEW, PAUSE, RESUME, RETURN, CANCEL, REVOKE, EXPIRE)


def status_at(status: Status, due_at: datetime | None, now: datetime) -> Status:
    """What a loan kept as `status` is at `now`."""
    if status in TIMED and due_at is not None and due_at <= now:
        return Status.EXPIRED
    return status


def may_read(status: Status, due_at: datetime | None, now: datetime) -> bool:
    """Whether the loan lets its patron read now."""
    return status_at(status, due_at, now) is Status.ACTIVE


def check(step: Step, status: Status, due_at: datetime | None, now: datetime) -> None:
    """Hold a step to the state the loan is in at `now`. Only `EXPIRE` may touch what is past due.

    Raises LoanHasMovedOn.
    """
    at = status_at(status, due_at, now)
    past_due = at is not status
    if not (past_due if step is EXPIRE else at in step.sources):
        raise LoanHasMovedOn(f"This loan is {at}; it cannot be {step.done} now.")


def due(begun_at: datetime, period: timedelta) -> datetime:
    """When what begins at `begun_at` for `period` ends, to the second below."""
    return (begun_at + period).replace(microsecond=0)


def renewed(due_at: datetime, now: datetime, period: timedelta) -> datetime:
    """When a loan renewed at `now` ends: a period from now, and never sooner than it would have."""
    return max(due_at, due(now, period))
