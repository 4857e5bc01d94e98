"""The ways a notice goes out: a module for each, named as the channel is, with

    reaches(person) -> bool                              whether the person can be reached by it
    deliver(message, person, files, letter_id, now)      hand the notice over; returns once it was accepted

and, where it is not accepted, one of the exceptions here. To add a channel, add its module, and its name to `Channel`
in `accounts.schemas`.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast

from chalicelib.notices.composition import Message


class NotSent(Exception):
    """Why a notice did not go out, as a sentence."""


class Refused(NotSent):
    """It will not go out however often it is tried. Where the address itself is `dead`, the channel is stopped."""

    def __init__(self, why: str, *, dead: bool = False) -> None:
        super().__init__(why)
        self.dead = dead


class Later(NotSent):
    """It did not go out now, and may at another time."""


class InDoubt(NotSent):
    """It may have gone out: the answer was lost."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a notice goes to, and where; `id` is None for who has no account."""

    id: str | None
    name: str
    language: str
    timezone: str
    email: str | None = None
    phone: str | None = None
    chat_webhook: str | None = None
    stopped: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes with a notice."""

    name: str
    type: str
    body: bytes


class Way(Protocol):
    """A channel's module."""

    def reaches(self, person: Person) -> bool: ...

    def deliver(
        self, message: Message, person: Person, files: Sequence[File], letter_id: str, now: datetime
    ) -> None: ...


def by(channel: str) -> Way:
    """The way of this name."""
    return cast(Way, importlib.import_module(f"{__name__}.{channel}"))
