"""Identifiers that sort by the time they were made.

26 characters of Crockford's base 32: 48 bits of milliseconds since 1970, then 80 random bits (the layout of ULID).
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeAlias

import msgspec

Id: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=64, description="An identifier")]

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id(now: datetime) -> str:
    """An identifier made at `now`."""
    milliseconds = (now - _EPOCH) // timedelta(milliseconds=1)
    value = milliseconds << 80 | secrets.randbits(80)
    return "".join(ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))


def made_at(identifier: str) -> datetime:
    """When an identifier was made, to the millisecond."""
    milliseconds = 0
    for c in identifier[:10]:
        milliseconds = milliseconds << 5 | ALPHABET.index(c)
    # The first ten characters hold 50 bits; the identifier's 130 bits begin with two that are not used.
    return _EPOCH + timedelta(milliseconds=milliseconds)


def before(moment: datetime) -> str:
    """What sorts before every identifier made at `moment` or later."""
    return new_id(moment)[:10] + ALPHABET[0] * (LENGTH - 10)


def id_of(text: str) -> str:
    """An identifier that is always the same for the same text, and tells nothing of when it was made."""
    value = int.from_bytes(hashlib.sha256(text.encode()).digest())
    return "".join(ALPHABET[value >> 5 * place & 31] for place in range(LENGTH))


def is_reference(text: str) -> bool:
    """Whether `text` could name a thing in an address: an identifier, or two in one."""
    return is_id(text) or (is_id(text[:LENGTH]) and is_id(text[LENGTH:]))


def is_id(text: str) -> bool:
    """Whether `text` could be an identifier; what is not one need not be looked up."""
    return len(text) == LENGTH and all(c in ALPHABET for c in text)
