"""Telling another machine that an export is ready, or failed.

The body is signed so that its receiver can tell that it came from this library, and when: the header
`Carrel-Signature: t=1700000000,v1=HEX` has the time in seconds since 1970, and HMAC-SHA-256 of the time, a full stop
and the body, under the library's webhook secret.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from contextlib import suppress
from datetime import datetime

import msgspec

from chalicelib import outside, queues, seals
from chalicelib.database import Transaction
from chalicelib.errors import NotFound
from chalicelib.exports import service
from chalicelib.exports.schemas import WebhookStatus
from chalicelib.exports.service import Message
from chalicelib.exports.tables import Export
from chalicelib.facts import fact

WAITS = (10, 60, 300, 900)
"""Seconds between one attempt and the next; after the last one it is given up."""


def secret() -> str:
    """What this library's webhooks are signed with."""
    return seals.secret_for("webhooks", "library")


def signature(body: bytes, now: datetime) -> str:
    """The header that signs `body` as sent at `now`."""
    seconds = int(now.timestamp())
    signed = hmac.digest(secret().encode(), b"%d." % seconds + body, hashlib.sha256).hex()
    return f"t={seconds},v1={signed}"


def deliver(export_id: str, attempt: int, now: datetime) -> None:
    """Tell an export's webhook that it is ready, or failed; where it does not answer with success, try again later.

    It may be told twice, and knows by the export's id that it was.
    """
    export = service.one(export_id)
    if export.finished_at is None or export.webhook != "pending" or export.webhook_url is None:
        return
    said = {
        "id": export.id,
        "kind": export.kind,
        "status": export.status,
        "rows": export.rows,
        "download_url": service.address(export, None) if export.status == "ready" else None,
    }
    body = msgspec.json.encode(said)
    failure = _told(export.webhook_url, body, now)
    if failure is None:
        _end(export, "delivered", now)
    elif attempt <= len(WAITS):
        logging.getLogger(__name__).warning("webhook of export %s, attempt %d: %s", export.id, attempt, failure)
        queues.send("exports", Message(export.id, attempt + 1), WAITS[attempt - 1])
    else:
        _end(export, "failed", now, why=failure)


def _told(url: str, body: bytes, now: datetime) -> str | None:
    """Why `body` could not be delivered, or None where it was."""
    headers = {"Content-Type": "application/json", "Carrel-Signature": signature(body, now)}
    try:
        answer = outside.post(url, body, headers)
    except (outside.NotAllowed, outside.NoAnswer) as failure:
        return str(failure)
    return None if 200 <= answer.status < 300 else f"It answered {answer.status}."


def _end(export: Export, how: WebhookStatus, now: datetime, **told: str) -> None:
    transaction = Transaction()
    transaction.update(export, [Export.webhook.set(how)], Export.webhook == "pending", lambda _: NotFound())
    transaction.put(fact(f"webhook.{how}", now, subject=export.id, actor=export.requested_by, **told))
    with suppress(NotFound):  # it was told by another one, or given up
        transaction.commit()
