"""Exports: asking for one, looking at it, and what is told when it is ready."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from chalicelib import objects, outside, queues, seals
from chalicelib.catalogue import lists as shelves
from chalicelib.circulation import lists as loans
from chalicelib.database import Transaction, get
from chalicelib.errors import Invalid, NotFound
from chalicelib.exports.rows import Asked
from chalicelib.exports.schemas import ExportKind, NewExport
from chalicelib.exports.tables import EXPORTS, Export
from chalicelib.facts import fact
from chalicelib.ids import new_id
from chalicelib.notices import service as notices
from chalicelib.paging import Part, first, position
from chalicelib.policy import service as policy
from chalicelib.repeats import Key, once

KEPT_FOR = timedelta(days=30)
"""The bucket lets go of the files after as long (infra/resources.py)."""

LINK = "export"
"""What the token of a mailed link is sealed for."""

LINK_LIFE = timedelta(days=7)
"""For which the link in a mail is good, without signing in."""

ADDRESS_LIFE = 15 * 60
"""Seconds for which the address of a file holds."""

CONTENT_TYPE = "text/csv; charset=utf-8"


class Message(msgspec.Struct, frozen=True):
    """What the queue is told of an export: to go on with it, or to tell its webhook for the `attempt`-th time."""

    export_id: str
    attempt: int | None = None


def start(wanted: NewExport, librarian: str, key: Key | None, now: datetime) -> Export:
    """Have an export made.

    Raises Invalid for a filter that is not of its kind, a time that is none, a webhook that may not be called.
    """
    asked_for(wanted, now)
    if wanted.webhook_url is not None:
        try:
            outside.checked(wanted.webhook_url)
        except outside.NotAllowed as refusal:
            raise Invalid.field("webhook_url", str(refusal), "address") from None

    def make() -> Export:
        made = Export(
            id=new_id(now),
            kind=wanted.kind,
            asked=msgspec.to_builtins(wanted),
            requested_by=librarian,
            created_at=now,
            webhook_url=wanted.webhook_url,
            webhook="pending" if wanted.webhook_url else None,
            expires_at=now + KEPT_FOR,
        )
        transaction = Transaction()
        transaction.put(made)
        transaction.put(fact("export.asked", now, subject=made.id, actor=librarian, what=made.kind))
        if key:
            key.note(transaction, made.id, now)
        transaction.commit()
        return made

    made = once(key, now, make, one)
    if made.status == "queued":  # also for who asks again, since the message of before may have been lost
        queues.send("exports", Message(made.id))
    return made


def one(export_id: str) -> Export:
    """The export.

    Raises NotFound.
    """
    kept = get(Export, EXPORTS, export_id)
    if kept is None:
        raise NotFound("There is no such export.")
    return kept


def listed(limit: int, cursor: str | None) -> Part[Export]:
    """A page of the exports, newest first."""
    after = position(cursor)
    before = Export.id < after if after else None
    found = Export.query(EXPORTS, before, scan_index_forward=False, limit=limit + 1, consistent_read=True)
    return first(found, limit, lambda kept: kept.id)


def address(kept: Export, host: str | None) -> str:
    """Where the file of an export that is ready is for a quarter of an hour; `host` is how the caller names us."""
    filename = f"{kept.kind}-{kept.created_at:%Y-%m-%d}.csv"
    return objects.download_address(kept.key, ADDRESS_LIFE, host, CONTENT_TYPE, filename)


def tell(export_id: str, once: str, now: datetime) -> None:
    """Tell who asked for an export that it is ready, or failed: in the notification centre and, if it is ready, by a
    mail with a link. Told again with the same `once`, it is told once."""
    export = one(export_id)
    said = {"export_id": export.id, "what": export.kind, "rows": export.rows}
    notices.tell_as(once, export.requested_by, f"export-{export.status}", now, **said)
    if export.status == "ready":
        until = now + LINK_LIFE
        link = {"page": "/api/exports/file", "purpose": LINK, "text": f"{export.id} {int(until.timestamp())}"}
        data = {"what": export.kind, "rows": export.rows, "link": link, "until": until.isoformat()}
        notices.send("export-ready", export.requested_by, data, now, once=export.id)


def by_token(token: str, now: datetime) -> Export:
    """The export whose link somebody follows.

    Raises NotFound where the link is forged or its time is over.
    """
    export_id, _, until = (seals.opened(LINK, token) or "").partition(" ")
    if not until or now.timestamp() > int(until):
        raise NotFound("This link works no longer. The librarian can export again.")
    return one(export_id)


def asked_for(wanted: NewExport, now: datetime) -> Asked:
    """The rows that are asked for, as of `now`.

    Raises Invalid.
    """
    for name, kind in (("status", "loans"), ("section", "books"), ("group", "patrons")):
        if getattr(wanted, name) is not None and wanted.kind != kind:
            raise Invalid.field(name, f"This is for an export of {kind} only.", "not-for-this")
    began = _beginning(wanted.kind, now)
    since = _moment("from", wanted.since, at_end=False) if wanted.since else began
    until = _moment("to", wanted.until, at_end=True) if wanted.until else now
    if wanted.since and wanted.until and until <= since:
        raise Invalid.field("to", "This is before the beginning.", "order")
    loans.statuses(wanted.status)
    # What is read is read day by day: there is nothing before the library began, nor yet of what is to come.
    until = max(min(until, now), began)
    return Asked(min(max(since, began), until), until, wanted.status, wanted.section, wanted.group)


def _beginning(kind: ExportKind, now: datetime) -> datetime:
    """A time before all there is of a kind. What is found day by day begins with the first book, of which it is."""
    return (shelves.oldest() or now) if kind in ("loans", "ratings") else datetime(1970, 1, 1, tzinfo=UTC)


def _moment(field: str, text: str, *, at_end: bool) -> datetime:
    """The time that `text` says: a day of the library's zone, as it begins or ends, or a time with its offset."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            is_day = moment.time() == time() and "T" not in text and " " not in text
            moment += timedelta(days=1 if at_end and is_day else 0)
            moment = moment.replace(tzinfo=ZoneInfo(policy.current().timezone))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid.field(field, "Write a day, such as 2026-11-01.", "date") from None
