"""Schedules name the times EventBridge would."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from infra.local.worker.schedules import next_run

SUNDAY = datetime(2026, 11, 22, 10, 47, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "runs"),
    [
        ("rate(5 minutes)", "2026-11-22 10:52:30"),
        ("rate(1 hour)", "2026-11-22 11:47:30"),
        ("rate(7 days)", "2026-11-29 10:47:30"),
        ("cron(0 * * * ? *)", "2026-11-22 11:00:00"),
        ("cron(0/15 * * * ? *)", "2026-11-22 11:00:00"),
        ("cron(48 10 * * ? *)", "2026-11-22 10:48:00"),
        ("cron(47 10 * * ? *)", "2026-11-23 10:47:00"),
        ("cron(0 9 ? * MON-FRI *)", "2026-11-23 09:00:00"),
        ("cron(0 9 ? * 7,1 *)", "2026-11-28 09:00:00"),
        ("cron(0 9 ? * FRI-MON *)", "2026-11-23 09:00:00"),
        ("cron(0 0 1 * ? *)", "2026-12-01 00:00:00"),
        ("cron(0 0 L * ? *)", "2026-11-30 00:00:00"),
        ("cron(0 0 31 * ? *)", "2026-12-31 00:00:00"),
        ("cron(0 0 29 2 ? *)", "2028-02-29 00:00:00"),
        ("cron(0 8 ? * MON#2 *)", "2026-12-14 08:00:00"),
        ("cron(0 8 ? * FRIL *)", "2026-11-27 08:00:00"),
        ("cron(30 6 1 JAN,JUL ? 2028)", "2028-01-01 06:30:00"),
    ],
)
def test_the_next_run_is_the_first_time_named_after_now(expression: str, runs: str) -> None:
    assert next_run(expression, SUNDAY).strftime("%Y-%m-%d %H:%M:%S") == runs


@pytest.mark.parametrize(
    "expression",
    ["daily", "rate(1 week)", "cron(0 9 * *)", "cron(60 9 * * ? *)", "cron(0 9 ? * FUN *)", "cron(0/0 9 * * ? *)"],
)
def test_what_names_no_time_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        next_run(expression, SUNDAY)


def test_a_date_that_never_comes_is_refused_rather_than_searched_for_ever() -> None:
    with pytest.raises(ValueError, match="hundred years"):
        next_run("cron(0 0 31 2 ? *)", SUNDAY)
