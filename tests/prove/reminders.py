"""What reminding costs at scale, on an embedded cloud: `python -m tests.prove.reminders` prints the figures as JSON.

A process of its own, since the tables' place is read from the environment once.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from infra.local.cloud import EmbeddedCloud
from infra.local.provision import provision, read

MANY = int(os.environ.get("CARREL_PROVE_PATRONS", "100000"))
DUE = 500


def main() -> None:
    with tempfile.TemporaryDirectory() as data, EmbeddedCloud(Path(data)) as cloud:
        session = boto3.Session()
        made = provision(read(), lambda service: session.client(service, **cloud.client_settings), stage="test")
        os.environ |= {
            "CARREL_STAGE": "test",
            "JWT_SECRET": "a secret that only the tests know, long enough",
            "AWS_ENDPOINT_URL": cloud.endpoint,
            "AWS_REGION": cloud.client_settings["region_name"],
            "AWS_ACCESS_KEY_ID": cloud.client_settings["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": cloud.client_settings["aws_secret_access_key"],
            "QUEUE_PREFIX": made.queue_url("carrel-test-intake").removesuffix("intake"),
            "MAIL_FROM": "library@school.example",
        }
        few = _remind(1_000 - DUE)
        sys.stdout.write(json.dumps({"among 1,000": few, f"among {MANY:,}": _remind(MANY - 1_000 - DUE)}))


def _remind(others: int) -> dict[str, Any]:
    """What it costs to remind `DUE` patrons of a loan each, with so many others who are not due."""
    from chalicelib.notices import jobs
    from tests.faults import between_library_and_database

    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    _enrol(DUE, now, now)
    _enrol(others, now, now + timedelta(days=1))
    with between_library_and_database() as faults, faults.counting() as calls:
        began = time.perf_counter()
        assert jobs.remind(now, now) == DUE
        seconds = time.perf_counter() - began
    return {"seconds": round(seconds, 2), "calls": Counter(calls), "items_read": faults.read}


def _enrol(number: int, now: datetime, next_at: datetime) -> None:
    """Patrons with a loan that is due tomorrow, put into the tables in bulk; those who are not due with a plan only."""
    from chalicelib.accounts.tables import Account, Reminders
    from chalicelib.cache import Cache
    from chalicelib.catalogue import service as catalogue
    from chalicelib.circulation.tables import Card, Loan
    from chalicelib.ids import new_id
    from chalicelib.notices.tables import SHARDS, Plan

    ids = [new_id(now) for _ in range(number)]
    with Plan.batch_write() as batch:
        for n, patron_id in enumerate(ids):
            batch.save(Plan(patron_id, shard=str(n % SHARDS), next_at=next_at, seen_at=now, revision=1))
    if next_at > now:
        return
    book = catalogue.add_book({"title": "Kept", "authors": []}, "librarian", Cache(None, ""), now)
    due = now + timedelta(days=1)
    with Account.batch_write() as accounts, Card.batch_write() as cards, Loan.batch_write() as loans:
        for patron_id in ids:
            account = Account(id=patron_id, username=patron_id, name="Ada", role="patron", password_hash="")
            account.email, account.timezone, account.created_at = f"{patron_id}@school.example", "UTC", now
            account.reminders = Reminders(hour=now.hour, idle_days=300)
            loan = Loan(patron_id=patron_id, id=new_id(now), book_id=book.id, status="active", period="P7D")
            loan.requested_at, loan.granted_at, loan.due_at = now, now, due
            accounts.save(account)
            cards.save(Card(patron_id, books={loan.book_id}, loans={loan.id}))
            loans.save(loan)


if __name__ == "__main__":
    main()
