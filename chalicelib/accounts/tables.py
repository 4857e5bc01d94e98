"""Accounts, the names that must be unique, the roll of patrons, invitations, sessions, and app passwords.

| access pattern                         | key                                        | cost                     |
|----------------------------------------|--------------------------------------------|--------------------------|
| register, or change a name             | Name (condition) + Account                 | 1 transaction            |
| who signs in as this name or e-mail    | Name, then Account                         | 2 reads                  |
| the account of a caller                | Account `id`                               | 1 read                   |
| names of the people on a page          | Account `id`s                              | 1 batch                  |
| is the session open                    | Session `id` (mostly answered by the cache)| 1 read                   |
| sessions of an account, newest first   | index `by_account`                         | 1 query                  |
| patrons by name, of a group, by a word | Roll collection, keys upwards; then Account| 1 query + 1 batch a page |
| the same, of one standing              | index `by_standing` of Roll                | 1 query + 1 batch a page |
| invite, or withdraw an invitation      | Invitation + Fact                          | 1 transaction            |
| whose an app password is               | AppPassword digest, then Account (cached)  | 2 reads                  |
| app passwords of an account            | index `by_account` of AppPassword          | 1 query                  |
| register by invitation                 | Invitation, then with the new account      | 1 read, 1 transaction    |
| open invitations, newest first         | Invitation, ids downwards                  | 1 query a page           |
| ask for a new password                 | Name, then Reset (+ Fact)                  | 2 reads, 1 transaction   |
| set it                                 | Reset, then Account + Reset + Fact         | 2 reads, 1 transaction   |
| the first visit of a day               | Account + Fact, conditional                | 1 transaction            |

A Name is `username:…`, `email:…` (both case-folded) or `role:librarian`, of which there can be one. The Roll is
written with the account it is about (see `roll`); patrons made before there was a Roll enter it at their next change.
"""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import (
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.database import IntegerAttribute, Place, Table, named

LIBRARIAN = "role:librarian"
INVITATIONS = "invitations"


class Reminders(MapAttribute[str, object]):
    channels: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, default=lambda: ["email"])
    hour = IntegerAttribute(default=18)
    days_before_due = IntegerAttribute(default=2)
    idle_days = IntegerAttribute(default=1)
    quiet_days: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, default=list)


class Account(Table):
    """A person. Of one who was erased only id, role, dates and revision stay: the id then resolves to no name.

    `stopped` are the channels that a notice came back from, with when and why; `seen_on` is the last day of a visit, as
    2026-11-22 in UTC."""

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
    group = UnicodeAttribute(null=True)
    phone = UnicodeAttribute(null=True)
    chat_webhook = UnicodeAttribute(null=True)
    confirmed_email = UnicodeAttribute(null=True)
    stopped: JSONAttribute = JSONAttribute(null=True)
    seen_on = UnicodeAttribute(null=True)
    suspended_at = UTCDateTimeAttribute(null=True)
    erased_at = UTCDateTimeAttribute(null=True)
    revision = IntegerAttribute(default=0)


class Name(Table):
    class Meta(Place):
        table_name = named("names")

    name = UnicodeAttribute(hash_key=True)
    account_id = UnicodeAttribute()


class RollByStanding(GlobalSecondaryIndex["Roll"]):
    class Meta:
        index_name = "by_standing"
        projection = AllProjection()

    part = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)


class Roll(Table):
    """A line by which a patron is found: in the collection of names, of words, or of a group (`of`), under a key that
    ends in the patron's id. `part` is the collection and the patron's standing; `words` are all the patron's words."""

    class Meta(Place):
        table_name = named("roll")

    of = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)
    part = UnicodeAttribute()
    words = UnicodeAttribute()
    by_standing = RollByStanding()


class Invitation(Table):
    """A link by which one person may register, once. All are one collection, for the librarian's list."""

    class Meta(Place):
        table_name = named("invitations")

    of = UnicodeAttribute(hash_key=True, default=INVITATIONS)
    id = UnicodeAttribute(range_key=True)
    secret_hash = UnicodeAttribute()
    email = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    created_at = UTCDateTimeAttribute()
    expires_at = TTLAttribute()


class Reset(Table):
    """A link by which somebody sets a new password, once. Its secret follows from its id and is not kept."""

    class Meta(Place):
        table_name = named("resets")

    id = UnicodeAttribute(hash_key=True)
    account_id = UnicodeAttribute(null=True)
    secret_hash = UnicodeAttribute()
    expires_at = TTLAttribute()


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


class AppPasswordsByAccount(GlobalSecondaryIndex["AppPassword"]):
    class Meta:
        index_name = "by_account"
        projection = AllProjection()

    account_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class AppPassword(Table):
    """What one reading app signs in with, found by its digest. `used_on` is a day, as 2026-11-22."""

    class Meta(Place):
        table_name = named("app-passwords")

    secret_hash = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute()
    account_id = UnicodeAttribute()
    name = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    used_on = UnicodeAttribute(null=True)
    by_account = AppPasswordsByAccount()
