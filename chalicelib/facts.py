"""What happened. A fact is written in the same transaction as the change it tells of, and never changed.

Facts name people by id only, so that a person can be erased while the counts stay. The table's stream feeds
those who act on facts (see `app.py`).

| access pattern        | key                          | cost                          |
|-----------------------|------------------------------|-------------------------------|
| write one             | with its change              | one more write in the transaction |
| what happened on a day| `day` (UTC), newest first    | 1 query a page                |
| what happened to it   | index `by_subject`           | 1 query a page                |
| what somebody did     | index `by_actor`             | 1 query a page                |
| a kind of it on a day | index `by_kind` (kind and day)| 1 query a page               |

A kind has its days apart, so that no part of its index is written to more than a day of the table is.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pynamodb.attributes import MapAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.database import Place, Table, named
from chalicelib.ids import before, made_at, new_id


class FactsBySubject(GlobalSecondaryIndex["Fact"]):
    class Meta:
        index_name = "by_subject"
        projection = AllProjection()

    subject = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class FactsByActor(GlobalSecondaryIndex["Fact"]):
    class Meta:
        index_name = "by_actor"
        projection = AllProjection()

    actor = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class FactsByKind(GlobalSecondaryIndex["Fact"]):
    class Meta:
        index_name = "by_kind"
        projection = AllProjection()

    kind_day = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


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
    kind_day = UnicodeAttribute(null=True)
    details: MapAttribute[str, Any] = MapAttribute(default=dict)
    by_subject = FactsBySubject()
    by_actor = FactsByActor()
    by_kind = FactsByKind()


def fact(kind: str, now: datetime, *, subject: str, actor: str | None = None, **details: str | int) -> Fact:
    """A fact to be written: `kind` as "loan.granted", `subject` the id of what it is about, `actor` who did it."""
    return Fact(
        day=day_of(now),
        id=new_id(now),
        kind=kind,
        kind_day=kind_on(kind, day_of(now)),
        at=now,
        actor=actor,
        subject=subject,
        details=details,
    )


def day_of(moment: datetime) -> str:
    """The day, in UTC, under which what happened at `moment` is kept."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d")


def kind_on(kind: str, day: str) -> str:
    """The key of what happened of a kind on a day."""
    return f"{kind} {day}"


def of_kinds(kinds: Iterable[str], since: datetime, until: datetime, after: str | None = None) -> Iterator[Fact]:
    """The facts of these kinds from `since` on and before `until`, oldest first; with `after`, those after the fact of
    that id. Read as they are asked for, a query for each day and kind."""
    day = made_at(after) if after else since.astimezone(UTC)
    first = after or before(since)
    while day_of(day) <= day_of(until):
        told = [Fact.by_kind.query(kind_on(kind, day_of(day)), Fact.id.between(first, before(until))) for kind in kinds]
        yield from (one for one in heapq.merge(*told, key=lambda one: one.id) if one.id != after)
        day += timedelta(days=1)


# A stream's own ARN is known only once its table exists: the template puts it here when it is deployed.
STREAM_ARN = f"arn:aws:dynamodb:{Place.region}:000000000000:table/{named('facts')}/stream/latest"


def of_image(image: dict[str, Any]) -> Fact:
    """A fact out of the new image of a stream's record."""
    return Fact.from_raw_data(image)
