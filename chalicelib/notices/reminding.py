"""When a patron is reminded, and of what: pure functions of what they chose, what they have, and the time.

A *slot* is a patron's hour on one of their days, as a moment in UTC. The library speaks at slots only, at most once in
each:

- of a loan, from the first slot of the day that is `days_before_due` days before its due date on, at each slot until it
  is due; where their hour comes too late on that day, or they want quiet on it, at the last slot before it is due;
- of a copy that is kept for them, at each slot until it has to be picked up;
- of their absence, once they did not come for `idle_days`, then for twice as long, four times, … up to a year.

Where clocks go forward, an hour that is left out is taken at the time it would have been (PEP 495: the offset from
before the change holds, so that 02:30 becomes 03:30); where they go back, an hour that comes twice is taken the first
time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from chalicelib.circulation.schemas import LoanStatus

LONGEST_IDLE = timedelta(days=366)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Wishes(msgspec.Struct, frozen=True):
    """What a patron chose. `quiet` are weekdays, Monday 0 to Sunday 6; all seven are no choice at all."""

    timezone: str
    hour: int
    days_before_due: int
    idle_days: int
    quiet: frozenset[int] = frozenset()
    paused_until: datetime | None = None


class Had(msgspec.Struct, frozen=True):
    """A loan that runs, or a copy that is ready, and until when."""

    id: str
    book_id: str
    status: LoanStatus
    until: datetime


class Absence(msgspec.Struct, frozen=True):
    """The last visit, and how often since then the patron was told of it."""

    since: datetime
    told: int


class Say(msgspec.Struct, frozen=True):
    """What there is to say at a slot; empty where there is nothing."""

    due: tuple[Had, ...]
    ready: tuple[Had, ...]
    idle: int | None
    """Days since the last visit, where it is time to speak of them."""

    def __bool__(self) -> bool:
        return bool(self.due or self.ready or self.idle is not None)


def slot_on(day: date, wishes: Wishes) -> datetime:
    """The slot of a day in the patron's zone."""
    there = datetime(day.year, day.month, day.day, wishes.hour, tzinfo=ZoneInfo(wishes.timezone))
    return there.astimezone(UTC)


def next_slot(after: datetime, wishes: Wishes) -> datetime:
    """The first slot after a moment, on no quiet day."""
    return next(slot for slot in _slots(_day_of(after, wishes) - DAY, 1, wishes) if slot > after)


def last_slot(by: datetime, wishes: Wishes) -> datetime:
    """The last slot not after a moment, on no quiet day."""
    return next(slot for slot in _slots(_day_of(by, wishes) + DAY, -1, wishes) if slot <= by)


def day_of_slot(slot: datetime, wishes: Wishes) -> date:
    """The patron's day that a slot belongs to."""
    return _day_of(slot, wishes)


def what_to_say(slot: datetime, wishes: Wishes, had: Sequence[Had], absence: Absence) -> Say:
    """What there is to say at a slot."""
    if wishes.paused_until is not None and slot < wishes.paused_until:
        return Say((), (), None)
    still = sorted((one for one in had if one.until > slot), key=lambda one: one.until)
    due = tuple(one for one in still if one.status == "active" and _first_word(one, wishes) <= slot)
    ready = tuple(one for one in still if one.status == "ready")
    idle_from = _idle_from(wishes, absence)
    idle = (_day_of(slot, wishes) - _day_of(absence.since, wishes)).days
    return Say(due, ready, idle if idle_from is not None and idle_from <= slot else None)


def next_word(after: datetime, wishes: Wishes, had: Sequence[Had], absence: Absence) -> datetime | None:
    """The first slot after a moment at which there will be something to say, as far as is known; None where there will
    be nothing."""
    if wishes.paused_until is not None:
        after = max(after, wishes.paused_until - timedelta(microseconds=1))
    soonest = next_slot(after, wishes)
    moments: list[datetime] = []
    for one in had:
        first = _first_word(one, wishes) if one.status == "active" else soonest
        slot = max(first, soonest)
        if slot < one.until:
            moments.append(slot)
    idle_from = _idle_from(wishes, absence)
    if idle_from is not None:
        moments.append(max(idle_from, soonest))
    return min(moments, default=None)


def _first_word(loan: Had, wishes: Wishes) -> datetime:
    """The first slot at which a loan's end is spoken of."""
    first_day = _day_of(loan.until, wishes) - wishes.days_before_due * DAY
    slot = next(_slots(first_day, 1, wishes))
    return slot if slot < loan.until else last_slot(loan.until - timedelta(microseconds=1), wishes)


def _idle_from(wishes: Wishes, absence: Absence) -> datetime | None:
    """The slot from which on the absence is spoken of next, or None where it was often enough."""
    span = wishes.idle_days * 2**absence.told * DAY
    if span > LONGEST_IDLE:
        return None
    return next(_slots(_day_of(absence.since, wishes) + span, 1, wishes))


def _slots(first: date, step: int, wishes: Wishes) -> Iterator[datetime]:
    """The slots from a day on, or back from it, without quiet days."""
    day = first
    quiet = wishes.quiet if len(wishes.quiet) < 7 else frozenset[int]()
    while True:
        if day.weekday() not in quiet:
            yield slot_on(day, wishes)
        day += step * DAY


def _day_of(moment: datetime, wishes: Wishes) -> date:
    return moment.astimezone(ZoneInfo(wishes.timezone)).date()
