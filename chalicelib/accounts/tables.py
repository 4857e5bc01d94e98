"""Accounts, the names that must be unique, and sessions.

| access pattern                         | key                                        | cost                     |
|----------------------------------------|--------------------------------------------|--------------------------|
| register, or change a name             | Name (condition) + Account                 | 1 transaction            |
| who signs in as this name or e-mail    | Name, then Account                         | 2 reads                  |
| the account of a caller                | Account `id`                               | 1 read                   |
| names of the people on a page          | Account `id`s                              | 1 batch                  |
| is the session open                    | Session `id` (mostly answered by the cache)| 1 read                   |
| sessions of an account, newest first   | index `by_account`                         | 1 query                  |

A Name is `username:…`, `email:…` (both case-folded) or `role:librarian`, of which there can be one.
"""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import (
    ListAttribute,
    MapAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.database import IntegerAttribute, Place, Table, named

LIBRARIAN = "role:librarian"


class Reminders(MapAttribute[str, object]):
    channels: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, default=lambda: ["email"])
    hour = IntegerAttribute(default=18)
    days_before_due = IntegerAttribute(default=2)
    idle_days = IntegerAttribute(default=1)


class Account(Table):
    class Meta(Place):
        table_name = named("accounts")

    id = UnicodeAttribute(hash_key=True)
    username = UnicodeAttribute()
    email = UnicodeAttribute(null=True)
    name = UnicodeAttribute()
    role = UnicodeAttribute()
    password_hash = UnicodeAttribute()
    timezone = UnicodeAttribute()
    language = UnicodeAttribute(default="en")
    reminders = Reminders(default=Reminders)
    report_format = UnicodeAttribute(default="html")
    created_at = UTCDateTimeAttribute()
    revision = IntegerAttribute(default=0)


class Name(Table):
    class Meta(Place):
        table_name = named("names")

    name = UnicodeAttribute(hash_key=True)
    account_id = UnicodeAttribute()


class SessionsByAccount(GlobalSecondaryIndex["Session"]):
    class Meta:
        index_name = "by_account"
        projection = AllProjection()

    account_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class Session(Table):
    class Meta(Place):
        table_name = named("sessions")

    id = UnicodeAttribute(hash_key=True)
    account_id = UnicodeAttribute()
    secret_hash = UnicodeAttribute()
    rotated_at = UTCDateTimeAttribute()
    created_at = UTCDateTimeAttribute()
    device = UnicodeAttribute(default="")
    expires_at = TTLAttribute()
    by_account = SessionsByAccount()
