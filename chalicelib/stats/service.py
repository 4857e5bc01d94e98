"""What was counted, for charts and reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from chalicelib.database import get
from chalicelib.errors import Invalid
from chalicelib.policy import service as policy
from chalicelib.stats.tables import DAY, LIBRARY, NOW, SECTION, Tally

ACTIVE_WITHIN = 30
"""Days within which a patron who came is an active one."""

MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Days:
    """Days of the library's zone, both included."""

    first: date
    last: date

    def __iter__(self) -> Iterator[str]:
        day = self.first
        while day <= self.last:
            yield day.isoformat()
            day += timedelta(days=1)


def span(days: int | None, since: str | None, until: str | None, now: datetime) -> Days:
    """The days that are asked for; the last thirty where nothing is.

    Raises Invalid.
    """
    today = now.astimezone(ZoneInfo(policy.current().timezone)).date()
    if days is not None and (since or until):
        raise Invalid.field("days", "Give either a number of days, or from and to.", "one-of")
    last = _day("to", until) if until else today
    first = _day("from", since) if since else last - timedelta(days=(days or 30) - 1)
    if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
        raise Invalid.field("from", f"Ask for 1 to {MOST_DAYS} days.", "range")
    return Days(first, last)


def _day(field: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid.field(field, "Write a day, such as 2026-11-01.", "date") from None
    if not 2000 <= day.year < 3000:
        raise Invalid.field(field, "Write a day, such as 2026-11-01.", "date")
    return day


def library() -> Tally:
    """The library as it stands."""
    return get(Tally, LIBRARY, NOW) or Tally(of=LIBRARY, key=NOW)


def active_patrons(now: datetime) -> int:
    """How many patrons came within thirty days."""
    return sum(tally.last_seen for tally in by_day(span(ACTIVE_WITHIN, None, None, now)))


def by_day(days: Days) -> list[Tally]:
    """The tally of each of these days, the first one first."""
    kept = {
        tally.key: tally for tally in Tally.query(DAY, Tally.key.between(min(days), max(days)), consistent_read=True)
    }
    return [kept.get(day) or Tally(of=DAY, key=day) for day in days]


def by_section(days: Days) -> dict[str, Tally]:
    """What was counted of each section over these days, by the sections' ids."""
    found = Tally.query(SECTION, Tally.key.between(min(days), f"{max(days)}$"), consistent_read=True)
    sums: defaultdict[str, Tally] = defaultdict(lambda: Tally(of=SECTION, key=""))
    for section_id, tallies in groupby(sorted(found, key=_section_of), key=_section_of):
        for tally in tallies:
            for name in ("issued", "returned", "ratings", "points"):
                setattr(sums[section_id], name, getattr(sums[section_id], name) + getattr(tally, name))
    return dict(sums)


def _section_of(tally: Tally) -> str:
    return tally.key.partition("#")[2]
