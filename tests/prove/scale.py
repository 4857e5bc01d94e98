"""Figures of lending at scale, on an embedded cloud: `python -m tests.prove.scale` prints them as JSON.

A process of its own, since the tables' place is read from the environment once.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from infra.local.cloud import EmbeddedCloud
from infra.local.provision import provision, read

MANY = int(os.environ.get("CARREL_PROVE_LOANS", "100000"))
DUE = 100
CROWD = 300


def main() -> None:
    with tempfile.TemporaryDirectory() as data, EmbeddedCloud(Path(data)) as cloud:
        session = boto3.Session()
        provision(read(), lambda service: session.client(service, **cloud.client_settings), stage="test")
        os.environ |= {
            "CARREL_STAGE": "test",
            "JWT_SECRET": "a secret that only the tests know, long enough",
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_REGION": cloud.client_settings["region_name"],
            "AWS_ACCESS_KEY_ID": cloud.client_settings["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": cloud.client_settings["aws_secret_access_key"],
        }
        figures = {"crowd_300_copies": crowd(300), "crowd_without_limit": crowd(None), "expiry": expiry()}
        sys.stdout.write(json.dumps(figures))


def crowd(copies: int | None) -> dict[str, Any]:
    """A title that `CROWD` patrons borrow at once."""
    from chalicelib.accounts.tables import Account
    from chalicelib.auth import Caller, Role
    from chalicelib.cache import Cache
    from chalicelib.catalogue import service as catalogue
    from chalicelib.circulation import asking
    from chalicelib.ids import new_id
    from tests.faults import between_library_and_database

    now = datetime.now(UTC)
    fields: dict[str, Any] = {"title": "Sought", "authors": [], "copies": copies, "grant": "automatic"}
    book = catalogue.add_book(fields, "librarian", Cache(None, ""), now)
    patrons = [Caller(new_id(now), Role.PATRON, "") for _ in range(CROWD)]
    with Account.batch_write() as batch:
        for patron in patrons:
            account = Account(id=patron.id, username=patron.id, name=patron.id, role=Role.PATRON.value)
            account.password_hash, account.timezone, account.created_at = "", "UTC", now
            batch.save(account)
    with between_library_and_database() as faults, ThreadPoolExecutor(64) as pool, faults.counting() as calls:
        began = time.perf_counter()
        loans = list(pool.map(lambda p: asking.request(p, book.id, None, None, None, now), patrons))
        seconds = time.perf_counter() - began
    assert {loan.status for loan in loans} == {"active"}
    return {"seconds": round(seconds, 2), "calls": Counter(calls), "attempts": faults.attempts}


def expiry() -> dict[str, Any]:
    """What closing `DUE` loans costs among a thousand, and among many."""
    among_few = _expire(1_000 - DUE)
    return {"among 1,000": among_few, f"among {MANY:,}": _expire(MANY - 1_000 - DUE)}


def _expire(others: int) -> dict[str, Any]:
    from chalicelib.circulation import jobs
    from tests.faults import between_library_and_database

    now = datetime.now(UTC).replace(microsecond=0)
    _lend(DUE, lambda n: now - timedelta(seconds=n))
    _lend(others, lambda n: now + timedelta(days=1 + n % 100))
    with between_library_and_database() as faults, faults.counting() as calls:
        began = time.perf_counter()
        assert jobs.expire_loans(now) == DUE
        seconds = time.perf_counter() - began
    return {"seconds": round(seconds, 2), "calls": Counter(calls), "items_read": faults.read}


def _lend(number: int, due_at: Callable[[int], datetime]) -> None:
    """Loans as they stand when they are active, put into the tables in bulk."""
    from chalicelib.circulation import queue
    from chalicelib.circulation.tables import Loan
    from chalicelib.ids import new_id

    now = datetime.now(UTC)
    with Loan.batch_write() as batch:
        for n in range(number):
            loan = Loan(
                patron_id=new_id(now),
                id=new_id(now),
                book_id=new_id(now),
                status="active",
                period="P7D",
                requested_at=now,
                granted_at=now,
                due_at=due_at(n),
            )
            loan.open_book_id, loan.due_shard = loan.book_id, queue.due_shard(loan)
            batch.save(loan)


if __name__ == "__main__":
    main()
