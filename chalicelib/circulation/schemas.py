"""Loans as the API shows and takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from chalicelib.ids import Id
from chalicelib.paging import Page
from chalicelib.periods import Period
from chalicelib.problems import Problem

LoanStatus: TypeAlias = Literal[
    "requested", "waiting", "ready", "active", "returned", "expired", "revoked", "denied", "cancelled"
]


Reason: TypeAlias = Annotated[str, Meta(max_length=500)]
MOST_AT_ONCE = 100


class BookOnLoan(msgspec.Struct, frozen=True, kw_only=True):
    """What a loan says of its e-book."""

    title: str
    authors: list[str]
    cover_url: str | None


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """What a loan says of its patron; no name once the patron was erased."""

    name: str | None


class WaitShown(msgspec.Struct, frozen=True, kw_only=True, rename={"after": "from", "by": "to"}):
    """When a copy is likely to be free: between these times. Without `from` too few copies came back to say more than
    that it is free by `to` at the latest; `returns` is how many did."""

    after: datetime | None
    by: datetime
    returns: int


class LoanShown(msgspec.Struct, frozen=True, kw_only=True):
    """A request or loan. From its `due_at` on it reads expired, and from its `pickup_by`, until which the copy of a
    ready one is kept. `queue_position` (from 1) and `wait` are those of a waiting one, as its patron sees it, or in a
    list of one e-book or patron."""

    id: str
    book_id: str
    book: BookOnLoan
    patron_id: str
    patron: Person
    status: LoanStatus
    period: Period
    requested_at: datetime
    granted_at: datetime | None
    due_at: datetime | None
    pickup_by: datetime | None
    ended_at: datetime | None
    reason: str | None
    paused: bool
    renewals: int
    queue_position: int | None
    wait: WaitShown | None


class Loans(msgspec.Struct, frozen=True, kw_only=True):
    """A page of loans, newest first."""

    items: list[LoanShown]
    next_cursor: str | None


class LoanList(Page, frozen=True, kw_only=True):
    """Which loans; `status` may name several, with commas."""

    status: Annotated[str, Meta(max_length=100, examples=["requested,active"])] | None = None
    patron: Id | None = None
    book: Id | None = None


class NewLoan(msgspec.Struct, frozen=True, kw_only=True):
    """A request for an e-book; `period`, if given, is at most the e-book's. Where no copy is free, "wait" joins the
    queue and "refuse" does not; without either, it is refused, or put to the librarian who grants this e-book."""

    book_id: Id
    period: Period | None = None
    if_unavailable: Literal["wait", "refuse"] | None = None


class GrantTerms(msgspec.Struct, frozen=True, kw_only=True):
    """For how long; else for the period that was asked for."""

    period: Period | None = None


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """Why, in words for the patron."""

    reason: Reason | None = None


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """How many copies there are and may be had now, null where there is no limit; how many wait for one, and when who
    joins them is likely to have one."""

    copies: int | None
    available: int | None
    waiting: int
    wait: WaitShown | None


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """E-books to lend to patrons: each of the ones to each of the others, at most 100 loans."""

    patron_ids: Annotated[list[Id], Meta(min_length=1, max_length=MOST_AT_ONCE)]
    book_ids: Annotated[list[Id], Meta(min_length=1, max_length=MOST_AT_ONCE)]
    period: Period | None = None


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A step of several loans; `reason` is for those who are denied or revoked, `period` for who is granted."""

    action: Literal["grant", "deny", "revoke"]
    ids: Annotated[list[Id], Meta(min_length=1, max_length=MOST_AT_ONCE)]
    reason: Reason | None = None
    period: Period | None = None


class LoanResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one of several: the loan, or the problem. One of status 503 may be sent again, with the same key."""

    ok: bool
    id: str | None = None
    patron_id: str | None = None
    book_id: str | None = None
    loan: LoanShown | None = None
    problem: Problem | None = None


class LoanResults(msgspec.Struct, frozen=True, kw_only=True):
    """A result for each, in the order they were given (for an issue: patron by patron)."""

    results: list[LoanResult]


class AvailabilityOf(msgspec.Struct, frozen=True, kw_only=True):
    """Whose availability is asked for: ids with commas, at most 100."""

    ids: Annotated[str, Meta(min_length=1, max_length=6500)]


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the e-book's open loans may be ended with its removal."""

    end_loans: bool = False
