"""The contents page of the library: its routes, and everything that wakes it up.

Triggers stand here and not in blueprints, since Chalice would deploy those as modules that never import this one.
Each imports its job where it runs, so that what only a job needs costs a request nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from chalice.app import AuthRequest, AuthResponse, Chalice

from chalicelib import auth, decoding, facts, health, settings, wiring
from chalicelib.accounts import routes as accounts
from chalicelib.accounts import sessions
from chalicelib.audit import routes as audit
from chalicelib.catalogue import routes as catalogue
from chalicelib.catalogue import uploads
from chalicelib.circulation import routes as circulation
from chalicelib.desk import routes as desk
from chalicelib.exports import routes as exports
from chalicelib.notices import routes as notices
from chalicelib.opds import routes as opds
from chalicelib.policy import routes as policy
from chalicelib.reading import routes as reading
from chalicelib.reports import routes as reports
from chalicelib.reviews import routes as reviews
from chalicelib.stats import routes as stats
from chalicelib.timetable import routes as timetable
from chalicelib.timetable.schemas import JobName

FEATURES = (
    policy,
    accounts,
    catalogue,
    circulation,
    reading,
    reviews,
    desk,
    stats,
    notices,
    exports,
    reports,
    timetable,
    audit,
    health,
)

app = Chalice(app_name="carrel")
# What is binary says so itself (`routing`); Chalice would refuse it to clients that do not ask for its type by name.
app.api.binary_types = []


@app.authorizer()
def bearer(request: AuthRequest) -> AuthResponse:
    """Who a token speaks for, while its session is open."""
    return auth.authorize(request, lambda session_id: sessions.is_open(session_id, wiring.cache()))


for feature in FEATURES:
    app.register_blueprint(feature.routes.guarded_by(bearer))
# No part of the API: the feeds sign in, answer and are described in their own standards' way.
app.register_blueprint(opds.routes.guarded_by(bearer))


@app.lambda_function()
def setup(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Make the librarian of a new library; safe to call at every start, by several starts at once.

    With `reset_password` in place of `librarian`: give the librarian that password, for who lost theirs and holds
    the machine or the account.
    """
    from chalicelib.accounts import service
    from chalicelib.catalogue.search import rebuild

    if "reset_password" in event:
        librarian = service.reset_librarian(event["reset_password"], wiring.now())
        sessions.end_all(librarian.id, wiring.cache())
        return {"created": False}
    librarian = event["librarian"]
    made = service.make_librarian(librarian["email"], librarian["password"], wiring.now())
    rebuild.open_empty()
    return {"created": made}


def _time(event: Any) -> datetime:
    """The time a scheduled event is about: what it says, so that a job can be run as of another time."""
    return datetime.fromisoformat(event.to_dict()["time"])


def _expire_loans(at: datetime) -> int:
    from chalicelib.circulation import jobs

    return jobs.expire_loans(at)


def _remind(at: datetime) -> int:
    from chalicelib.notices import jobs

    return jobs.remind(at, wiring.now())


def _report(at: datetime) -> int:
    from chalicelib.reports import service

    return service.begin(at, wiring.now())


JOBS: dict[JobName, Callable[[datetime], int]] = {
    "expire-loans": _expire_loans,
    "reminders": _remind,
    "monthly-report": _report,
}
"""What the jobs of the timetable do as of a time; how much each did."""


def _run(name: JobName, at: datetime) -> dict[str, int]:
    from chalicelib.timetable import service

    return {"done": service.noted(name, at, lambda: JOBS[name](at))}


@app.schedule("rate(1 minute)")
def expire_loans(event: Any) -> dict[str, int]:
    """Close the loans that are due at the time of the event."""
    return _run("expire-loans", _time(event))


@app.schedule("cron(0/15 * * * ? *)")
def reminders(event: Any) -> dict[str, int]:
    """Remind the patrons whose hour it is: somewhere an hour begins at each quarter."""
    return _run("reminders", _time(event))


@app.schedule("rate(1 hour)")
def monthly_report(event: Any) -> dict[str, int]:
    """Have the reports of last month made, where they are not: wherever the library is, a month begins at some hour."""
    return _run("monthly-report", _time(event))


@app.on_sqs_message(queue=f"carrel-{settings.current().stage}-reports", batch_size=1)
def report(event: Any) -> None:
    """Make a report."""
    from chalicelib.reports import making

    for record in event:
        making.make(decoding.decoded(record.body, making.Message), wiring.now())


@app.on_sqs_message(queue=f"carrel-{settings.current().stage}-letters", batch_size=5)
def send(event: Any) -> None:
    """Send the notices that are on their way."""
    from chalicelib.notices import jobs
    from chalicelib.notices.letters import Wake

    for record in event:
        jobs.send(decoding.decoded(record.body, Wake).letter_id, wiring.now())


@app.on_sqs_message(queue=f"carrel-{settings.current().stage}-bounces", batch_size=5)
def bounced(event: Any) -> None:
    """Stop mailing addresses that mail came back from."""
    from chalicelib.notices import bounces

    for record in event:
        bounces.take(record.body, wiring.now())


@app.on_sqs_message(queue=f"carrel-{settings.current().stage}-jobs", batch_size=1)
def job(event: Any) -> None:
    """Run a job that the librarian wants to be run now."""
    from chalicelib.timetable.service import Message

    for record in event:
        _run(decoding.decoded(record.body, Message).name, wiring.now())


@app.schedule("rate(1 minute)")
def keep_index(event: Any) -> None:
    """See that there is a search index, whole and up to date."""
    from chalicelib.catalogue.search import rebuild

    rebuild.keep(wiring.now, lambda: event.context.get_remaining_time_in_millis() / 1000)


@app.on_sqs_message(queue=f"carrel-{settings.current().stage}-intake", batch_size=1)
def intake(event: Any) -> None:
    """Read the files that were uploaded."""
    from chalicelib.catalogue import jobs

    for record in event:
        message = decoding.decoded(record.body, uploads.Message)
        jobs.read_upload(message.upload_id, wiring.cache(), wiring.now())


@app.on_sqs_message(queue=f"carrel-{settings.current().stage}-exports", batch_size=1)
def export(event: Any) -> None:
    """Go on with exports, and tell who waits for them."""
    from chalicelib.exports import jobs

    for record in event:
        message = decoding.decoded(record.body, jobs.Message)
        jobs.go_on(message, lambda: event.context.get_remaining_time_in_millis() / 1000, wiring.now())


@app.on_dynamodb_record(stream_arn=facts.STREAM_ARN, batch_size=50)
def tell(event: Any) -> None:
    """Hand on what happened to who acts on it."""
    from chalicelib.catalogue import jobs as catalogue_jobs
    from chalicelib.circulation import jobs as circulation_jobs
    from chalicelib.desk import jobs as desk_jobs
    from chalicelib.exports import jobs as export_jobs
    from chalicelib.notices import telling
    from chalicelib.reports import jobs as report_jobs
    from chalicelib.stats import jobs as stats_jobs

    told = [facts.of_image(record.new_image) for record in event if record.event_name == "INSERT"]
    for happened in told:
        catalogue_jobs.on_fact(happened, wiring.cache(), wiring.now())
        circulation_jobs.on_fact(happened, wiring.now())
        desk_jobs.on_fact(happened, wiring.cache(), wiring.now())
        telling.on_fact(happened, wiring.now())
        export_jobs.on_fact(happened, wiring.now())
        report_jobs.on_fact(happened)
    telling.plan_anew(told, wiring.now())
    catalogue_jobs.count_loans(told, wiring.cache(), wiring.now())
    stats_jobs.count(told, wiring.cache(), wiring.now())


@app.on_dynamodb_record(stream_arn=facts.STREAM_ARN, batch_size=100)
def index(event: Any) -> None:
    """Bring what happened into the search index."""
    from chalicelib.catalogue.search import writer

    told = (facts.of_image(record.new_image) for record in event if record.event_name == "INSERT")
    writer.follow(told, wiring.now)
