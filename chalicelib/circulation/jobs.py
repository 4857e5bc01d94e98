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
    """What follows for lending from a change of the catalogue."""
    match happened.kind:
        case "book.removed":
            # Also for a loan whose request crossed the removal.
            service.end_loans_of_removed(happened.subject, happened.actor, now)
        case "book.changed":
            service.count_copies(happened.subject)
        case _:
            pass
