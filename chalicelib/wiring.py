"""Puts the library together from its settings, once for each process."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache as once

from chalicelib import settings
from chalicelib.cache import Cache
from chalicelib.line import connection


@once
def cache() -> Cache:
    """The Redis in front of the catalogue."""
    s = settings.current()
    url = s.redis_url
    return Cache((lambda: connection(url)) if url else None, f"carrel:{s.stage}:")


def now() -> datetime:
    """The time. Routes and jobs read it here and hand it on; nothing below them reads a clock."""
    return datetime.now(UTC)
