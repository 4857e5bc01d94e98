"""What is on a page of the feeds, whichever version of OPDS it is written in. Paths begin below `/opds`."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

import msgspec

from chalicelib.catalogue.schemas import BookShown
from chalicelib.opds.offers import Offer

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

NEW = "http://opds-spec.org/sort/new"
POPULAR = "http://opds-spec.org/sort/popular"
FEATURED = "http://opds-spec.org/featured"
SHELF = "http://opds-spec.org/shelf"
BORROW = "http://opds-spec.org/acquisition/borrow"
ACQUISITION = "http://opds-spec.org/acquisition"
IMAGE = "http://opds-spec.org/image"
THUMBNAIL = "http://opds-spec.org/image/thumbnail"
FACET = "http://opds-spec.org/facet"
AUTHENTICATION = "http://opds-spec.org/auth/document"
REVOKE = "http://librarysimplified.org/terms/rel/revoke"
"""No OPDS document names how a loan is given back; this is what clients that can do so look for."""


class Door(msgspec.Struct, frozen=True):
    """A way to another feed. `holds_books` tells a feed of publications from one of further doors."""

    title: str
    path: str
    rel: str = "subsection"
    count: int | None = None
    holds_books: bool = True


class Entry(msgspec.Struct, frozen=True):
    """A book, and what the caller may do about it; with the names of its sections by their ids."""

    book: BookShown
    offer: Offer
    sections: dict[str, str]


class Group(msgspec.Struct, frozen=True):
    """The first books of another feed."""

    title: str
    path: str
    entries: list[Entry]


class Choice(msgspec.Struct, frozen=True):
    """One way to narrow or order a feed."""

    title: str
    path: str
    active: bool
    count: int | None = None


class Facet(msgspec.Struct, frozen=True):
    """Ways to narrow or order a feed, of which one is taken."""

    title: str
    choices: list[Choice]


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A page: doors, or books, or groups of books. `first` and `next` are pages of the same list."""

    title: str
    path: str
    up: str | None = ""
    doors: list[Door]
    groups: list[Group]
    facets: list[Facet]
    entries: list[Entry]
    total: int | None = None
    per_page: int | None = None
    first: str | None = None
    next: str | None = None

    @property
    def updated(self) -> datetime:
        """When the newest of its books came, as far as this page knows."""
        entries = [*self.entries, *(entry for group in self.groups for entry in group.entries)]
        return max((entry.book.created_at for entry in entries), default=LONG_AGO)


def with_query(path: str, **query: str | int | None) -> str:
    """`path` with what of `query` says something."""
    said = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(said)}" if said else path
