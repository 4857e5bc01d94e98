"""The rules of lending, without a cloud in sight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import periods
from chalicelib.circulation import rules
from chalicelib.circulation.rules import OPEN, Status

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
STEPS = [rules.GRANT, rules.DENY, rules.CANCEL, rules.RETURN, rules.REVOKE]
times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("step", "allowed"),
    [
        (rules.GRANT, {Status.REQUESTED}),
        (rules.DENY, {Status.REQUESTED}),
        (rules.CANCEL, {Status.REQUESTED}),
        (rules.RETURN, {Status.ACTIVE}),
        (rules.REVOKE, {Status.REQUESTED, Status.WAITING, Status.READY, Status.ACTIVE}),
    ],
    ids=lambda value: value.name if isinstance(value, rules.Step) else "",
)
@pytest.mark.parametrize("status", Status)
def test_each_step_is_taken_from_its_states_and_from_no_other(
    step: rules.Step, allowed: set[Status], status: Status
) -> None:
    if status in allowed:
        rules.check(step, status, NOON + SECOND, NOON)
    else:
        with pytest.raises(rules.LoanHasMovedOn):
            rules.check(step, status, NOON + SECOND, NOON)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_from_its_due_second_on_a_loan_is_out_of_everybodys_hands(step: rules.Step) -> None:
    with pytest.raises(rules.LoanHasMovedOn):
        rules.check(step, Status.ACTIVE, NOON, NOON)


def test_a_loan_expires_when_it_is_due_and_not_before() -> None:
    rules.check(rules.EXPIRE, Status.ACTIVE, NOON, NOON)
    with pytest.raises(rules.LoanHasMovedOn):
        rules.check(rules.EXPIRE, Status.ACTIVE, NOON + SECOND, NOON)


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.ACTIVE])
def test_only_an_active_loan_expires(status: Status) -> None:
    with pytest.raises(rules.LoanHasMovedOn):
        rules.check(rules.EXPIRE, status, NOON, NOON)


@given(times, times)
def test_one_may_read_exactly_until_the_loan_is_due(due: datetime, now: datetime) -> None:
    assert rules.may_read(Status.ACTIVE, due, now) == (now < due)


@given(st.sampled_from([s for s in Status if s is not Status.ACTIVE]), times, times)
def test_no_other_state_lets_one_read(status: Status, due: datetime, now: datetime) -> None:
    assert not rules.may_read(status, due, now)


@given(times, st.integers(60, 52 * 7 * 24 * 3600))
def test_a_loan_is_never_longer_than_its_period_and_ends_on_a_whole_second(granted: datetime, seconds: int) -> None:
    period = timedelta(seconds=seconds)
    due = rules.due(granted, period)
    assert due.microsecond == 0
    assert granted + period - SECOND < due <= granted + period


def test_what_counts_towards_the_limit_is_what_is_not_over() -> None:
    assert {Status.REQUESTED, Status.WAITING, Status.READY, Status.ACTIVE} == OPEN


class TestPeriods:
    @pytest.mark.parametrize(
        ("text", "length"),
        [
            ("PT1M", timedelta(minutes=1)),
            ("PT12H", timedelta(hours=12)),
            ("P7D", timedelta(days=7)),
            ("P2W", timedelta(weeks=2)),
            ("P1DT2H30M", timedelta(days=1, hours=2, minutes=30)),
            ("P52W", timedelta(weeks=52)),
        ],
    )
    def test_a_period_is_as_long_as_it_says(self, text: str, length: timedelta) -> None:
        assert periods.parse(text) == length

    @pytest.mark.parametrize(
        "text",
        ["", "P", "PT", "P1M", "P1Y", "7D", "P-1D", "P1.5D", "PT59S", "P53W", "P1W2D", "P7D ", "p7d", "P9999999D"],
    )
    def test_what_is_no_period_or_too_short_or_too_long_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"duration|period"):
            periods.parse(text)

    @given(st.text(max_size=30))
    def test_no_text_breaks_it(self, text: str) -> None:
        try:
            assert periods.SHORTEST <= periods.parse(text) <= periods.LONGEST
        except ValueError:
            pass
