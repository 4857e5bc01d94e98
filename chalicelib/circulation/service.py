"""Lending, as the rest of the library asks for it: asking, the steps of loans, what is due, who may read, what patrons
have."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from chalicelib import repeats
from chalicelib.auth import Caller
from chalicelib.catalogue.schemas import BookShown
from chalicelib.circulation import asking, queue, rules, titles
from chalicelib.circulation.records import by_id, loan_of, open_loans, past_due
from chalicelib.circulation.rules import Status, Step
from chalicelib.circulation.steps import close, take
from chalicelib.circulation.tables import Card, Loan
from chalicelib.errors import Forbidden
from chalicelib.repeats import Key


def ask(patron: Caller, book_id: str, if_unavailable: Literal["wait", "refuse"], now: datetime) -> Loan:
    """Ask for an e-book, for as long as it is lent; as `asking.request`, which it raises as."""
    return asking.request(patron, book_id, None, if_unavailable, None, now)


def deny(public_id: str, librarian: Caller, reason: str | None, key: Key | None, now: datetime) -> Loan:
    """Deny a request.

    Raises NotFound, LoanHasMovedOn.
    """
    return _once(rules.DENY, loan_of(public_id, librarian), librarian, key, now, reason=reason)


def revoke(public_id: str, librarian: Caller, reason: str | None, key: Key | None, now: datetime) -> Loan:
    """End a request or loan.

    Raises NotFound, LoanHasMovedOn.
    """
    return _once(rules.REVOKE, loan_of(public_id, librarian), librarian, key, now, reason=reason)


def step_of_own(step: Step, public_id: str, patron: Caller, key: Key | None, now: datetime) -> Loan:
    """Take a step that is the patron's own: return, cancel, accept, renew, pause, resume.

    Raises NotFound, Forbidden, LoanHasMovedOn, SomebodyIsWaiting.
    """
    loan = loan_of(public_id, patron)
    if loan.patron_id != patron.id:
        raise Forbidden("Only the patron can do this.")
    if step in (rules.PAUSE, rules.RESUME) and loan.status == Status.WAITING and loan.paused == (step is rules.PAUSE):
        return loan
    taken = _once(step, loan, patron, key, now)
    if step is rules.RESUME and queue.serve(loan.book_id, now):
        return by_id(public_id)
    return taken


def _once(step: Step, loan: Loan, caller: Caller, key: Key | None, now: datetime, reason: str | None = None) -> Loan:
    def take_it() -> Loan:
        take(step, loan, caller.id, now, reason=reason, key=key)
        return loan

    return repeats.once(key, now, take_it, by_id)


def expire(now: datetime) -> int:
    """Close every loan that is due by `now`; how many were closed. Reads what is due and no more.

    Safe to run twice, in parallel, or again after it died: a loan is closed by who finds it active.
    """
    closed, failure = 0, None
    for loan in past_due(now):
        try:
            closed += close(loan, now)
        except Exception as error:  # one loan that cannot be closed must not keep the others open
            logging.getLogger(__name__).exception("loan %s could not be closed", loan.public_id)
            failure = error
    if failure:
        raise failure
    return closed


def reading_loan(patron_id: str, book_id: str, now: datetime) -> Loan | None:
    """The loan that lets this patron read this book now, or None."""
    of_book = Loan.of_book.query(patron_id, Loan.book_id == book_id, consistent_read=True)
    return next((loan for loan in of_book if rules.may_read(Status(loan.status), loan.due_at, now)), None)


def has_had(patron_id: str, book_id: str) -> bool:
    """Whether this patron was ever granted this book."""
    of_book = Loan.of_book.query(patron_id, Loan.book_id == book_id, consistent_read=True)
    return any(loan.granted_at is not None for loan in of_book)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many loans and requests a patron has open, and how many loans they had."""

    open: int
    had: int


def tallies(patron_ids: Iterable[str]) -> dict[str, Tally]:
    """What each of these patrons has and had, in one batch."""
    cards = {card.patron_id: card for card in Card.batch_get(set(patron_ids), consistent_read=True)}
    return {
        patron_id: Tally(len(cards[patron_id].loans or ()), cards[patron_id].had) if patron_id in cards else Tally(0, 0)
        for patron_id in patron_ids
    }


def open_of(patron_ids: Iterable[str]) -> dict[str, list[Loan]]:
    """What each of these patrons has or asked for, as kept; in two batches."""
    cards = Card.batch_get(set(patron_ids), consistent_read=True)
    keys = [(card.patron_id, loan_id) for card in cards for loan_id in card.loans or ()]
    found: dict[str, list[Loan]] = {}
    for loan in Loan.batch_get(keys, consistent_read=True):
        found.setdefault(loan.patron_id, []).append(loan)
    return found


def history(patron_id: str, now: datetime) -> Iterator[tuple[Loan, Status]]:
    """Every request and loan of a patron with its state now, newest first; read as it is asked for."""
    for loan in Loan.query(patron_id, scan_index_forward=False, consistent_read=True):
        yield loan, rules.status_at(Status(loan.status), loan.due_at, now)


def held(patron_id: str, now: datetime) -> list[tuple[Loan, Status]]:
    """What a patron has or has asked for, with its state now, oldest first: a read and a batch."""
    at_now = ((loan, rules.status_at(Status(loan.status), loan.due_at, now)) for loan in open_loans(patron_id))
    return [(loan, status) for loan, status in at_now if status in rules.OPEN]


def glances(
    books: Iterable[BookShown], own: Mapping[str, Loan], pickup_window: str, now: datetime
) -> dict[str, titles.Glance]:
    """What a page of books can say of their copies; as `titles.glances`."""
    return titles.glances(books, own, pickup_window, now)


def pause_all(patron_id: str, actor: str | None, now: datetime) -> None:
    """Let every queue pass over a patron who cannot borrow now. Safe to repeat."""
    for loan in open_loans(patron_id):
        if loan.status == Status.WAITING and not loan.paused:
            try:
                take(rules.PAUSE, loan, actor, now)
            except rules.LoanHasMovedOn:
                continue


def end_all(patron_id: str, actor: str | None, reason: str | None, now: datetime) -> int:
    """End what a patron has open, as the librarian does who revokes it; how much was ended. Safe to repeat."""
    ended = 0
    for loan in open_loans(patron_id):
        past_due = rules.status_at(Status(loan.status), loan.due_at, now) is Status.EXPIRED
        step, why = (rules.EXPIRE, None) if past_due else (rules.REVOKE, reason)
        try:
            take(step, loan, actor, now, reason=why)
        except rules.LoanHasMovedOn:
            continue
        ended += 1
    return ended
