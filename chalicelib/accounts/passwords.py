"""Passwords: argon2id with the parameters of RFC 9106's second choice scaled down as OWASP advises
(19 MiB, 2 passes, 1 lane)."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache
from typing import Any

_LEGIBLE = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that cannot be taken for one another on paper."""


def made_up(groups: int = 3) -> str:
    """A password to be handed over on paper: groups of four signs, each of 19.8 random bits."""
    return "-".join("".join(secrets.choice(_LEGIBLE) for _ in range(4)) for _ in range(groups))


@cache
def _hasher() -> Any:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hashed(password: str) -> str:
    """What is kept of `password`."""
    return _hasher().hash(_normal(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether `password` is the one `kept` was made from.

    Takes as long where there is no account (`kept` is None), so that the time does not tell.
    """
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        return _hasher().verify(kept or _nobody(), _normal(password)) and kept is not None
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return hashed("nobody has this password")


def _normal(password: str) -> str:
    # The same password typed on two keyboards may arrive composed and decomposed (RFC 8265, 4.2).
    return unicodedata.normalize("NFC", password)
