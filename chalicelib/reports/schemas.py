"""Reports as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from chalicelib.paging import Page

ReportStatus: TypeAlias = Literal["queued", "ready"]


class ReportShown(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a month. Once it is ready its addresses hold for a quarter of an hour; `pdf_url` is null where the
    library cannot make PDFs."""

    id: str
    month: Annotated[str, Meta(examples=["2026-11"])]
    status: ReportStatus
    made_at: datetime | None
    html_url: str | None
    pdf_url: str | None


class Reports(msgspec.Struct, frozen=True, kw_only=True):
    """One's own reports, the newest month first; the librarian's are those of the library."""

    items: list[ReportShown]
    next_cursor: str | None


class ReportList(Page, frozen=True, kw_only=True):
    """Which reports: that of a month, or all."""

    month: Annotated[str, Meta(max_length=7, examples=["2026-11"])] | None = None
