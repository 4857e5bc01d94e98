"""EventBridge's rate(…) and cron(…), and a trigger that keeps to them.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import calendar
import logging
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from infra.local.worker.positions import Positions
from infra.local.worker.trigger import Handler, Trigger

log = logging.getLogger(__name__)

LOOK = 30.0
"""Seconds slept at most, so that a clock that is set, or a machine that wakes up, is noticed."""

_MONTHS = {name.upper(): n for n, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: n for n, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}


def next_run(expression: str, after: datetime) -> datetime:
    """The first time `expression` names after `after` (a rate counts from it). UTC.

    Raises ValueError if it is not an expression, or names no time in the next hundred years.
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression.strip()):
        return after + int(rate[1]) * timedelta(**{f"{rate[2]}s": 1})
    if cron := re.fullmatch(r"cron\((.+)\)", expression.strip()):
        return _Cron.parse(cron[1]).after(after)
    raise ValueError(f"{expression!r} is neither rate(…) nor cron(…)")


@dataclass(frozen=True, slots=True)
class _Cron:
    minutes: frozenset[int]
    hours: frozenset[int]
    is_day: Callable[[date], bool]

    @classmethod
    def parse(cls, text: str) -> _Cron:
        fields = text.split()
        if len(fields) != 6:
            raise ValueError(f"cron({text}) must have six fields: minutes hours day-of-month month day-of-week year")
        minutes, hours, month_day, month, week_day, year = fields
        months, years = _values(month, 1, 12, _MONTHS), _values(year, 1970, 2199)
        on_month_day, on_week_day = _month_days(month_day), _week_days(week_day)

        def is_day(day: date) -> bool:
            return day.month in months and day.year in years and on_month_day(day) and on_week_day(day)

        return cls(_values(minutes, 0, 59), _values(hours, 0, 23), is_day)

    def after(self, moment: datetime) -> datetime:
        moment = (moment + timedelta(minutes=1)).replace(second=0, microsecond=0)
        day = moment.date()
        for _ in range(366 * 100):
            if self.is_day(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        run = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                        if run >= moment:
                            return run
            day += timedelta(days=1)
        raise ValueError("this cron expression names no time in the next hundred years")


def _month_days(field: str) -> Callable[[date], bool]:
    if field == "L":
        return lambda day: day.day == calendar.monthrange(day.year, day.month)[1]
    days = _values(field, 1, 31)
    return lambda day: day.day in days


def _week_days(field: str) -> Callable[[date], bool]:
    """1 is Sunday. `MON#2` is the second Monday of a month, `FRIL` its last Friday."""
    if nth := re.fullmatch(r"(\w+)#([1-5])", field):
        (week_day,), n = _values(nth[1], 1, 7, _DAYS), int(nth[2])
        return lambda day: day.isoweekday() % 7 + 1 == week_day and (day.day - 1) // 7 + 1 == n
    if last := re.fullmatch(r"(\w+)L", field):
        (week_day,) = _values(last[1], 1, 7, _DAYS)
        return lambda day: (
            day.isoweekday() % 7 + 1 == week_day and day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        )
    days = _values(field, 1, 7, _DAYS)
    return lambda day: day.isoweekday() % 7 + 1 in days


def _values(field: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """The numbers a field of the five usual kinds stands for: `*`, `?`, `5`, `1-5`, `0/15`, and lists of
    them."""

    def number(word: str) -> int:
        value = (names or {}).get(word.upper())
        value = int(word) if value is None and word.isdigit() else value
        if value is None or not low <= value <= high:
            raise ValueError(f"{word!r} is not within {low} to {high}")
        return value

    values: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span in ("*", "?"):
            start, end = low, high
        else:
            start = number(first)
            end = number(last) if last else high if step else start
        if step and (not step.isdigit() or step == "0"):
            raise ValueError(f"{part!r} has no step")
        # A span that ends before it begins goes round, as FRI-MON does.
        span_of = range(start, end + 1) if start <= end else [*range(start, high + 1), *range(low, end + 1)]
        values.update(span_of[:: int(step or 1)])
    return frozenset(values)


class ScheduleTrigger(Trigger):
    """Wakes `handler` at the times `expression` names.

    A time missed while the library was closed is made up for, once.
    """

    def __init__(self, name: str, handler: Handler, expression: str, positions: Positions) -> None:
        super().__init__(name, handler)
        self._expression = expression
        self._positions = positions
        if positions.get(name) is None:
            positions.set(name, _now().isoformat())
        self._due = next_run(expression, datetime.fromisoformat(positions.get(name) or _now().isoformat()))

    def turn(self) -> None:
        if (wait := (self._due - _now()).total_seconds()) > 0:
            self.rest(min(wait, LOOK))
            return
        due, now = self._due, _now()
        # The next time is counted from now, and known before the job runs: one that fails waits for its next
        # turn.
        self._due = next_run(self._expression, now)
        with self.job():
            try:
                self.wake(scheduled_event(self.name, max(due, now - timedelta(seconds=LOOK))))
            finally:
                self._positions.set(self.name, now.isoformat())


def scheduled_event(name: str, at: datetime) -> dict[str, Any]:
    """What EventBridge sends for a schedule."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "eu-west-1",
        "resources": [f"arn:aws:events:eu-west-1:000000000000:rule/carrel-local-{name}"],
        "detail": {},
    }


def _now() -> datetime:
    return datetime.now(UTC)
