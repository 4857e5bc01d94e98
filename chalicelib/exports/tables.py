"""Exports, with how far each has come.

| access pattern         | key                              | cost                       |
|------------------------|----------------------------------|----------------------------|
| start one              | Export `exports`, id             | 1 write                    |
| an export              | Export `exports`, id             | 1 read                     |
| exports, newest first  | Export `exports`, ids downwards  | 1 query a page             |
| go on with one         | Export, conditional on its turn  | 1 write for each part of 5 MiB |
"""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)

from chalicelib.database import ChoiceAttribute, IntegerAttribute, Place, Table, named
from chalicelib.exports.schemas import ExportKind, ExportStatus, WebhookStatus

EXPORTS = "exports"


class Export(Table):
    """An export. While it runs, `turn` counts the functions that worked on it, of which only the last may write;
    `after` is the cursor of the last row that is in `parts`, or in the tail that is kept beside them."""

    class Meta(Place):
        table_name = named("exports")

    collection = UnicodeAttribute(hash_key=True, default=EXPORTS)
    id = UnicodeAttribute(range_key=True)
    kind = ChoiceAttribute[ExportKind]()
    asked: JSONAttribute = JSONAttribute(default=dict)
    status = ChoiceAttribute[ExportStatus](default="queued")
    requested_by = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    finished_at = UTCDateTimeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    webhook_url = UnicodeAttribute(null=True)
    webhook = ChoiceAttribute[WebhookStatus](null=True)
    rows = IntegerAttribute(default=0)
    size = IntegerAttribute(null=True)
    turn = IntegerAttribute(default=0)
    held_until = UTCDateTimeAttribute(null=True)
    upload_id = UnicodeAttribute(null=True)
    parts: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, default=list)
    after = UnicodeAttribute(null=True)
    has_tail = BooleanAttribute(default=False)
    expires_at = TTLAttribute()

    @property
    def key(self) -> str:
        """Where its file is kept."""
        return f"exports/{self.id}.csv"

    @property
    def tail_key(self) -> str:
        """Where the end of an unfinished file is kept, too small for a part."""
        return f"exports/{self.id}.tail"
