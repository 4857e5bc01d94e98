"""Months of the calendar, where the library is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.errors import Invalid


@dataclass(frozen=True, slots=True)
class Month:
    """A month in a zone. `begins` and `ends` are times in UTC; what happens as it ends is of the next one."""

    first: date
    zone: ZoneInfo

    @property
    def name(self) -> str:
        """As "2026-11"."""
        return self.first.strftime("%Y-%m")

    @property
    def last(self) -> date:
        """Its last day."""
        return self.next_first - timedelta(days=1)

    @property
    def next_first(self) -> date:
        """The first day of the month after it."""
        return (self.first + timedelta(days=32)).replace(day=1)

    @property
    def begins(self) -> datetime:
        return _midnight(self.first, self.zone)

    @property
    def ends(self) -> datetime:
        return _midnight(self.next_first, self.zone)

    def before(self) -> Month:
        """The month before."""
        return Month((self.first - timedelta(days=1)).replace(day=1), self.zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def of(moment: datetime, zone: ZoneInfo) -> Month:
    """The month in which `moment` is."""
    return Month(moment.astimezone(zone).date().replace(day=1), zone)


def named(name: str, zone: ZoneInfo) -> Month:
    """The month called `name`, as "2026-11".

    Raises Invalid.
    """
    try:
        return Month(datetime.strptime(name, "%Y-%m").date(), zone)  # noqa: DTZ007 - a day of a calendar has no zone
    except ValueError:
        raise Invalid.field("month", "Write a month, such as 2026-11.", "date") from None
