"""The audit trail: the facts, newest first, by index. Nothing here or elsewhere changes or removes one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from chalicelib.accounts import service as accounts
from chalicelib.errors import Invalid
from chalicelib.facts import Fact, day_of, kind_on
from chalicelib.ids import before, made_at
from chalicelib.paging import Part, first, position

DAYS_AT_ONCE = 31
"""Days looked at for a page, a query each. A library that was quiet for longer answers with a short page, and a cursor
that leads on."""

ONE_DAY = timedelta(days=1)

CLOCKS_DIFFER = timedelta(minutes=1)
"""By so much the clocks of two machines may be apart. What a job told as of a day to come is found by its subject, and
here once that day has come."""


def trail(
    subject: str | None, actor: str | None, kind: str | None, limit: int, cursor: str | None, now: datetime
) -> Part[Fact]:
    """A page of what happened: to `subject`, by `actor`, of a `kind`, or all of it.

    Raises Invalid for a wrong cursor, or where more than one of the three is given.
    """
    given = [(name, value) for name, value in (("subject", subject), ("actor", actor), ("kind", kind)) if value]
    if len(given) > 1:
        raise Invalid.field(given[1][0], f"Ask by one of subject, actor and kind; {given[0][0]} is given.", "one-of")
    after = position(cursor)
    if subject is not None:
        return first(_newest(Fact.by_subject.query, subject, after, limit), limit, lambda one: one.id)
    if actor is not None:
        return first(_newest(Fact.by_actor.query, actor, after, limit), limit, lambda one: one.id)
    if kind is not None:
        return _by_days(Fact.by_kind.query, lambda day: kind_on(kind, day), limit, after, now)
    return _by_days(Fact.query, lambda day: day, limit, after, now)


def _by_days(
    query: Callable[..., Any], key: Callable[[str], str], limit: int, after: str | None, now: datetime
) -> Part[Fact]:
    """A page that begins below `after` and goes back day by day, as far as the day the library got its librarian."""
    newest = before(now + CLOCKS_DIFFER)
    after = min(after, newest) if after else newest
    day = made_at(after)
    opened = accounts.opened_at() or now
    found: list[Fact] = []
    for _ in range(DAYS_AT_ONCE):
        found += _newest(query, key(day_of(day)), after, limit - len(found))
        if len(found) > limit:
            return first(found, limit, lambda one: one.id)
        if day_of(day) <= day_of(opened):
            return Part(found, None)
        day -= ONE_DAY
    return Part(found, before(_midnight(day) + ONE_DAY))


def _newest(query: Callable[..., Any], key: str, after: str | None, limit: int) -> Iterator[Fact]:
    return query(
        key, Fact.id < after if after else None, scan_index_forward=False, page_size=limit + 1, limit=limit + 1
    )


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
