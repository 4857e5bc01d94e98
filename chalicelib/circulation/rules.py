"""The rules of lending: pure functions of plain values and the time.

A loan goes through these states; `expired` is also what an active loan reads as from its due second on,
whether or not a job has closed it yet.

    requested ──grant──▶ active ──return──▶ returned
        │                  ├────expire──▶ expired
        ├──deny──▶ denied  └────revoke──▶ revoked
        ├──cancel─▶ cancelled
        └──revoke─▶ revoked   (its e-book was removed)

Refusals (all 409):

    Rule
    ├── LoanLimitReached     as many requests and loans at once as the library allows
    ├── AlreadyYours         a request or loan of the same e-book is open
    ├── NoCopyAvailable      every copy is out
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


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a loan: from which states, to which, and who may take it."""

    name: str
    sources: Set[Status]
    target: Status
    by_patron: bool = False
    by_librarian: bool = False

    @property
    def fact(self) -> str:
        """The kind of the fact that tells of it."""
        return f"loan.{self.target}" if self.target is not Status.ACTIVE else "loan.granted"


GRANT = Step("grant", frozenset({Status.REQUESTED}), Status.ACTIVE, by_librarian=True)
DENY = Step("deny", frozenset({Status.REQUESTED}), Status.DENIED, by_librarian=True)
CANCEL = Step("cancel", frozenset({Status.REQUESTED}), Status.CANCELLED, by_patron=True)
RETURN = Step("return", frozenset({Status.ACTIVE}), Status.RETURNED, by_patron=True)
REVOKE = Step("revoke", OPEN, Status.REVOKED, by_librarian=True)
EXPIRE = Step("expire", frozenset({Status.ACTIVE}), Status.EXPIRED)


def status_at(status: Status, due_at: datetime | None, now: datetime) -> Status:
    """What a loan kept as `status` is at `now`."""
    if status is Status.ACTIVE and due_at is not None and due_at <= now:
        return Status.EXPIRED
    return status


def may_read(status: Status, due_at: datetime | None, now: datetime) -> bool:
    """Whether the loan lets its patron read now."""
    return status_at(status, due_at, now) is Status.ACTIVE


def check(step: Step, status: Status, due_at: datetime | None, now: datetime) -> None:
    """Hold a step to the state the loan is in at `now`. Only `EXPIRE` may touch an active loan past due.

    Raises LoanHasMovedOn.
    """
    at = status_at(status, due_at, now)
    past_due = status is Status.ACTIVE and at is Status.EXPIRED
    if not (past_due if step is EXPIRE else at in step.sources):
        raise LoanHasMovedOn(f"This loan is {at}; it cannot be {_DONE[step.target]} now.")


_DONE = {
    Status.ACTIVE: "granted",
    Status.DENIED: "denied",
    Status.CANCELLED: "cancelled",
    Status.RETURNED: "returned",
    Status.REVOKED: "revoked",
    Status.EXPIRED: "closed as expired",
}


def due(granted_at: datetime, period: timedelta) -> datetime:
    """When a loan granted at `granted_at` for `period` ends, to the second below."""
    return (granted_at + period).replace(microsecond=0)
