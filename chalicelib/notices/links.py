"""Links that do one thing without signing in: what a reminder offers with one tap.

A link names one account, one action, what it is done to, and until when it may be; it is sealed with a key of its own.
Following it shows a page that asks, since programs that look through mail follow links too; only a POST does it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias, cast, get_args

from chalicelib import seals, settings
from chalicelib.errors import LibraryError

Action: TypeAlias = Literal["return", "renew", "accept", "cancel", "pause", "unsubscribe", "confirm-email"]

GOOD_FOR = timedelta(days=14)

_PURPOSE = "link"


class LinkEnded(LibraryError):
    status = 410
    title = "This link works no longer"


@dataclass(frozen=True, slots=True)
class Link:
    """What a link does, for whom. `subject` is a loan's id (with its due second, for a renewal: a link renews once), a
    channel, or an address."""

    account_id: str
    action: Action
    subject: str
    until: datetime


def address(link: Link) -> str:
    """Where a link leads."""
    said = "\n".join((link.account_id, link.action, link.subject, str(int(link.until.timestamp()))))
    return f"{settings.current().public_url}/api/act?token={seals.sealed(_PURPOSE, said)}"


def maker(account_id: str, now: datetime) -> Callable[[str, str], str]:
    """What makes the links of a notice: called with action and subject."""

    def act(action: str, subject: str) -> str:
        return address(Link(account_id, _action(action), subject, now + GOOD_FOR))

    return act


def opened(token: str, now: datetime) -> Link:
    """The link of a token.

    Raises LinkEnded, also for one that is forged.
    """
    said = seals.opened(_PURPOSE, token)
    if said is None:
        raise LinkEnded
    account_id, action, subject, until = said.split("\n")
    link = Link(account_id, _action(action), subject, datetime.fromtimestamp(int(until), UTC))
    if link.until <= now:
        raise LinkEnded
    return link


def _action(name: str) -> Action:
    if name not in get_args(Action):
        raise ValueError(f"no link does {name}")
    return cast(Action, name)
