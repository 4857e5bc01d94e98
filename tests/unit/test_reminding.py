"""When a patron is reminded and of what, over a year of clocks that change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib.notices.reminding import (
    Absence,
    Had,
    Wishes,
    day_of_slot,
    last_slot,
    next_slot,
    next_word,
    slot_on,
    what_to_say,
)

ZONES = (
    "Europe/Paris",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Pacific/Chatham",
    "America/Sao_Paulo",
)
YEAR = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
QUARTER = timedelta(minutes=15)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wishes(zone: str = "UTC", hour: int = 18, due: int = 2, idle: int = 300, **more: Any) -> Wishes:
    return Wishes(zone, hour, due, idle, **more)


@pytest.mark.parametrize("zone", ZONES)
def test_every_day_of_a_year_has_one_slot_on_a_quarter_of_an_hour_at_the_hour_that_was_chosen(zone: str) -> None:
    for hour in (0, 2, 3, 12, 23):
        slots = [slot_on(day, wishes(zone, hour)) for day in YEAR]
        assert len(set(slots)) == len(YEAR)
        assert slots == sorted(slots)
        for day, slot in zip(YEAR, slots, strict=True):
            there = slot.astimezone(ZoneInfo(zone))
            assert slot.minute % 15 == 0
            assert there.date() == day
            # An hour that clocks leave out is taken when it would have been: up to an hour later.
            assert there.hour == hour or (there.hour == hour + 1 and not exists(day, hour, zone))


def exists(day: date, hour: int, zone: str) -> bool:
    """Whether clocks show this hour on this day."""
    named = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone))
    return named.astimezone(UTC).astimezone(ZoneInfo(zone)).hour == hour


@pytest.mark.parametrize("zone", ZONES)
def test_a_schedule_of_quarters_meets_each_slot_of_a_year_once(zone: str) -> None:
    """Nothing missed and nothing doubled, whatever the clocks do: the plan leads from each slot to the next."""
    for hour in (1, 2, 18):
        chosen = wishes(zone, hour)
        now, end = at("2025-12-31T11:45"), at("2026-12-31T11:45")
        days: list[date] = []
        plan = next_slot(now, chosen)
        while plan < end:
            now += ((plan - now) // QUARTER) * QUARTER  # the schedule's turn that comes to it
            now += QUARTER if now < plan else timedelta(0)
            assert now == plan  # on the quarter itself, and no later
            slot = last_slot(now, chosen)
            assert slot == plan
            days.append(day_of_slot(slot, chosen))
            plan = next_slot(now, chosen)
        assert len(days) == len(set(days)) == 365
        assert (max(days) - min(days)).days == 364


def test_an_hour_that_is_left_out_is_taken_at_the_time_it_would_have_been() -> None:
    spring = wishes("Europe/Paris", 2)  # clocks go from 02:00 to 03:00 on the 29th of March 2026
    assert slot_on(date(2026, 3, 29), spring) == at("2026-03-29T01:00")
    assert slot_on(date(2026, 3, 29), spring).astimezone(ZoneInfo("Europe/Paris")).hour == 3


def test_an_hour_that_comes_twice_is_taken_the_first_time() -> None:
    autumn = wishes("Europe/Paris", 2)  # clocks go from 03:00 back to 02:00 on the 25th of October 2026
    assert slot_on(date(2026, 10, 25), autumn) == at("2026-10-25T00:00")
    assert next_slot(at("2026-10-25T00:00"), autumn) == at("2026-10-26T01:00")


@pytest.mark.parametrize("zone", ZONES)
def test_a_loan_of_every_day_of_a_year_is_spoken_of_before_it_is_due_and_never_after(zone: str) -> None:
    chosen = wishes(zone, quiet=frozenset({5, 6}))
    for day in YEAR:
        granted = datetime(day.year, day.month, day.day, 10, 7, tzinfo=UTC)
        loan = Had("loan", "book", "active", granted + timedelta(days=7))
        here = Absence(granted, 0)
        said: list[datetime] = []
        now = granted
        while (moment := next_word(now, chosen, [loan], here)) is not None and moment < loan.until:
            assert what_to_say(moment, chosen, [loan], here).due == (loan,)
            said.append(moment)
            now = moment
        assert 1 <= len(said) <= 3
        assert all(one < loan.until and day_of_slot(one, chosen).weekday() < 5 for one in said)
        # Whoever looks at each slot finds the same.
        looked, slot = [], granted
        while (slot := next_slot(slot, chosen)) < loan.until:
            looked += [slot] if what_to_say(slot, chosen, [loan], here) else []
        assert looked == said


def test_a_loan_for_a_day_is_spoken_of_if_the_hour_comes_before_its_end() -> None:
    granted = at("2026-11-23T09:00")
    short = Had("loan", "book", "active", granted + timedelta(hours=12))
    assert next_word(granted, wishes(due=0), [short], Absence(granted, 0)) == at("2026-11-23T18:00")
    shorter = Had("loan", "book", "active", granted + timedelta(hours=1))
    assert next_word(granted, wishes(idle=365), [shorter], Absence(granted, 9)) is None


def test_a_loan_due_before_the_hour_of_its_last_day_is_spoken_of_the_day_before() -> None:
    loan = Had("loan", "book", "active", at("2026-11-30T09:00"))
    here = Absence(at("2026-11-23T09:00"), 0)
    assert next_word(at("2026-11-23T09:00"), wishes(due=0), [loan], here) == at("2026-11-29T18:00")


def test_a_copy_that_is_ready_is_spoken_of_until_it_has_to_be_picked_up() -> None:
    ready = Had("loan", "book", "ready", at("2026-11-25T12:00"))
    here = Absence(at("2026-11-23T09:00"), 0)
    first = next_word(at("2026-11-23T12:00"), wishes(), [ready], here)
    assert first == at("2026-11-23T18:00")
    assert what_to_say(first, wishes(), [ready], here).ready == (ready,)
    assert next_word(at("2026-11-24T18:00"), wishes(idle=365), [ready], Absence(at("2026-11-23T09:00"), 9)) is None


def test_absence_is_spoken_of_ever_more_rarely_and_in_the_end_not_at_all() -> None:
    since, told, now = at("2026-01-01T10:00"), 0, at("2026-01-01T10:00")
    days: list[int] = []
    while (moment := next_word(now, wishes(idle=1), [], Absence(since, told))) is not None:
        say = what_to_say(moment, wishes(idle=1), [], Absence(since, told))
        assert say.idle is not None
        days.append(say.idle)
        told, now = told + 1, moment
    assert days == [1, 2, 4, 8, 16, 32, 64, 128, 256]


def test_somebody_who_came_is_not_absent() -> None:
    assert not what_to_say(at("2026-11-24T18:00"), wishes(idle=1), [], Absence(at("2026-11-24T08:00"), 0))
    assert what_to_say(at("2026-11-24T18:00"), wishes(idle=1), [], Absence(at("2026-11-23T23:00"), 0)).idle == 1


def test_nothing_is_said_in_a_pause_and_what_is_due_is_said_after_it() -> None:
    paused = wishes(paused_until=at("2026-11-28T12:00"))
    loan = Had("loan", "book", "active", at("2026-11-30T09:00"))
    here = Absence(at("2026-11-23T09:00"), 0)
    assert not what_to_say(at("2026-11-27T18:00"), paused, [loan], here)
    assert next_word(at("2026-11-23T09:00"), paused, [loan], here) == at("2026-11-28T18:00")


def test_seven_quiet_days_are_no_choice() -> None:
    assert next_slot(at("2026-11-23T09:00"), wishes(quiet=frozenset(range(7)))) == at("2026-11-23T18:00")
