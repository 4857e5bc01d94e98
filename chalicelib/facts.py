"""What happened. A fact is written in the same transaction as the change it tells of, and never changed.

Facts name people by id only, so that a person can be erased while the counts stay. The table's stream feeds
those who act on facts (see `app.py`).

| access pattern        | key                          | cost                          |
|-----------------------|------------------------------|-------------------------------|
| write one             | with its change              | one more write in the transaction |
| what happened on a day| `day` (UTC), newest first    | 1 query a page                |
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pynamodb.attributes import MapAttribute, UnicodeAttribute, UTCDateTimeAttribute

from chalicelib.database import Place, Table, named
from chalicelib.ids import new_id


class Fact(Table):
    class Meta(Place):
        table_name = named("facts")
        stream_view_type = "NEW_IMAGE"

    day = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    kind = UnicodeAttribute()
    at = UTCDateTimeAttribute()
    actor = UnicodeAttribute(null=True)
    subject = UnicodeAttribute()
    details: MapAttribute[str, Any] = MapAttribute(default=dict)


def fact(kind: str, now: datetime, *, subject: str, actor: str | None = None, **details: str | int) -> Fact:
    """A fact to be written: `kind` as "loan.granted", `subject` the id of what it is about, `actor` who did it."""
    return Fact(
        day=now.strftime("%Y-%m-%d"),
        id=new_id(now),
        kind=kind,
        at=now,
        actor=actor,
        subject=subject,
        details=details,
    )


# A stream's own ARN is known only once its table exists: the template puts it here when it is deployed.
STREAM_ARN = f"arn:aws:dynamodb:{Place.region}:000000000000:table/{named('facts')}/stream/latest"


def of_image(image: dict[str, Any]) -> Fact:
    """A fact out of the new image of a stream's record."""
    return Fact.from_raw_data(image)
