"""Reviews as the API shows and takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.circulation.schemas import Person


class ReviewWritten(msgspec.Struct, frozen=True, kw_only=True):
    """A rating, and feedback in words."""

    rating: Annotated[int, Meta(ge=1, le=5)]
    text: Annotated[str, Meta(max_length=5000)] = ""


class ReviewShown(msgspec.Struct, frozen=True, kw_only=True):
    """A review. A hidden one is shown to its writer only; its rating counts on."""

    id: str
    rating: int
    text: str
    hidden: bool
    patron: Person
    written_at: datetime
    changed_at: datetime


class Reviews(msgspec.Struct, frozen=True, kw_only=True):
    """A page of reviews, newest first."""

    items: list[ReviewShown]
    next_cursor: str | None
