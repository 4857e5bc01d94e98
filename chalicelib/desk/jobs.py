"""What the desk does about facts: it finishes what was begun."""

from __future__ import annotations

from datetime import datetime

from chalicelib.accounts import service as accounts
from chalicelib.cache import Cache
from chalicelib.circulation import service as circulation
from chalicelib.desk import service
from chalicelib.facts import Fact


def on_fact(happened: Fact, cache: Cache, now: datetime) -> None:
    """Finish an erasure that died in the middle, and end a session that began while its patron was suspended."""
    match happened.kind:
        case "account.erased":
            service.finish_erasure(happened.subject, happened.actor, cache, now)
        case "account.suspended":
            accounts.end_sessions_of_suspended(happened.subject, cache)
            if accounts.not_borrowing([happened.subject]):
                circulation.pause_all(happened.subject, happened.actor, now)
        case _:
            pass
