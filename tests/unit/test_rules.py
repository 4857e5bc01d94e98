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
PATRONS_AND_LIBRARIANS = [step for step in rules.STEPS if step not in (rules.EXPIRE, rules.SET_ASIDE)]
times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


# As the brief has it, written down once more: the code must not be its own judge.
ALLOWED = {
    rules.GRANT: {"requested"},
    rules.QUEUE: {"requested"},
    rules.DENY: {"requested"},
    rules.SET_ASIDE: {"waiting"},
    rules.ACCEPT: {"ready"},
    rules.RENEW: {"active"},
    rules.PAUSE: {"waiting"},
    rules.RESUME: {"waiting"},
    rules.RETURN: {"active"},
    rules.CANCEL: {"requested", "waiting", "ready"},
    rules.REVOKE: {"requested", "waiting", "ready", "active"},
}


@pytest.mark.parametrize("step", ALLOWED, ids=lambda step: f"{step.name}-{step.target}")
@pytest.mark.parametrize("status", Status)
def test_each_step_is_taken_from_its_states_and_from_no_other(step: rules.Step, status: Status) -> None:
    if status in ALLOWED[step]:
        rules.check(step, status, NOON + SECOND, NOON)
    else:
        with pytest.raises(rules.LoanHasMovedOn):
            rules.check(step, status, NOON + SECOND, NOON)


def test_the_table_of_steps_in_the_docs_is_what_the_steps_are() -> None:
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in (rules.__doc__ or "").splitlines() if "|" in line
    ]
    told = {(row[0], row[2], row[3], row[5]): row for row in rows[2:]}
    assert len(told) == len(rules.STEPS)
    who = {rules.By.LIBRARY: {"library", "time"}, rules.By.PATRON: {"patron"}, rules.By.LIBRARIAN: {"librarian"}}
    for step in rules.STEPS:
        [row] = [
            row for key, row in told.items() if key[0] == step.name and key[1] == step.target and key[3] == step.fact
        ]
        assert {name for name in Status if name in row[1]} == set(step.sources)
        assert row[3] in who[step.by]
        assert ("place" in row[4]) == step.ends


@pytest.mark.parametrize("step", PATRONS_AND_LIBRARIANS, ids=lambda step: f"{step.name}-{step.target}")
def test_from_its_due_second_on_a_loan_is_out_of_everybodys_hands(step: rules.Step) -> None:
    with pytest.raises(rules.LoanHasMovedOn):
        rules.check(step, Status.ACTIVE, NOON, NOON)


def test_a_loan_expires_when_it_is_due_and_not_before() -> None:
    rules.check(rules.EXPIRE, Status.ACTIVE, NOON, NOON)
    with pytest.raises(rules.LoanHasMovedOn):
        rules.check(rules.EXPIRE, Status.ACTIVE, NOON + SECOND, NOON)


def test_a_copy_that_is_kept_is_kept_until_its_time_and_no_longer() -> None:
    assert rules.status_at(Status.READY, NOON + SECOND, NOON) is Status.READY
    assert rules.status_at(Status.READY, NOON, NOON) is Status.EXPIRED
    with pytest.raises(rules.LoanHasMovedOn):
        rules.check(rules.ACCEPT, Status.READY, NOON, NOON)


@pytest.mark.parametrize("status", [s for s in Status if s not in (Status.ACTIVE, Status.READY)])
def test_only_what_has_a_time_expires(status: Status) -> None:
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


@given(times, times, st.integers(60, 52 * 7 * 24 * 3600))
def test_a_renewal_never_takes_time_away(due: datetime, now: datetime, seconds: int) -> None:
    period = timedelta(seconds=seconds)
    assert rules.renewed(due, now, period) == max(due, rules.due(now, period))
