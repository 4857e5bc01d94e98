"""Pages of lists. A cursor is the identifier of the last item on a page: nothing skips or repeats while items are
added, and it means the same to every process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from chalicelib.errors import Invalid
from chalicelib.ids import is_id

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """A page of a list, and the cursor of the page after it."""

    items: list[T]
    next_cursor: str | None


def position(cursor: str | None) -> str | None:
    """The identifier after which a page starts, or None for the first page.

    Raises Invalid.
    """
    if cursor is not None and not is_id(cursor):
        raise wrong_cursor()
    return cursor


def wrong_cursor() -> Invalid:
    """The refusal of a cursor that no list gave out."""
    return Invalid.field("cursor", "This is not a cursor of this list.", "cursor")
