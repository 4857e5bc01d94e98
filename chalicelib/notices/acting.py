"""What a link of a notice does when its owner says so, once; said again it is done already."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from chalicelib.accounts import service as accounts
from chalicelib.auth import Caller, Role
from chalicelib.catalogue import service as catalogue
from chalicelib.circulation import service as circulation
from chalicelib.errors import LibraryError, NotFound
from chalicelib.notices import plans
from chalicelib.notices.links import Link, LinkEnded

PAUSE = timedelta(days=7)
AT = "@"

Outcome: TypeAlias = Literal["done", "done-before", "too-late", "refused"]

rules = circulation.rules

STEPS: dict[str, tuple[rules.Step, rules.Status]] = {
    "return": (rules.RETURN, rules.Status.RETURNED),
    "accept": (rules.ACCEPT, rules.Status.ACTIVE),
    "cancel": (rules.CANCEL, rules.Status.CANCELLED),
}
"""The steps of loans that links take, and the state that says one was taken."""


def act(link: Link, now: datetime) -> Outcome:
    """Do what a link says.

    Raises LinkEnded where whoever it was sent to is gone.
    """
    try:
        return _act(link, now)
    except NotFound:
        raise LinkEnded from None


def about(link: Link) -> str | None:
    """The title of the e-book that a link is about, or None where it is about none."""
    loan_id = link.subject.partition(AT)[0]
    if link.action not in {*STEPS, "renew"}:
        return None
    try:
        loan = circulation.loan_of(loan_id, _caller(link))
    except NotFound:
        raise LinkEnded from None
    return catalogue.by_ids([loan.book_id])[loan.book_id].title


def _act(link: Link, now: datetime) -> Outcome:
    person, plan = plans.own(link.account_id, now)
    match link.action:
        case "return" | "accept" | "cancel":
            return _take(link, now)
        case "renew":
            return _renew(link, now)
        case "pause":
            done = plan.paused_until is None or plan.paused_until <= now
            if done:
                plans.refresh(person.id, now, paused_until=now + PAUSE)
        case "unsubscribe":
            done = accounts.leave_channel(person.id, link.subject, now)
        case "confirm-email":
            done = person.confirmed_email != link.subject
            if not accounts.confirm_email(person.id, link.subject, now):
                return "too-late"
    return "done" if done else "done-before"


def _take(link: Link, now: datetime) -> Outcome:
    step, after = STEPS[link.action]
    loan = circulation.loan_of(link.subject, _caller(link))
    if loan.status == after:
        return "done-before"
    return _refused_or_done(link, step, link.subject, now)


def _renew(link: Link, now: datetime) -> Outcome:
    """Renew a loan that is still due when the link says: it was renewed otherwise."""
    loan_id, _, due = link.subject.partition(AT)
    loan = circulation.loan_of(loan_id, _caller(link))
    if loan.due_at is not None and loan.due_at.isoformat() != due:
        return "done-before"
    return _refused_or_done(link, rules.RENEW, loan_id, now)


def _refused_or_done(link: Link, step: rules.Step, loan_id: str, now: datetime) -> Outcome:
    try:
        circulation.step_of_own(step, loan_id, _caller(link), None, now)
    except rules.LoanHasMovedOn:
        return "too-late"
    except NotFound:
        raise
    except LibraryError as refusal:
        if refusal.status == 409:
            return "refused"
        raise
    return "done"


def _caller(link: Link) -> Caller:
    return Caller(link.account_id, Role.PATRON, "")
