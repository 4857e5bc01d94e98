"""Plans of reminders, letters on their way, what the notification centre lists, browsers that take pushes.

| access pattern                          | key                                          | cost                      |
|-----------------------------------------|----------------------------------------------|---------------------------|
| whose next reminder is due by now       | index `next` of Plan (shard, time upwards)   | 1 query a shard           |
| the plan of a patron                    | Plan patron                                  | 1 read                    |
| mark a day's reminder and plan the next | Plan + a Letter for each channel, conditional| 1 transaction             |
| a letter                                | Letter id                                    | 1 read                    |
| letters nobody saw to, letters to retry | index `open` of Letter (waiting, time)       | 1 query a page            |
| letters that failed, newest first       | index `open` of Letter (failed, time)        | 1 query a page            |
| one's notices, newest first             | Notice account, ids downwards                | 1 query a page            |
| how many of them are unread             | local index `unread` (sparse)                | 1 query, of keys only     |
| one's browsers                          | Subscription account                         | 1 query                   |
| one more text message this month        | Allowance month, conditional                 | 1 write                   |

A patron to whom nothing will have to be said has no time in their plan, and is on no index.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection, LocalSecondaryIndex

from chalicelib.accounts.schemas import Channel
from chalicelib.database import ChoiceAttribute, IntegerAttribute, Place, Table, named

SHARDS = 8

LetterState: TypeAlias = Literal["waiting", "sending", "sent", "failed"]


class PlansByTime(GlobalSecondaryIndex["Plan"]):
    """Sparse: only plans with a time are in it."""

    class Meta:
        index_name = "next"
        projection = AllProjection()

    shard = UnicodeAttribute(hash_key=True)
    next_at = UTCDateTimeAttribute(range_key=True)


class Plan(Table):
    """When a patron is looked at next: the first of their hours at which there will be something to say.

    `seen_at` is their last visit, `idle_told` how often they were told that they did not come since."""

    class Meta(Place):
        table_name = named("plans")

    patron_id = UnicodeAttribute(hash_key=True)
    shard = UnicodeAttribute(null=True)
    next_at = UTCDateTimeAttribute(null=True)
    seen_at = UTCDateTimeAttribute()
    idle_told = IntegerAttribute(default=0)
    paused_until = UTCDateTimeAttribute(null=True)
    revision = IntegerAttribute(default=0)
    by_time = PlansByTime()


class OpenLetters(GlobalSecondaryIndex["Letter"]):
    """Sparse: what was sent has left it."""

    class Meta:
        index_name = "open"
        projection = AllProjection()

    pile = UnicodeAttribute(hash_key=True)
    place = UnicodeAttribute(range_key=True)


class Letter(Table):
    """A notice on its way to one person by one channel. `place` is when it is to be looked at next (waiting), or when
    it failed, and its id; `began_at` is when the last attempt began whose end is not known. An `unasked` one is sent by
    the library of its own accord. `to` is who has no account: name, language, timezone and email."""

    class Meta(Place):
        table_name = named("letters")

    id = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute()
    channel = ChoiceAttribute[Channel]()
    account_id = UnicodeAttribute(null=True)
    to: JSONAttribute = JSONAttribute(null=True)
    data: JSONAttribute = JSONAttribute(default=dict)
    attachments: JSONAttribute = JSONAttribute(default=list)
    page = UnicodeAttribute(null=True)
    unasked = BooleanAttribute(default=False)
    state = ChoiceAttribute[LetterState](default="waiting")
    pile = UnicodeAttribute(null=True)
    place = UnicodeAttribute(null=True)
    tries = IntegerAttribute(default=0)
    began_at = UTCDateTimeAttribute(null=True)
    why = UnicodeAttribute(null=True)
    created_at = UTCDateTimeAttribute()
    sent_at = UTCDateTimeAttribute(null=True)
    expires_at = TTLAttribute()
    open = OpenLetters()


class UnreadNotices(LocalSecondaryIndex["Notice"]):
    """Sparse, and local so that it never lags."""

    class Meta:
        index_name = "unread"
        projection = KeysOnlyProjection()

    account_id = UnicodeAttribute(hash_key=True)
    unread = UnicodeAttribute(range_key=True)


class Notice(Table):
    """What the notification centre tells one person. `unread` is its id until it was read."""

    class Meta(Place):
        table_name = named("notices")

    account_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    kind = UnicodeAttribute()
    at = UTCDateTimeAttribute()
    data: JSONAttribute = JSONAttribute(default=dict)
    unread = UnicodeAttribute(null=True)
    expires_at = TTLAttribute()
    by_unread = UnreadNotices()


class Subscription(Table):
    """A browser that takes pushes (RFC 8030): where they go, and what they are encrypted with (RFC 8291)."""

    class Meta(Place):
        table_name = named("subscriptions")

    account_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    endpoint = UnicodeAttribute()
    p256dh = UnicodeAttribute()
    auth = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()


class Allowance(Table):
    """How many text messages went out in a month."""

    class Meta(Place):
        table_name = named("allowances")

    month = UnicodeAttribute(hash_key=True)
    sent = IntegerAttribute(default=0)
