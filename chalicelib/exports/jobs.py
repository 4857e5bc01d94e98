"""Making the file of an export: row by row, part by part, by as many functions one after another as it takes.

How far it came is kept with each part, so that a function that dies, or whose time is up, is followed by another one
that goes on there. Two at once are told apart by their turn: what the earlier one still writes no longer counts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from pynamodb.expressions.condition import Condition

from chalicelib import objects, queues
from chalicelib.database import Transaction, unless
from chalicelib.decoding import converted
from chalicelib.errors import LibraryError, NotFound, Rule
from chalicelib.exports import rows, service, webhook
from chalicelib.exports.schemas import ExportStatus, NewExport
from chalicelib.exports.service import Message
from chalicelib.exports.tables import Export
from chalicelib.facts import Fact, fact
from chalicelib.spreadsheets import MARK, encoded

PART = 5 * 1024 * 1024
"""Bytes of a part: as few as S3 takes."""

HELD = timedelta(minutes=6)
"""For how long an export belongs to the function that works on it: longer than that may run, and less than the queue
waits before it delivers again (infra/resources.py)."""

LEFT = 30.0
"""Seconds before its end in which a function begins no further batch."""


class NotOurs(Rule):
    """Another function works on this export, or it is done."""


def go_on(message: Message, time_left: Callable[[], float], now: datetime) -> None:
    """Do what a message asks for. Whoever comes after the file was made tells its webhook, if nobody did."""
    if message.attempt is None:
        build(message.export_id, time_left, now)
    webhook.deliver(message.export_id, message.attempt or 1, now)


def on_fact(happened: Fact, now: datetime) -> None:
    """Tell who asked for an export that it is ready, or failed. Safe to repeat."""
    if happened.kind in ("export.ready", "export.failed") and happened.actor:
        service.tell(happened.subject, happened.id, now)


def build(export_id: str, time_left: Callable[[], float], now: datetime) -> None:
    """Make the file of an export, or as much of it as there is time for. Delivered twice, it is made once.

    `time_left` says how many seconds this function may still run.
    """
    try:
        export = _taken(service.one(export_id), now)
        _File(export).write(time_left, now)
    except (NotOurs, NotFound):
        logging.getLogger(__name__).info("export %s is done, or somebody is at it", export_id)


def _taken(export: Export, now: datetime) -> Export:
    """`export`, for the function that asks; else raises NotOurs."""
    if export.status in ("ready", "failed"):
        raise NotOurs
    with unless(NotOurs):
        export.update(
            [
                Export.status.set("running"),
                Export.turn.set(export.turn + 1),
                Export.held_until.set(now + HELD),
            ],
            (Export.turn == export.turn)
            & Export.status.is_in("queued", "running")
            & (Export.held_until.does_not_exist() | (Export.held_until <= now)),
        )
    return export


class _File:
    """The file of an export, as far as it is written."""

    def __init__(self, export: Export) -> None:
        self._export = export
        tail = objects.get(export.tail_key) if export.has_tail else None
        self._open = bytearray(tail or b"")
        if export.after is None and not self._open:
            self._open += MARK.encode() + encoded([rows.COLUMNS[export.kind]])

    def write(self, time_left: Callable[[], float], now: datetime) -> None:
        export = self._export
        try:
            asked = service.asked_for(converted(export.asked, NewExport), export.created_at)
            for batch, after in rows.OF[export.kind](asked, export.after, now):
                self._open += encoded(batch)
                export.rows += len(batch)
                export.after = after
                if len(self._open) >= PART:
                    self._close_part()
                if time_left() < LEFT:
                    self._go_on_later()
                    return
            self._finish(now)
        except objects.PartsAreGone:
            # One who died had made the file and could not say so any more. It is made again, from the beginning.
            export.parts, export.upload_id, export.after, export.rows, export.size = [], None, None, 0, None
            self._open.clear()
            self._go_on_later()
        except LibraryError as refusal:
            if refusal.status >= 500 or isinstance(refusal, NotOurs):
                raise
            self._fail(refusal.detail, now)

    def _close_part(self) -> None:
        export = self._export
        export.upload_id = export.upload_id or objects.begin_parts(export.key, service.CONTENT_TYPE)
        export.parts, export.has_tail = [*export.parts, self._put_part()], False
        self._keep()

    def _put_part(self) -> str:
        export = self._export
        assert export.upload_id is not None
        part = objects.put_part(export.key, export.upload_id, len(export.parts) + 1, bytes(self._open))
        export.size = (export.size or 0) + len(self._open)
        self._open.clear()
        return part

    def _go_on_later(self) -> None:
        export = self._export
        export.has_tail, export.held_until = bool(self._open), None
        if export.has_tail:
            objects.put(export.tail_key, bytes(self._open), service.CONTENT_TYPE)
        self._keep()
        queues.send("exports", Message(export.id))

    def _finish(self, now: datetime) -> None:
        export = self._export
        if export.upload_id is None:
            export.size = len(self._open)
            objects.put(export.key, bytes(self._open), service.CONTENT_TYPE)
        else:
            parts = [*export.parts, self._put_part()] if self._open else list(export.parts)
            objects.finish_parts(export.key, export.upload_id, parts)
        self._end("ready", now)

    def _fail(self, reason: str, now: datetime) -> None:
        self._export.reason = reason
        self._end("failed", now)

    def _end(self, status: ExportStatus, now: datetime) -> None:
        export = self._export
        export.status, export.finished_at, export.held_until = status, now, None
        transaction = Transaction()
        transaction.put(export, self._still_ours(), lambda _: NotOurs())
        transaction.put(
            fact(
                f"export.{status}",
                now,
                subject=export.id,
                actor=export.requested_by,
                what=export.kind,
                rows=export.rows,
            )
        )
        transaction.commit()

    def _keep(self) -> None:
        with unless(NotOurs):
            self._export.save(self._still_ours())

    def _still_ours(self) -> Condition:
        return (Export.turn == self._export.turn) & (Export.status == "running")
