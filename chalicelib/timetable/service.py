"""Running jobs, by the clock or when somebody asks for it, and noting how each went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from pynamodb.expressions.update import Action

from chalicelib import queues
from chalicelib.decoding import converted
from chalicelib.errors import NotFound
from chalicelib.facts import fact
from chalicelib.policy import service as policy
from chalicelib.timetable.schemas import JobName
from chalicelib.timetable.tables import JOBS, Job

LONGEST_FAILURE = 300
"""Characters that are kept of why a job failed."""


class Message(msgspec.Struct, frozen=True):
    """A job that somebody wants to be run, as of now."""

    name: JobName


def _every(minutes: int) -> Callable[[datetime], datetime]:
    """The next whole multiple of so many minutes of the hour."""
    step = timedelta(minutes=minutes)
    return lambda now: now.replace(minute=0, second=0, microsecond=0) + step * (now.minute // minutes + 1)


def _first_of_month(now: datetime) -> datetime:
    """The first of next month, as it begins in the library's zone."""
    local = now.astimezone(ZoneInfo(policy.current().timezone))
    month = (local.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return month.astimezone(UTC)


NEXT: Mapping[JobName, Callable[[datetime], datetime]] = {
    "expire-loans": _every(1),
    "reminders": _every(15),
    "monthly-report": _first_of_month,
}
"""When each job runs next after a time. That it does, `app.py` sees to."""


def noted(name: JobName, at: datetime, run: Callable[[], int]) -> int:
    """What `run` returns, which is a job as of `at`, with a note of how it went. What it raises is raised."""
    try:
        done = run()
    except Exception as error:
        _note(name, [Job.failures.add(1), Job.failed_at.set(at), Job.failure.set(repr(error)[:LONGEST_FAILURE])])
        raise
    _note(name, [Job.last_run_at.set(at), Job.done.set(done), Job.failures.set(0)])
    return done


def _note(name: JobName, actions: list[Action]) -> None:
    Job(collection=JOBS, name=name).update(actions)


def ask_for(name: str, librarian: str, now: datetime) -> None:
    """Have a job run now, in the background.

    Raises NotFound.
    """
    if name not in NEXT:
        raise NotFound("There is no such job.")
    fact("job.asked", now, subject=name, actor=librarian).save()
    queues.send("jobs", converted({"name": name}, Message))


def listed() -> list[tuple[JobName, Job]]:
    """Every job, with how it went last."""
    kept = {job.name: job for job in Job.query(JOBS, consistent_read=True)}
    return [(name, kept.get(name) or Job(collection=JOBS, name=name)) for name in NEXT]
