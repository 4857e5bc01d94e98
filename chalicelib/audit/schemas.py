"""What happened, as the librarian sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.ids import Id
from chalicelib.paging import Page


class Somebody(msgspec.Struct, frozen=True, kw_only=True):
    """A person; no name once they were erased."""

    id: str
    name: str | None


class BookNamed(msgspec.Struct, frozen=True, kw_only=True):
    """An e-book, by its title; a removed one too."""

    id: str
    title: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. `actor` is who did it, null where the library did by itself; `patron` and `book` are
    whom and what it is about, as far as there are any."""

    id: str
    at: datetime
    kind: Annotated[str, Meta(examples=["loan.granted"])]
    actor: Somebody | None
    subject: str
    details: dict[str, str | int]
    patron: Somebody | None
    book: BookNamed | None


class Entries(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what happened, newest first. It may be short where little happened, while `next_cursor` leads on."""

    items: list[Entry]
    next_cursor: str | None


class Asked(Page, frozen=True, kw_only=True):
    """What happened to a thing, what somebody did, or what of a kind: one of these, or everything."""

    subject: Id | None = None
    actor: Id | None = None
    kind: Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[a-z-]+\.[a-z-]+$(?!\n)")] | None = None
