"""Routes of circulation: asking for e-books, granting, returning, what is out; and the changes of an e-book that
concern who has it."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib import wiring
from chalicelib.accounts import service as accounts
from chalicelib.catalogue import service as catalogue
from chalicelib.catalogue.schemas import BookPatch, BookResult, BookResults, BooksChange, BookShown
from chalicelib.circulation import lists, rules, service, titles
from chalicelib.circulation.schemas import (
    Availability,
    AvailabilityOf,
    BookOnLoan,
    Denial,
    GrantTerms,
    LoanList,
    Loans,
    LoanShown,
    NewLoan,
    Person,
    Removal,
)
from chalicelib.circulation.tables import Loan
from chalicelib.errors import Invalid, LibraryError, NotFound
from chalicelib.ids import is_id
from chalicelib.problems import problem_of
from chalicelib.routing import Call, Nothing, Routes, Who
from chalicelib.validation import changes

routes = Routes(__name__)

MOST_ASKED_AT_ONCE = 100


def _shown(loans: Sequence[Loan]) -> list[LoanShown]:
    now = wiring.now()
    books = catalogue.by_ids(loan.book_id for loan in loans)
    names = accounts.names(loan.patron_id for loan in loans)
    return [
        LoanShown(
            id=loan.public_id,
            book_id=loan.book_id,
            book=BookOnLoan(
                title=books[loan.book_id].title,
                authors=list(books[loan.book_id].authors),
                cover_url=catalogue.cover_url(books[loan.book_id]),
            ),
            patron_id=loan.patron_id,
            patron=Person(name=names.get(loan.patron_id)),
            status=(status := rules.status_at(rules.Status(loan.status), loan.due_at, now)).value,
            period=loan.period,
            requested_at=loan.requested_at,
            granted_at=loan.granted_at,
            due_at=loan.due_at,
            ended_at=loan.due_at if status is rules.Status.EXPIRED else loan.ended_at,
            reason=loan.reason,
        )
        for loan in loans
    ]


def _one(loan: Loan) -> LoanShown:
    return _shown([loan])[0]


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
    key = call.idempotency_key
    return _one(service.request(call.caller, call.body.book_id, call.body.period, key, wiring.now()))


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
    return Loans(items=_shown(page.items), next_cursor=page.next_cursor)


@routes.operation("GET", "/loans/{loan_id}", who=Who.SIGNED_IN, returns=LoanShown, refusals=(NotFound,))
def show_loan(call: Call[Nothing, Nothing], loan_id: str) -> LoanShown:
    """A loan."""
    return _one(service.loan_of(loan_id, call.caller))


@routes.operation(
    "POST",
    "/loans/{loan_id}/grant",
    who=Who.LIBRARIAN,
    body=GrantTerms,
    returns=LoanShown,
    refusals=(NotFound, rules.LoanHasMovedOn, rules.NoCopyAvailable),
)
def grant_loan(call: Call[GrantTerms, Nothing], loan_id: str) -> LoanShown:
    """Grant a request."""
    return _one(service.grant(loan_id, call.caller, call.body.period, wiring.now()))


@routes.operation(
    "POST",
    "/loans/{loan_id}/deny",
    who=Who.LIBRARIAN,
    body=Denial,
    returns=LoanShown,
    refusals=(NotFound, rules.LoanHasMovedOn),
)
def deny_loan(call: Call[Denial, Nothing], loan_id: str) -> LoanShown:
    """Deny a request."""
    return _one(service.deny(loan_id, call.caller, call.body.reason, wiring.now()))


@routes.operation(
    "POST",
    "/loans/{loan_id}/revoke",
    who=Who.LIBRARIAN,
    body=Denial,
    returns=LoanShown,
    refusals=(NotFound, rules.LoanHasMovedOn),
)
def revoke_loan(call: Call[Denial, Nothing], loan_id: str) -> LoanShown:
    """End a request or loan at once."""
    return _one(service.revoke(loan_id, call.caller, call.body.reason, wiring.now()))


@routes.operation(
    "POST",
    "/loans/{loan_id}/return",
    who=Who.PATRON,
    returns=LoanShown,
    refusals=(NotFound, rules.LoanHasMovedOn),
)
def return_loan(call: Call[Nothing, Nothing], loan_id: str) -> LoanShown:
    """Return an e-book."""
    return _one(service.give_back(loan_id, call.caller, wiring.now()))


@routes.operation(
    "POST",
    "/loans/{loan_id}/cancel",
    who=Who.PATRON,
    returns=LoanShown,
    refusals=(NotFound, rules.LoanHasMovedOn),
)
def cancel_loan(call: Call[Nothing, Nothing], loan_id: str) -> LoanShown:
    """Take back a request."""
    return _one(service.cancel(loan_id, call.caller, wiring.now()))


@routes.operation("GET", "/availability", who=Who.ANYONE, query=AvailabilityOf, returns=dict[str, Availability])
def show_availability(call: Call[Nothing, AvailabilityOf]) -> dict[str, Availability]:
    """How many copies of e-books may be had now; what is not in the catalogue is left out."""
    ids = list(dict.fromkeys(part for part in call.query.ids.split(",") if is_id(part)))
    if len(ids) > MOST_ASKED_AT_ONCE:
        raise Invalid.field("ids", f"Ask for at most {MOST_ASKED_AT_ONCE} at once.", "too-many")
    books = catalogue.on_shelves(ids)
    free = titles.free_copies(books, wiring.now())
    return {book.id: Availability(copies=book.copies, available=free.get(book.id), waiting=0) for book in books}


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
