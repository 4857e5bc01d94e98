"""Routes of exports."""

from __future__ import annotations

import msgspec

from chalicelib import wiring
from chalicelib.errors import Invalid, NotFound
from chalicelib.exports import service, webhook
from chalicelib.exports.schemas import ExportList, Exports, ExportShown, Link, NewExport, WebhookSecret
from chalicelib.exports.tables import Export
from chalicelib.repeats import Key
from chalicelib.routing import Answer, Call, Nothing, Routes, Who

routes = Routes(__name__)


def _shown(kept: Export, download_url: str | None = None) -> ExportShown:
    return ExportShown(
        id=kept.id,
        kind=kept.kind,
        status=kept.status,
        rows=kept.rows,
        size=kept.size if kept.status == "ready" else None,
        created_at=kept.created_at,
        finished_at=kept.finished_at,
        expires_at=kept.expires_at,
        reason=kept.reason,
        webhook=kept.webhook,
        download_url=download_url,
    )


@routes.operation(
    "POST",
    "/exports",
    who=Who.LIBRARIAN,
    body=NewExport,
    returns=ExportShown,
    status=202,
    repeatable=True,
    refusals=(Invalid,),
)
def start_export(call: Call[NewExport, Nothing]) -> ExportShown:
    """Have a CSV file made of loans, e-books, patrons or ratings."""
    text, what = call.idempotency_key, msgspec.json.encode(call.body).decode()
    key = Key(call.caller.id, text, f"export {what}") if text else None
    return _shown(service.start(call.body, call.caller.id, key, wiring.now()))


@routes.operation("GET", "/exports", who=Who.LIBRARIAN, query=ExportList, returns=Exports)
def list_exports(call: Call[Nothing, ExportList]) -> Exports:
    """The exports of the last month, newest first."""
    part = service.listed(call.query.limit, call.query.cursor)
    return Exports(items=[_shown(kept) for kept in part.items], next_cursor=part.next_cursor)


@routes.operation("GET", "/exports/file", who=Who.ANYONE, query=Link, status=303, refusals=(NotFound,))
def fetch_mailed_export(call: Call[Nothing, Link]) -> Answer:
    """The file of an export, for who has the link that was mailed."""
    export = service.by_token(call.query.token, wiring.now())
    return Answer(None, {"Location": service.address(export, call.header("host")), "Cache-Control": "no-store"})


@routes.operation("GET", "/exports/{export_id}", who=Who.LIBRARIAN, returns=ExportShown, refusals=(NotFound,))
def show_export(call: Call[Nothing, Nothing], export_id: str) -> ExportShown:
    """How an export goes, and where its file is once it is ready."""
    kept = service.one(export_id)
    return _shown(kept, service.address(kept, call.header("host")) if kept.status == "ready" else None)


@routes.operation("GET", "/webhook-secret", who=Who.LIBRARIAN, returns=WebhookSecret)
def show_webhook_secret(call: Call[Nothing, Nothing]) -> WebhookSecret:
    """What the library's webhooks are signed with, for who checks them."""
    return WebhookSecret(secret=webhook.secret())
