"""The contents page of the library: its routes, and everything that wakes it up.

Triggers stand here and not in blueprints, since Chalice would deploy those as modules that never import this one.
Each imports its job where it runs, so that what only a job needs costs a request nothing.
"""

from __future__ import annotations

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
from chalicelib.policy import routes as policy
from chalicelib.reading import routes as reading
from chalicelib.reviews import routes as reviews

FEATURES = (policy, accounts, catalogue, circulation, reading, reviews, desk, audit, health)

app = Chalice(app_name="carrel")


@app.authorizer()
def bearer(request: AuthRequest) -> AuthResponse:
    """Who a token speaks for, while its session is open."""
    return auth.authorize(request, lambda session_id: sessions.is_open(session_id, wiring.cache()))


for feature in FEATURES:
    app.register_blueprint(feature.routes.guarded_by(bearer))


@app.lambda_function()
def setup(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Make the librarian of a new library; safe to call at every start, by several starts at once.

    With `reset_password` in place of `librarian`: give the librarian that password, for who lost theirs and holds
    the machine or the account.
    """
    from chalicelib.accounts import service

    if "reset_password" in event:
        librarian = service.reset_librarian(event["reset_password"], wiring.now())
        sessions.end_all(librarian.id, wiring.cache())
        return {"created": False}
    librarian = event["librarian"]
    made = service.make_librarian(librarian["email"], librarian["password"], wiring.now())
    return {"created": made}


def _time(event: Any) -> datetime:
    """The time a scheduled event is about: what it says, so that a job can be run as of another time."""
    return datetime.fromisoformat(event.to_dict()["time"])


@app.schedule("rate(1 minute)")
def expire_loans(event: Any) -> dict[str, int]:
    """Close the loans that are due at the time of the event."""
    from chalicelib.circulation import jobs

    return {"expired": jobs.expire_loans(_time(event))}


@app.on_sqs_message(queue=f"carrel-{settings.current().stage}-intake", batch_size=1)
def intake(event: Any) -> None:
    """Read the files that were uploaded."""
    from chalicelib.catalogue import jobs

    for record in event:
        message = decoding.decoded(record.body, uploads.Message)
        jobs.read_upload(message.upload_id, wiring.cache(), wiring.now())


@app.on_dynamodb_record(stream_arn=facts.STREAM_ARN, batch_size=50)
def tell(event: Any) -> None:
    """Hand on what happened to who acts on it."""
    from chalicelib.catalogue import jobs as catalogue_jobs
    from chalicelib.circulation import jobs as circulation_jobs
    from chalicelib.desk import jobs as desk_jobs

    told = [facts.of_image(record.new_image) for record in event if record.event_name == "INSERT"]
    for happened in told:
        catalogue_jobs.on_fact(happened, wiring.cache(), wiring.now())
        circulation_jobs.on_fact(happened, wiring.now())
        desk_jobs.on_fact(happened, wiring.cache(), wiring.now())
    catalogue_jobs.count_loans(told, wiring.cache(), wiring.now())
