"""Refusals as they go over the wire: problem details (RFC 9457)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.errors import FieldError, LibraryError, WayOut

PROBLEMS = "https://carrel.example/problems/"
"""What the `type` of a problem starts with; the refusal's name follows."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Problem details (RFC 9457). The end of `type` names the refusal; `errors` are those of fields."""

    type: str
    title: Annotated[str, Meta(description="The refusal in a few words")]
    status: int
    detail: str
    errors: list[FieldError] | UnsetType = UNSET
    ways_out: list[WayOut] | UnsetType = UNSET


def problem_of(error: LibraryError) -> Problem:
    """`error` as problem details. A rule always says what would help, though it be nothing."""
    return Problem(
        type=PROBLEMS + error.name,
        title=error.title,
        status=error.status,
        detail=error.detail,
        errors=list(error.fields) or UNSET,
        ways_out=list(error.ways_out) if error.status == 409 else UNSET,
    )
