"""What facts lead to: words in the notification centre, letters, and other plans of reminders."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from chalicelib import settings
from chalicelib.accounts import service as accounts
from chalicelib.catalogue import service as catalogue
from chalicelib.circulation import service as circulation
from chalicelib.facts import Fact
from chalicelib.notices import plans, service, subscriptions

TOLD_TO_PATRON = {
    "loan.granted": "loan-granted",
    "loan.waiting": "loan-waiting",
    "loan.denied": "loan-denied",
    "loan.ready": "loan-ready",
    "loan.expired": "loan-expired",
    "loan.revoked": "loan-revoked",
}
"""Steps of a loan that its patron did not take, and what they are called in the notification centre."""

NEWS = timedelta(days=2)
"""What happened longer ago is told nobody: a stream may lag by a day at most, and a demo begins with weeks past."""


def on_fact(happened: Fact, now: datetime) -> None:
    """Tell whom a fact concerns, unless it is long past. Safe to repeat."""
    kind, details = happened.kind, happened.details.as_dict()
    if kind != "account.erased" and now - happened.at > NEWS:
        return
    if kind.startswith("loan."):
        _on_loan(happened, details, now)
    elif kind == "account.reset-asked":
        _mail_reset(happened, details["reset"], now)
    elif kind == "invitation.made":
        _mail_invitation(happened, now)
    elif kind == "account.erased":
        _forget(happened.subject)
    elif kind in ("account.opened", "account.changed"):
        _mail_confirmation(happened, details, now)


def plan_anew(told: Iterable[Fact], now: datetime) -> None:
    """Work out anew when those are reminded whom these facts concern, each once. Safe to repeat."""
    seen: dict[str, datetime | None] = {}
    for happened in told:
        if happened.kind.startswith("loan.") and happened.kind != "loan.requested":
            seen.setdefault(happened.details["patron_id"], None)
        elif happened.kind.startswith("account.") and happened.kind != "account.erased":
            here = happened.at if happened.actor == happened.subject else None
            seen[happened.subject] = here or seen.get(happened.subject)
    people = accounts.by_ids(seen) if seen else {}
    for account_id, visited_at in seen.items():
        if account_id in people and people[account_id].role == "patron":
            plans.refresh(account_id, now, visited_at=visited_at)


def _on_loan(happened: Fact, details: dict[str, Any], now: datetime) -> None:
    patron_id = details["patron_id"]
    if happened.kind == "loan.requested":
        if librarian := accounts.librarian_id():
            _tell_of_loan(librarian, "loan-requested", happened, details, now, patron_id=patron_id)
        return
    if happened.actor != patron_id and (kind := TOLD_TO_PATRON.get(happened.kind)):
        _tell_of_loan(patron_id, kind, happened, details, now)
    if happened.kind == "loan.ready":
        _mail_ready(happened, patron_id, now)


def _tell_of_loan(
    account_id: str, kind: str, happened: Fact, details: dict[str, Any], now: datetime, **more: Any
) -> None:
    book = catalogue.by_ids([details["book_id"]])[details["book_id"]]
    said = {"loan_id": happened.subject, "book_id": book.id, "title": book.title, **more}
    service.tell_as(happened.id, account_id, kind, happened.at, **said)


def _mail_ready(happened: Fact, patron_id: str, now: datetime) -> None:
    """Tell at once of a copy that is kept for a while only; also in the next reminder, if it is still there."""
    person = accounts.by_ids([patron_id]).get(patron_id)
    loans = circulation.open_of([patron_id]).get(patron_id, ())
    loan = next((one for one in loans if one.public_id == happened.subject), None)
    if person is None or loan is None or loan.status != "ready":
        return
    book = catalogue.by_ids([loan.book_id])[loan.book_id]
    data = {
        "loan": {"id": loan.public_id, "title": book.title, "authors": list(book.authors)},
        "until": loan.due_at.isoformat(),
        "url": f"{settings.current().public_url}/me/loans",
    }
    for channel in plans.reached_by(person):
        service.send("ready", patron_id, data, now, once=happened.id, channel=channel, unasked=True)


def _mail_reset(happened: Fact, reset_id: str, now: datetime) -> None:
    service.send("password-reset", happened.subject, {"reset_id": reset_id}, now, once=happened.id)


def _mail_invitation(happened: Fact, now: datetime) -> None:
    found = accounts.invited(happened.subject, now)
    if found is None or found.email is None:
        return
    language = "en"
    if (librarian := accounts.librarian_id()) and (keeper := accounts.by_ids([librarian]).get(librarian)):
        language = keeper.language
    data = {"invitation_id": happened.subject, "until": found.expires_at.isoformat()}
    service.send_to(found.email, found.name or "", language, "invitation", data, now, once=happened.id)


def _mail_confirmation(happened: Fact, details: dict[str, Any], now: datetime) -> None:
    """Ask who gave an address, for themselves, whether it is theirs."""
    account_id = happened.subject
    if happened.actor != account_id:
        return
    if happened.kind == "account.changed" and "email" not in details["fields"].split(","):
        return
    person = accounts.by_ids([account_id]).get(account_id)
    if person is None or person.role != "patron" or not person.email or person.confirmed_email == person.email:
        return
    once = f"{account_id} {person.email}"
    service.send("confirm-email", account_id, {"email": person.email}, now, once=once)


def _forget(account_id: str) -> None:
    """Let go of what is kept here of somebody who was erased. A letter that is still on its way finds nobody there."""
    plans.forget(account_id)
    for browser in subscriptions.of(account_id):
        subscriptions.remove(account_id, browser.id)
    service.forget(account_id)
