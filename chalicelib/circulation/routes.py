"""Routes of circulation: asking for e-books, granting, returning, what is out; and the changes of an e-book that
concern who has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from chalicelib import wiring
from chalicelib.accounts import service as accounts
from chalicelib.catalogue import service as catalogue
from chalicelib.catalogue.schemas import BookPatch, BookResult, BookResults, BooksChange, BookShown
from chalicelib.circulation import asking, lists, records, rules, service, titles
from chalicelib.circulation.forecast import Wait
from chalicelib.circulation.schemas import (
    MOST_AT_ONCE,
    Availability,
    AvailabilityOf,
    Batch,
    BookOnLoan,
    Denial,
    GrantTerms,
    Issue,
    LoanList,
    LoanResult,
    LoanResults,
    Loans,
    LoanShown,
    NewLoan,
    Person,
    Removal,
    WaitShown,
)
from chalicelib.circulation.tables import Loan
from chalicelib.errors import Invalid, LibraryError, NotFound
from chalicelib.ids import is_id
from chalicelib.problems import problem_of
from chalicelib.repeats import Key
from chalicelib.routing import Call, Nothing, Routes, Who
from chalicelib.validation import changes

routes = Routes(__name__)


def _shown(loans: Sequence[Loan], *, waits: bool = False) -> list[LoanShown]:
    """Loans as the API shows them; with `waits`, which costs a query for each e-book waited for, their places in the
    queue."""
    now = wiring.now()
    books = catalogue.by_ids(loan.book_id for loan in loans)
    names = accounts.names(loan.patron_id for loan in loans)
    in_queue = titles.places_of(loans, books, now) if waits else {}
    return [_shown_one(loan, books[loan.book_id], names.get(loan.patron_id), in_queue, now) for loan in loans]


def _shown_one(
    loan: Loan, book: catalogue.Book, name: str | None, in_queue: Mapping[str, titles.Place], now: datetime
) -> LoanShown:
    status = rules.status_at(rules.Status(loan.status), loan.due_at, now)
    place = in_queue.get(loan.id)
    return LoanShown(
        id=loan.public_id,
        book_id=loan.book_id,
        book=BookOnLoan(title=book.title, authors=list(book.authors), cover_url=catalogue.cover_url(book)),
        patron_id=loan.patron_id,
        patron=Person(name=name),
        status=status.value,
        period=loan.period,
        requested_at=loan.requested_at,
        granted_at=loan.granted_at,
        due_at=loan.due_at if loan.granted_at else None,
        pickup_by=None if loan.granted_at else loan.due_at,
        ended_at=loan.due_at if status is rules.Status.EXPIRED else loan.ended_at,
        reason=loan.reason,
        paused=loan.paused,
        renewals=loan.renewals,
        queue_position=place.position if place else None,
        wait=_shown_wait(place.wait, place.returns) if place else None,
    )


def _shown_wait(wait: Wait, returns: int) -> WaitShown:
    return WaitShown(after=wait.earliest, by=wait.latest, returns=returns)


def _one(loan: Loan) -> LoanShown:
    return _shown([loan], waits=True)[0]


def _key(call: Call[Any, Any], *what: str) -> Key | None:
    """The name of this request, of what it is for; None where none was sent."""
    text = call.idempotency_key
    return Key(call.caller.id, text, " ".join(what)) if text else None


@routes.operation(
    "POST",
    "/loans",
    who=Who.PATRON,
    body=NewLoan,
    returns=LoanShown,
    status=201,
    repeatable=True,
    refusals=(NotFound, rules.LoanLimitReached, rules.AlreadyYours, rules.NoCopyAvailable),
)
def request_loan(call: Call[NewLoan, Nothing]) -> LoanShown:
    """Ask for an e-book; where it is granted by itself, the loan is active at once."""
    wanted, key = call.body, _key(call, "request", call.body.book_id)
    return _one(asking.request(call.caller, wanted.book_id, wanted.period, wanted.if_unavailable, key, wiring.now()))


@routes.operation("POST", "/loans/issue", who=Who.LIBRARIAN, body=Issue, returns=LoanResults, repeatable=True)
def issue_loans(call: Call[Issue, Nothing]) -> LoanResults:
    """Lend several e-books to several patrons at once, with a result for each."""
    wanted, now = call.body, wiring.now()
    patron_ids, book_ids = list(dict.fromkeys(wanted.patron_ids)), list(dict.fromkeys(wanted.book_ids))
    if len(patron_ids) * len(book_ids) > MOST_AT_ONCE:
        raise Invalid.field("book_ids", f"Issue at most {MOST_AT_ONCE} loans at once.", "too-many")
    books = {book.id: book for book in catalogue.on_shelves(book_ids)}
    refused = accounts.not_borrowing(patron_ids)
    key = _key(call, "issue")
    kept: dict[str, Loan] = {}

    def one(patron_id: str, book_id: str) -> LoanResult:
        def issue() -> Loan:
            if refusal := refused.get(patron_id):
                raise refusal
            if book_id not in books:
                raise NotFound("There is no such e-book.")
            return asking.issue(patron_id, books[book_id], wanted.period, call.caller, part, now)

        part = key.part(patron_id + book_id) if key else None
        try:
            loan = asking.recalled(part, now) or issue()
        except LibraryError as refusal:
            return LoanResult(ok=False, patron_id=patron_id, book_id=book_id, problem=problem_of(refusal))
        kept[loan.public_id] = loan
        return LoanResult(ok=True, id=loan.public_id, patron_id=patron_id, book_id=book_id)

    results = [one(patron_id, book_id) for patron_id in patron_ids for book_id in book_ids]
    return _with_loans(results, kept)


def _with_loans(results: list[LoanResult], loans: Mapping[str, Loan]) -> LoanResults:
    """Results with the loans that came of them, shown all together."""
    shown = {loan.id: loan for loan in _shown(list(loans.values()))}
    return LoanResults(results=[msgspec.structs.replace(each, loan=shown.get(each.id or "")) for each in results])


@routes.operation("POST", "/loans/batch", who=Who.LIBRARIAN, body=Batch, returns=LoanResults, repeatable=True)
def step_of_several(call: Call[Batch, Nothing]) -> LoanResults:
    """Grant, deny or revoke several at once, with a result for each."""
    wanted, now = call.body, wiring.now()
    key = _key(call, "batch", wanted.action)
    kept: dict[str, Loan] = {}

    def one(loan_id: str) -> LoanResult:
        part = key.part(loan_id) if key else None
        try:
            match wanted.action:
                case "grant":
                    kept[loan_id] = asking.grant(loan_id, call.caller, wanted.period, part, now)
                case "deny":
                    kept[loan_id] = service.deny(loan_id, call.caller, wanted.reason, part, now)
                case "revoke":
                    kept[loan_id] = service.revoke(loan_id, call.caller, wanted.reason, part, now)
        except LibraryError as refusal:
            return LoanResult(ok=False, id=loan_id, problem=problem_of(refusal))
        return LoanResult(ok=True, id=loan_id)

    return _with_loans([one(loan_id) for loan_id in dict.fromkeys(wanted.ids)], kept)


@routes.operation("GET", "/loans", who=Who.SIGNED_IN, query=LoanList, returns=Loans)
def list_loans(call: Call[Nothing, LoanList]) -> Loans:
    """One's own loans, or, for the librarian, everybody's."""
    asked, now = call.query, wiring.now()
    wanted = lists.statuses(asked.status)
    patron = asked.patron if call.caller.is_librarian else call.caller.id
    part = (wanted, asked.limit, asked.cursor, now)
    match patron, asked.book:
        case None, None:
            page = lists.of_library(*part)
        case None, book:
            page = lists.of_book(book, *part)
        case patron, None:
            page = lists.of_patron(patron, *part)
        case patron, book:
            page = lists.of_patron_and_book(patron, book, *part)
    of_few = patron is not None or asked.book is not None
    return Loans(items=_shown(page.items, waits=of_few), next_cursor=page.next_cursor)


@routes.operation("GET", "/loans/{loan_id}", who=Who.SIGNED_IN, returns=LoanShown, refusals=(NotFound,))
def show_loan(call: Call[Nothing, Nothing], loan_id: str) -> LoanShown:
    """A loan."""
    return _one(records.loan_of(loan_id, call.caller))


@routes.operation(
    "POST",
    "/loans/{loan_id}/grant",
    who=Who.LIBRARIAN,
    body=GrantTerms,
    returns=LoanShown,
    repeatable=True,
    refusals=(NotFound, rules.LoanHasMovedOn, rules.NoCopyAvailable),
)
def grant_loan(call: Call[GrantTerms, Nothing], loan_id: str) -> LoanShown:
    """Grant a request."""
    key = _key(call, "grant", loan_id)
    return _one(asking.grant(loan_id, call.caller, call.body.period, key, wiring.now()))


@routes.operation(
    "POST",
    "/loans/{loan_id}/deny",
    who=Who.LIBRARIAN,
    body=Denial,
    returns=LoanShown,
    repeatable=True,
    refusals=(NotFound, rules.LoanHasMovedOn),
)
def deny_loan(call: Call[Denial, Nothing], loan_id: str) -> LoanShown:
    """Deny a request."""
    key = _key(call, "deny", loan_id)
    return _one(service.deny(loan_id, call.caller, call.body.reason, key, wiring.now()))


@routes.operation(
    "POST",
    "/loans/{loan_id}/revoke",
    who=Who.LIBRARIAN,
    body=Denial,
    returns=LoanShown,
    repeatable=True,
    refusals=(NotFound, rules.LoanHasMovedOn),
)
def revoke_loan(call: Call[Denial, Nothing], loan_id: str) -> LoanShown:
    """End a request or loan at once."""
    key = _key(call, "revoke", loan_id)
    return _one(service.revoke(loan_id, call.caller, call.body.reason, key, wiring.now()))


@routes.operation(
    "POST",
    "/loans/{loan_id}/return",
    who=Who.PATRON,
    returns=LoanShown,
    repeatable=True,
    refusals=(NotFound, rules.LoanHasMovedOn),
)
def return_loan(call: Call[Nothing, Nothing], loan_id: str) -> LoanShown:
    """Return an e-book."""
    return _own_step(rules.RETURN, call, loan_id)


@routes.operation(
    "POST",
    "/loans/{loan_id}/cancel",
    who=Who.PATRON,
    returns=LoanShown,
    repeatable=True,
    refusals=(NotFound, rules.LoanHasMovedOn),
)
def cancel_loan(call: Call[Nothing, Nothing], loan_id: str) -> LoanShown:
    """Take back a request, or leave the queue."""
    return _own_step(rules.CANCEL, call, loan_id)


@routes.operation(
    "POST",
    "/loans/{loan_id}/accept",
    who=Who.PATRON,
    returns=LoanShown,
    repeatable=True,
    refusals=(NotFound, rules.LoanHasMovedOn),
)
def accept_loan(call: Call[Nothing, Nothing], loan_id: str) -> LoanShown:
    """Take the copy that is kept for one."""
    return _own_step(rules.ACCEPT, call, loan_id)


@routes.operation(
    "POST",
    "/loans/{loan_id}/renew",
    who=Who.PATRON,
    returns=LoanShown,
    repeatable=True,
    refusals=(NotFound, rules.LoanHasMovedOn, rules.SomebodyIsWaiting),
)
def renew_loan(call: Call[Nothing, Nothing], loan_id: str) -> LoanShown:
    """Have an e-book for another period, while nobody waits for it."""
    return _own_step(rules.RENEW, call, loan_id)


@routes.operation(
    "POST",
    "/loans/{loan_id}/pause",
    who=Who.PATRON,
    returns=LoanShown,
    repeatable=True,
    refusals=(NotFound, rules.LoanHasMovedOn),
)
def pause_loan(call: Call[Nothing, Nothing], loan_id: str) -> LoanShown:
    """Let others go first for now; the place in the queue is kept."""
    return _own_step(rules.PAUSE, call, loan_id)


@routes.operation(
    "POST",
    "/loans/{loan_id}/resume",
    who=Who.PATRON,
    returns=LoanShown,
    repeatable=True,
    refusals=(NotFound, rules.LoanHasMovedOn),
)
def resume_loan(call: Call[Nothing, Nothing], loan_id: str) -> LoanShown:
    """Wait again, at the place that was kept."""
    return _own_step(rules.RESUME, call, loan_id)


def _own_step(step: rules.Step, call: Call[Nothing, Nothing], loan_id: str) -> LoanShown:
    key = _key(call, step.name, loan_id)
    return _one(service.step_of_own(step, loan_id, call.caller, key, wiring.now()))


@routes.operation("GET", "/availability", who=Who.ANYONE, query=AvailabilityOf, returns=dict[str, Availability])
def show_availability(call: Call[Nothing, AvailabilityOf]) -> dict[str, Availability]:
    """How many copies of e-books may be had now; what is not in the catalogue is left out."""
    ids = list(dict.fromkeys(part for part in call.query.ids.split(",") if is_id(part)))
    if len(ids) > MOST_AT_ONCE:
        raise Invalid.field("ids", f"Ask for at most {MOST_AT_ONCE} at once.", "too-many")
    books = catalogue.on_shelves(ids)
    supplies = titles.supplies(books, wiring.now())
    return {book.id: _shown_supply(supplies.get(book.id)) for book in books}


def _shown_supply(supply: titles.Supply | None) -> Availability:
    if supply is None:
        return Availability(copies=None, available=None, waiting=0, wait=None)
    return Availability(
        copies=supply.total,
        available=supply.available,
        waiting=supply.waiting,
        wait=_shown_wait(supply.wait, supply.returns) if supply.wait else None,
    )


@routes.operation(
    "PATCH",
    "/books/{book_id}",
    who=Who.LIBRARIAN,
    body=BookPatch,
    returns=BookShown,
    guarded=True,
    refusals=(NotFound,),
)
def change_book(call: Call[BookPatch, Nothing], book_id: str) -> BookShown:
    """Change an e-book."""
    return catalogue.shown(
        titles.change_book(
            book_id,
            changes(call.body),
            call.caller,
            wiring.cache(),
            wiring.now(),
            lambda book: call.require_match(catalogue.shown(book)),
        )
    )


@routes.operation("POST", "/books/batch", who=Who.LIBRARIAN, body=BooksChange, returns=BookResults)
def change_books(call: Call[BooksChange, Nothing]) -> BookResults:
    """Make the same changes of several e-books; what cannot be done of one is done of the others."""
    wanted = call.body

    def one(book_id: str) -> BookResult:
        try:
            titles.change_together(
                book_id,
                changes(wanted.changes),
                wanted.add_section_ids,
                wanted.remove_section_ids,
                call.caller,
                wiring.cache(),
                wiring.now(),
            )
        except LibraryError as refusal:
            return BookResult(ok=False, id=book_id, problem=problem_of(refusal))
        return BookResult(ok=True, id=book_id)

    return BookResults(results=[one(book_id) for book_id in dict.fromkeys(wanted.ids)])


@routes.operation(
    "DELETE",
    "/books/{book_id}",
    who=Who.LIBRARIAN,
    query=Removal,
    status=204,
    guarded=True,
    refusals=(NotFound, titles.BookIsOut),
)
def remove_book(call: Call[Nothing, Removal], book_id: str) -> None:
    """Remove an e-book; while patrons have it, only with `end_loans=true`, which ends their loans."""
    titles.withdraw(
        book_id,
        call.caller,
        call.query.end_loans,
        wiring.cache(),
        wiring.now(),
        lambda book: call.require_match(catalogue.shown(book)),
    )
