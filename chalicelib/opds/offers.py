"""What somebody may do about an e-book, in the words of OPDS: pure functions of what is known of it.

https://drafts.opds.io/opds-2.0 and https://drafts.opds.io/best-practices/borrowing
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from chalicelib.catalogue.schemas import MEDIA_TYPES, BookShown

State: TypeAlias = Literal["available", "unavailable", "reserved", "ready"]

OPENED_BY_APPS = frozenset({"epub", "pdf"})
"""What reading apps open. What is written in Markdown, or has no content yet, is for the web app."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """The caller's open loan or request of a book."""

    status: Literal["requested", "waiting", "ready", "active"]
    requested_at: datetime
    granted_at: datetime | None
    due_at: datetime | None


class Stock(msgspec.Struct, frozen=True, kw_only=True):
    """The copies of a book that has a number of them. `position` is the caller's place in the queue; `free_by` when
    that place, or the next to be taken, has a copy at the latest."""

    total: int
    available: int
    waiting: int
    position: int | None
    free_by: datetime | None


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """The standing of one book for one caller. `since` is when it came to be in `state`, `until` when that ends."""

    state: State
    since: datetime | None = None
    until: datetime | None = None
    lent: bool = False
    cancellable: bool = False
    at_once: bool = False
    """Whether asking for it would lend it there and then."""
    stock: Stock | None = None


def offer(book: BookShown, held: Held | None, stock: Stock | None) -> Offer:
    """What the caller, who may hold a loan of it, may do about `book`; `stock` is None where copies have no limit."""
    match held.status if held else None:
        case "active":
            assert held is not None
            return Offer(state="available", since=held.granted_at, until=held.due_at, lent=True, stock=stock)
        case "ready":
            assert held is not None
            return Offer(state="ready", until=held.due_at, cancellable=True, stock=stock)
        case "waiting" | "requested":
            assert held is not None
            until = stock.free_by if stock and held.status == "waiting" else None
            return Offer(state="reserved", since=held.requested_at, until=until, cancellable=True, stock=stock)
        case None:
            if stock is not None and not stock.available:
                return Offer(state="unavailable", until=stock.free_by, stock=stock)
            # Since when a copy is free nobody wrote down; a book without limit always was.
            since = book.created_at if stock is None else None
            return Offer(state="available", since=since, at_once=book.grant == "automatic", stock=stock)


def media_type(book: BookShown) -> str:
    """The type of what a loan of `book` gives: its file, or a page of the web app."""
    return MEDIA_TYPES[book.format] if book.format in OPENED_BY_APPS and book.format else "text/html"


def is_for_apps(book: BookShown) -> bool:
    """Whether a reading app can open it."""
    return book.format in OPENED_BY_APPS


def identifier(book: BookShown) -> str:
    """What names `book` outside: its ISBN or another URN it came with, else one made of its id."""
    named = next((i for i in book.identifiers if i.startswith("urn:")), None)
    return named if named and " " not in named else own_identifier(book.id)


def own_identifier(book_id: str) -> str:
    """The UUID URN (RFC 9562) of a book of this library: its id in other digits."""
    value = 0
    for c in book_id:
        value = value << 5 | "0123456789abcdefghjkmnpqrstvwxyz".index(c)
    word = f"{value:032x}"[-32:]
    return f"urn:uuid:{word[:8]}-{word[8:12]}-{word[12:16]}-{word[16:20]}-{word[20:]}"
