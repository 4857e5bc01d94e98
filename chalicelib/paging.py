"""Pages of lists. A cursor is the identifier of the last item on a page, or its key in the order of the list: nothing
skips or repeats while items are added, and it means the same to every process."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Generic, TypeVar

import msgspec

from chalicelib.errors import Invalid
from chalicelib.ids import is_id

T = TypeVar("T")


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a list."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 25
    cursor: Annotated[str, msgspec.Meta(max_length=1_024)] | None = None


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """A page of a list, and the cursor of the page after it."""

    items: list[T]
    next_cursor: str | None


def first(found: Iterable[T], limit: int, identify: Callable[[T], str]) -> Part[T]:
    """The first `limit` of `found`. Whether there are more is known from the one after them, which is why a query
    asks for `limit + 1`: a list never ends with an empty page."""
    items = list(islice(found, limit + 1))
    return Part(items[:limit], identify(items[limit - 1]) if len(items) > limit else None)


def position(cursor: str | None) -> str | None:
    """The identifier after which a page starts, or None for the first page.

    Raises Invalid.
    """
    if cursor is not None and not is_id(cursor):
        raise wrong_cursor()
    return cursor


def place(key: str) -> str:
    """The cursor that stands for `key`, which ends in "#" and an identifier: letters that an address can hold."""
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def key_at(cursor: str | None) -> str | None:
    """The key after which a page starts, or None for the first page.

    Raises Invalid.
    """
    if cursor is None:
        return None
    try:
        key = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        raise wrong_cursor() from None
    position(key.rpartition("#")[2])
    return key


def wrong_cursor() -> Invalid:
    """The refusal of a cursor that no list gave out."""
    return Invalid.field("cursor", "This is not a cursor of this list.", "cursor")
