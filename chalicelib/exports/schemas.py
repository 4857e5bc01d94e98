"""Exports as the API shows and takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from chalicelib.ids import Id
from chalicelib.paging import Page

ExportKind: TypeAlias = Literal["loans", "books", "patrons", "ratings"]
ExportStatus: TypeAlias = Literal["queued", "running", "ready", "failed"]
WebhookStatus: TypeAlias = Literal["pending", "delivered", "failed"]
Day: TypeAlias = Annotated[
    str,
    Meta(
        max_length=40,
        description="A day in the library's zone, or a time with its offset",
        examples=["2026-11-01", "2026-11-01T00:00:00Z"],
    ),
]


class NewExport(msgspec.Struct, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """What to export: loans by when they were asked for, e-books by when they were added, patrons by when they
    registered, ratings by when they were given; `from` and `to` are both included. `status` (several with commas) is
    for loans, `section` for e-books, `group` for patrons. `webhook_url` is told when the file is ready, or failed."""

    kind: ExportKind = "loans"
    status: Annotated[str, Meta(max_length=100, examples=["active,returned"])] | None = None
    section: Id | None = None
    group: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    since: Day | None = None
    until: Day | None = None
    webhook_url: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None


class ExportShown(msgspec.Struct, frozen=True, kw_only=True):
    """An export. `rows` are those written so far; `download_url` is there once it is ready, until `expires_at`."""

    id: str
    kind: ExportKind
    status: ExportStatus
    rows: int
    size: Annotated[int, Meta(description="Bytes")] | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime
    reason: str | None
    webhook: WebhookStatus | None
    download_url: str | None = None


class Exports(msgspec.Struct, frozen=True, kw_only=True):
    """A page of exports, newest first."""

    items: list[ExportShown]
    next_cursor: str | None


class ExportList(Page, frozen=True, kw_only=True):
    """Which part of the exports."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What a mailed link holds."""

    token: Annotated[str, Meta(max_length=500)]


class WebhookSecret(msgspec.Struct, frozen=True, kw_only=True):
    """What the library's webhooks are signed with."""

    secret: str
