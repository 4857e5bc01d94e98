"""Jobs of circulation."""

from __future__ import annotations

import logging
from datetime import datetime

from chalicelib.circulation import service, titles
from chalicelib.facts import Fact


def expire_loans(now: datetime) -> int:
    """Close every loan due by `now`; how many were."""
    closed = service.expire(now)
    if closed:
        logging.getLogger(__name__).info("%d loans expired", closed)
    return closed


def on_fact(happened: Fact, now: datetime) -> None:
    """Let loans and books agree, where a loan was asked for or granted while its book was changed or removed."""
    match happened.kind:
        case "book.removed" | "book.changed":
            titles.keep_true(happened.subject, now)
        case "loan.requested" | "loan.granted" | "loan.accepted" | "loan.waiting" | "loan.resumed":
            titles.keep_true(happened.details["book_id"], now)
        case _:
            pass
