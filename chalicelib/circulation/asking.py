"""Asking for an e-book, being lent one, and the grant of a request: the ways to a copy or into the queue for one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pynamodb.expressions.condition import size

from chalicelib import periods, repeats
from chalicelib.accounts import service as accounts
from chalicelib.auth import Caller
from chalicelib.catalogue import service as catalogue
from chalicelib.circulation import queue, rules
from chalicelib.circulation.queue import Handover, told
from chalicelib.circulation.records import by_id, loan_of, open_loans, open_loans_of
from chalicelib.circulation.rules import Status
from chalicelib.circulation.steps import as_it_was_if_refused, attempt_step, close, despite_what_is_past_due, start
from chalicelib.circulation.tables import Card, Copies, Loan
from chalicelib.database import Collision, Transaction, again, found, get, snapshot
from chalicelib.errors import Invalid, LibraryError, Rule, WayOut
from chalicelib.ids import new_id
from chalicelib.policy import service as policy
from chalicelib.repeats import Key


@dataclass(frozen=True, slots=True)
class Terms:
    """What a request is decided by, as it stood at one moment."""

    book: catalogue.Book
    limit: int
    pickup_window: str
    copies: Copies

    @property
    def copy_is_free(self) -> bool:
        return queue.is_free(self.copies, self.book.copies)


def terms(book_id: str) -> Terms:
    """The terms on which a book is lent now.

    Raises NotFound.
    """
    with snapshot() as reading:
        book_reading = catalogue.within(reading, book_id)
        policy_reading = policy.within(reading)
        copies_reading: Any = reading.get(Copies, book_id)
    library = policy.settled(policy_reading)
    copies = found(copies_reading) or Copies(book_id)
    return Terms(catalogue.settled(book_reading), library.loan_limit, library.pickup_window, copies)


def request(
    patron: Caller,
    book_id: str,
    period: str | None,
    if_unavailable: Literal["wait", "refuse"] | None,
    key: Key | None,
    now: datetime,
) -> Loan:
    """Ask for an e-book, or borrow it at once where it is granted by itself. Where no copy is free, "wait" joins the
    queue and "refuse" does not; where neither is said, a request that the librarian decides on is kept for that.

    Raises NotFound, Invalid, LoanLimitReached, AlreadyYours, NoCopyAvailable.
    """
    refuse = if_unavailable == "refuse"

    def open_it() -> Loan:
        wanted = terms(book_id)
        loan = _new_loan(patron.id, wanted.book, _asked_period(period, wanted.book), now)
        loan.may_wait = if_unavailable == "wait"
        read = [wanted]
        try:
            despite_what_is_past_due(lambda: _open(loan, read, patron.id, key, now, refuse=refuse), loan, now)
        except Rule as refusal:
            raise _with_ways_out(refusal, loan, now) from None
        return loan

    return repeats.once(key, now, open_it, by_id)


def issue(
    patron_id: str, book: catalogue.Book, period: str | None, librarian: Caller, key: Key | None, now: datetime
) -> Loan:
    """Lend a book to a patron who did not ask for it, or whose request for it is open.

    Raises Invalid, NotFound, LoanLimitReached, AlreadyYours, NoCopyAvailable.
    """
    if period is not None:
        policy.checked_period("period", period)
    loan = _new_loan(patron_id, book, period or book.loan_period, now)

    def open_it() -> Loan:
        asked = [kept for kept in open_loans(patron_id) if kept.book_id == book.id and kept.status == Status.REQUESTED]
        if asked:
            return grant(asked[0].public_id, librarian, period, key, now)
        despite_what_is_past_due(lambda: _open(loan, [], librarian.id, key, now, issued=True), loan, now)
        return loan

    return repeats.once(key, now, open_it, by_id)


def recalled(key: Key | None, now: datetime) -> Loan | None:
    """The loan that came of a request with this key when it was made before, or None."""
    done = key.result(now) if key else None
    return by_id(done) if done else None


def grant(public_id: str, librarian: Caller, period: str | None, key: Key | None, now: datetime) -> Loan:
    """Grant a request, for `period` if given. Where every copy is out and the patron may wait, it joins the queue, at
    its place by the time of asking.

    Raises NotFound, LoanHasMovedOn, NoCopyAvailable, Invalid.
    """
    loan = loan_of(public_id, librarian)
    if period is not None:
        policy.checked_period("period", period)

    handover = Handover(loan.book_id, now)

    def attempt() -> None:
        wanted = terms(loan.book_id)
        if not (wanted.copy_is_free or loan.may_wait):
            rules.check(rules.GRANT, Status(loan.status), loan.due_at, now)
            raise rules.NoCopyAvailable
        step = rules.GRANT if wanted.copy_is_free else rules.QUEUE
        if step is rules.QUEUE:
            _free_what_is_past_due(wanted, now)
        attempt_step(step, loan, librarian.id, now, handover, book=wanted.book, period=period, key=key)

    def grant_it() -> Loan:
        despite_what_is_past_due(lambda: again(attempt), loan, now)
        return loan

    return repeats.once(key, now, grant_it, by_id)


def _free_what_is_past_due(wanted: Terms, now: datetime) -> None:
    """Close what is past due before somebody waits for it; fails with Collision where a copy is free now."""
    if wanted.copies.waiting <= 0 and sum(close(kept, now) for kept in open_loans_of(wanted.book.id)):
        raise Collision


def _new_loan(patron_id: str, book: catalogue.Book, period: str, now: datetime) -> Loan:
    return Loan(
        patron_id=patron_id,
        id=new_id(now),
        book_id=book.id,
        status=Status.REQUESTED,
        open_book_id=book.id,
        period=period,
        requested_at=now,
    )


def _asked_period(period: str | None, book: catalogue.Book) -> str:
    if period is None:
        return book.loan_period
    policy.checked_period("period", period)
    if periods.parse(period) > periods.parse(book.loan_period):
        raise Invalid.field("period", f"This e-book is lent for {book.loan_period} at most.", "too-large")
    return period


def _open(
    loan: Loan,
    read: list[Terms],
    actor: str,
    key: Key | None,
    now: datetime,
    *,
    issued: bool = False,
    refuse: bool = False,
) -> None:
    """Store a new loan: active, or in the queue, where the book is granted by itself or `issued`; else requested,
    which needs a free copy only to `refuse` it otherwise.

    What was `read` of the terms already counts for the first attempt; after it they are read again.
    """

    def attempt() -> None:
        wanted = read.pop() if read else terms(loan.book_id)
        by_itself = issued or wanted.book.grant == "automatic"
        if (by_itself or refuse) and not (wanted.copy_is_free or loan.may_wait):
            # Who has the book already, or no place left, is told so rather than that no copy is free.
            card = get(Card, loan.patron_id) or Card(loan.patron_id)
            raise _refusal_of(card, loan.book_id, wanted.limit) or rules.NoCopyAvailable()
        begun = Status.ACTIVE if wanted.copy_is_free else Status.WAITING
        if by_itself and begun is Status.WAITING:
            _free_what_is_past_due(wanted, now)
        with as_it_was_if_refused(loan):
            _commit_opening(loan, wanted, begun if by_itself else Status.REQUESTED, actor, key, now)

    again(attempt)


def _commit_opening(loan: Loan, wanted: Terms, status: Status, actor: str, key: Key | None, now: datetime) -> None:
    book, limit = wanted.book, wanted.limit
    loan.status = status
    transaction = Transaction()
    transaction.put(loan, Loan.id.does_not_exist(), lambda _: rules.AlreadyYours())
    room = (Card.books.does_not_exist() | (size(Card.books) < limit)) & (
        Card.books.does_not_exist() | ~Card.books.contains(book.id)
    )
    transaction.update(
        Card(loan.patron_id),
        [Card.books.add({book.id}), Card.loans.add({loan.id})],
        room,
        lambda card: _refusal_of(card, book.id, limit) or Collision(),
    )
    accounts.hold_to_standing(transaction, loan.patron_id)
    if status is Status.WAITING:
        assert book.copies is not None
        queue.join(transaction, loan, book.copies)
    elif status is Status.ACTIVE:
        start(transaction, loan, book, now)
    if key:
        key.note(transaction, loan.public_id, now)
    transaction.put(told(_OPENED[status], loan, actor, now))
    transaction.commit()


_OPENED = {
    Status.REQUESTED: "loan.requested",
    Status.WAITING: rules.QUEUE.fact,
    Status.ACTIVE: rules.GRANT.fact,
}
"""The fact that tells of a new loan, by the state it begins in."""


def _refusal_of(card: Card, book_id: str, limit: int) -> LibraryError | None:
    """Why the patron of this card may not have one more loan, of this book; None where they may."""
    books = card.books or set[str]()
    if book_id in books:
        return rules.AlreadyYours()
    if len(books) >= limit:
        return rules.LoanLimitReached(f"You have {len(books)} of {limit} e-books. Return one first.")
    return None


def _with_ways_out(refusal: Rule, loan: Loan, now: datetime) -> Rule:
    """`refusal` with what would help: joining the queue, or giving back a loan or taking back a request."""
    if isinstance(refusal, rules.NoCopyAvailable):
        wanted = terms(loan.book_id)
        if wanted.book.copies is not None:
            place = wanted.copies.waiting + 1
            wait = queue.forecast(
                wanted.copies, wanted.book.copies, place, wanted.book.loan_period, wanted.pickup_window, now
            )
            refusal.ways_out = (WayOut("wait", wanted.book.title, loan.book_id, after=wait.earliest, by=wait.latest),)
        return refusal
    if not isinstance(refusal, (rules.LoanLimitReached, rules.AlreadyYours)):
        return refusal
    loans = open_loans(loan.patron_id)
    if isinstance(refusal, rules.AlreadyYours):  # giving back another one would not help
        loans = [kept for kept in loans if kept.book_id == loan.book_id]
    titles = {book.id: book.title for book in catalogue.by_ids(kept.book_id for kept in loans).values()}
    refusal.ways_out = tuple(
        WayOut(
            "return" if kept.status == Status.ACTIVE else "cancel",
            titles.get(kept.book_id, ""),
            kept.book_id,
            kept.public_id,
            by=kept.due_at,
        )
        for kept in loans
    )
    return refusal
