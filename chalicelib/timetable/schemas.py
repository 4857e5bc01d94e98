"""Jobs as the API shows and takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

JobName: TypeAlias = Literal["expire-loans", "reminders", "monthly-report"]


class JobShown(msgspec.Struct, frozen=True, kw_only=True):
    """A job: when it ran last and how much it did (loans expired, reminders, reports); when it runs next; how often in
    a row it failed, and why it last did."""

    name: JobName
    last_run_at: datetime | None
    done: int | None
    next_run_at: datetime
    failures: int
    failed_at: datetime | None
    failure: str | None


class Jobs(msgspec.Struct, frozen=True, kw_only=True):
    """The library's jobs."""

    items: list[JobShown]
    next_cursor: str | None = None
