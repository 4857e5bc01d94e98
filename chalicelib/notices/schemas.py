"""Notices as the API shows and takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chalicelib.accounts.schemas import Channel
from chalicelib.ids import Id
from chalicelib.paging import Page


class NoticeShown(msgspec.Struct, frozen=True, kw_only=True):
    """Something that one is told. `kind` says what, as loan-ready, and `data` about what, as `title` and `loan_id`."""

    id: str
    kind: str
    at: datetime
    read: bool
    data: dict[str, Any]


class Notifications(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what one is told, newest first; `unread` counts all that is not read, up to a hundred."""

    items: list[NoticeShown]
    unread: int
    next_cursor: str | None


class NotificationList(Page, frozen=True, kw_only=True):
    """Which part of it."""


class ReadNotices(msgspec.Struct, frozen=True, kw_only=True):
    """What was read: some, or all of it."""

    ids: Annotated[list[Id], Meta(max_length=100)] = []
    all: bool = False


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """How much is not read yet, up to a hundred."""

    unread: int


class FailedNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice that did not go out, to whom, and why. `patron` is null where the account is gone, or there was none."""

    id: str
    kind: str
    channel: Channel
    patron_id: str | None
    patron: str | None
    to: str | None
    why: str
    tries: int
    failed_at: datetime


class FailedNotices(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the notices that failed, newest first."""

    items: list[FailedNotice]
    next_cursor: str | None


class FailedList(Page, frozen=True, kw_only=True):
    """Which part of it."""


class Unreachable(msgspec.Struct, frozen=True, kw_only=True):
    """A channel that was chosen and does not reach."""

    channel: Channel
    reason: str


class NextReminder(msgspec.Struct, frozen=True, kw_only=True):
    """The next reminder that one's choices and loans would produce, as far as is known now: when, by which channels,
    and what it would say. `at` is null where there will be nothing to say, or no way to say it."""

    at: datetime | None
    channels: list[Channel]
    unreachable: list[Unreachable]
    subject: str | None
    text: str | None
    paused_until: datetime | None


class PushKey(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser needs to subscribe: the library's key (VAPID, RFC 8292), as base64url."""

    key: str


class PushKeys(msgspec.Struct, frozen=True, kw_only=True):
    """What pushes to a browser are encrypted with (RFC 8291)."""

    p256dh: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{87}=?$(?!\n)")]
    auth: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22}(==)?$(?!\n)")]


class NewSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """A browser's subscription, as PushSubscription.toJSON() has it."""

    endpoint: Annotated[str, Meta(min_length=1, max_length=2000)]
    keys: PushKeys


class SubscriptionMade(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription."""

    id: str


class EndedSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """Which browser takes no more pushes; all of them, where none is named."""

    endpoint: Annotated[str, Meta(max_length=2000)] | None = None


class LinkToken(msgspec.Struct, frozen=True, kw_only=True):
    """The token of a link."""

    token: Annotated[str, Meta(max_length=1000)] = ""
