"""Routes of the timetable."""

from __future__ import annotations

from chalicelib import wiring
from chalicelib.errors import NotFound
from chalicelib.routing import Call, Nothing, Routes, Who
from chalicelib.timetable import service
from chalicelib.timetable.schemas import Jobs, JobShown

routes = Routes(__name__)


@routes.operation("GET", "/jobs", who=Who.LIBRARIAN, returns=Jobs)
def list_jobs(call: Call[Nothing, Nothing]) -> Jobs:
    """The jobs that run by themselves, and how they went."""
    now = wiring.now()
    return Jobs(
        items=[
            JobShown(
                name=name,
                last_run_at=job.last_run_at,
                done=job.done,
                next_run_at=service.NEXT[name](now),
                failures=job.failures,
                failed_at=job.failed_at,
                failure=job.failure,
            )
            for name, job in service.listed()
        ]
    )


@routes.operation("POST", "/jobs/{name}/run", who=Who.LIBRARIAN, status=202, refusals=(NotFound,))
def run_job(call: Call[Nothing, Nothing], name: str) -> None:
    """Have a job run now, in the background."""
    service.ask_for(name, call.caller.id, wiring.now())
