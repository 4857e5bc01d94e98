"""Loans as the API shows and takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from chalicelib.ids import Id
from chalicelib.paging import Page
from chalicelib.periods import Period

LoanStatus: TypeAlias = Literal[
    "requested", "waiting", "ready", "active", "returned", "expired", "revoked", "denied", "cancelled"
]


class BookOnLoan(msgspec.Struct, frozen=True, kw_only=True):
    """What a loan says of its e-book."""

    title: str
    authors: list[str]
    cover_url: str | None


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """What a loan says of its patron; no name once the patron was erased."""

    name: str | None


class LoanShown(msgspec.Struct, frozen=True, kw_only=True):
    """A request or loan. From its `due_at` on it reads expired."""

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
    ended_at: datetime | None
    reason: str | None


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
    """A request for an e-book; `period`, if given, is at most the e-book's.

    There is no queue to wait in yet: where no copy is free, "wait" is refused as "refuse" is.
    """

    book_id: Id
    period: Period | None = None
    if_unavailable: Literal["wait", "refuse"] = "refuse"


class GrantTerms(msgspec.Struct, frozen=True, kw_only=True):
    """For how long; else for the period that was asked for."""

    period: Period | None = None


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """Why, in words for the patron."""

    reason: Annotated[str, Meta(max_length=500)] | None = None


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """How many copies there are and may be had now; null where there is no limit."""

    copies: int | None
    available: int | None
    waiting: int


class AvailabilityOf(msgspec.Struct, frozen=True, kw_only=True):
    """Whose availability is asked for: ids with commas, at most 100."""

    ids: Annotated[str, Meta(min_length=1, max_length=6500)]


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the e-book's open loans may be ended with its removal."""

    end_loans: bool = False
