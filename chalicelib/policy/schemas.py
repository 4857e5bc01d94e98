"""The library's settings as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.periods import Period

SAYS_SOMETHING = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff][^\x00-\x1f\x7f-\x9f]*$(?!\n)"
"""Some letter or sign that can be seen, and no control characters. (`$` alone would let a line break follow.)"""

Grant: TypeAlias = Literal["librarian", "automatic"]
Registration: TypeAlias = Literal["open", "invited", "closed"]
LibraryName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100, pattern=SAYS_SOMETHING)]
Currency: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217 code", examples=["EUR"])]
Limit: TypeAlias = Annotated[int, Meta(ge=1, le=100)]
Zone: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=64, description="IANA time zone", examples=["Asia/Kolkata"])
]


class LibrarySettings(msgspec.Struct, frozen=True, kw_only=True):
    """The library's name, zone, currency and lending policy."""

    name: LibraryName
    timezone: Zone
    currency: Currency
    loan_limit: Limit
    loan_period: Period
    grant: Grant
    registration: Registration
    pickup_window: Period


class LibrarySettingsPatch(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of the library's settings (RFC 7396)."""

    name: LibraryName | UnsetType = UNSET
    timezone: Zone | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    loan_limit: Limit | UnsetType = UNSET
    loan_period: Period | UnsetType = UNSET
    grant: Grant | UnsetType = UNSET
    registration: Registration | UnsetType = UNSET
    pickup_window: Period | UnsetType = UNSET


class LibraryFront(msgspec.Struct, frozen=True, kw_only=True):
    """What everyone may know of the library."""

    name: str
    timezone: str
    currency: str
    loan_limit: int
    loan_period: str
    registration: Registration
