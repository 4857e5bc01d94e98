"""The timetable: what runs by itself, how it went, and running it now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib import queues, wiring
from chalicelib.timetable import service
from tests.factories import Town
from tests.fakes import SettableClock


def test_a_job_says_when_it_ran_what_it_did_and_when_it_runs_next(town: Town, clock: SettableClock) -> None:
    expiring = _job(town, "expire-loans")
    assert (expiring["last_run_at"], expiring["done"]) == (None, None)
    service.noted("expire-loans", wiring.now(), lambda: 3)
    expiring = _job(town, "expire-loans")
    assert (expiring["done"], expiring["failures"]) == (3, 0)
    assert datetime.fromisoformat(expiring["last_run_at"]) == clock.time
    assert timedelta(0) < datetime.fromisoformat(expiring["next_run_at"]) - clock.time <= timedelta(minutes=1)


def test_failures_are_counted_until_it_goes_well_again(town: Town, clock: SettableClock) -> None:
    def breaks() -> int:
        raise RuntimeError("no table")

    for _ in range(2):
        with pytest.raises(RuntimeError):
            service.noted("reminders", wiring.now(), breaks)
    failing = _job(town, "reminders")
    assert (failing["failures"], failing["last_run_at"]) == (2, None)
    assert "no table" in failing["failure"]
    service.noted("reminders", wiring.now(), lambda: 0)
    assert _job(town, "reminders")["failures"] == 0


def test_the_report_is_due_as_the_month_begins_where_the_library_is(town: Town, clock: SettableClock) -> None:
    town.librarian.patch("/settings", {"timezone": "Pacific/Kiritimati"})  # fourteen hours before UTC
    due = datetime.fromisoformat(_job(town, "monthly-report")["next_run_at"])
    assert (due + timedelta(hours=14)).day == 1
    assert due.hour == 10


def test_a_job_is_run_when_the_librarian_asks_for_it(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, Any]] = []
    monkeypatch.setattr(queues, "send", lambda queue, message: sent.append((queue, message)))
    assert town.librarian.post("/jobs/expire-loans/run").status == 202
    assert sent == [("jobs", service.Message("expire-loans"))]
    assert town.librarian.post("/jobs/tidy-up/run").status == 404


def _job(town: Town, name: str) -> dict[str, Any]:
    return next(job for job in town.librarian.get("/jobs").json["items"] if job["name"] == name)
