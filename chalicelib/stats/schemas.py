"""Statistics as the API shows them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The library as it stands: patrons, of whom `active_patrons` came within thirty days; e-books and sections; loans
    by their state, those that ended since the library opened; ratings and their mean."""

    patrons: int
    active_patrons: int
    books: int
    sections: int
    requested: int
    waiting: int
    ready: int
    active: int
    returned: int
    revoked: int
    expired: int
    denied: int
    cancelled: int
    ratings: int
    rating: float | None


class Span(msgspec.Struct, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """Which days of the library's zone: the last `days`, or those from `from` to `to`, both included; at most 366."""

    days: Annotated[int, Meta(ge=1, le=366)] | None = None
    since: Annotated[str, Meta(max_length=10, examples=["2026-11-01"])] | None = None
    until: Annotated[str, Meta(max_length=10, examples=["2026-11-30"])] | None = None


class DayOfLoans(msgspec.Struct, frozen=True, kw_only=True):
    """What happened on a day: e-books asked for and issued, how loans ended; new patrons, and how many came."""

    day: str
    asked: int
    issued: int
    returned: int
    expired: int
    revoked: int
    denied: int
    cancelled: int
    patrons: int
    visitors: int


class LoansByDay(msgspec.Struct, frozen=True, kw_only=True):
    """Every day of the span, the first one first."""

    items: list[DayOfLoans]


class SectionCounted(msgspec.Struct, frozen=True, kw_only=True):
    """What was issued, returned and rated of a section's e-books; `name` is null of one that was removed."""

    id: str
    name: str | None
    issued: int
    returned: int
    ratings: int
    rating: float | None


class SectionsCounted(msgspec.Struct, frozen=True, kw_only=True):
    """The sections from which something was issued, returned or rated, the most issued first."""

    items: list[SectionCounted]


class Voices(msgspec.Struct, frozen=True, kw_only=True):
    """How many gave a rating."""

    rating: int
    count: int


class DayOfRatings(msgspec.Struct, frozen=True, kw_only=True):
    """The ratings given on a day, and their mean."""

    day: str
    count: int
    rating: float | None


class RatingsCounted(msgspec.Struct, frozen=True, kw_only=True):
    """The ratings given within the span: how many of each, and on each day."""

    distribution: list[Voices]
    items: list[DayOfRatings]


class BookCounted(msgspec.Struct, frozen=True, kw_only=True):
    """How often an e-book was lent."""

    id: str
    title: str
    authors: list[str]
    loans: int
    rating: float | None


class BooksCounted(msgspec.Struct, frozen=True, kw_only=True):
    """The e-books that were lent most, since the library opened."""

    items: list[BookCounted]


class HowMany(msgspec.Struct, frozen=True, kw_only=True):
    """How many to list."""

    limit: Annotated[int, Meta(ge=1, le=50)] = 10
