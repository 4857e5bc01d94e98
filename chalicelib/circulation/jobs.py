"""Jobs of circulation."""

from __future__ import annotations

import logging
from datetime import datetime

from chalicelib.circulation import service
from chalicelib.facts import Fact


def expire_loans(now: datetime) -> int:
    """Close every loan due by `now`; how many were."""
    closed = service.expire(now)
    if closed:
        logging.getLogger(__name__).info("%d loans expired", closed)
    return closed


def on_fact(happened: Fact, now: datetime) -> None:
    """A removed book takes its open loans along, also those whose request crossed its removal."""
    if happened.kind == "book.removed":
        service.end_loans_of_removed(happened.subject, happened.actor, now)
