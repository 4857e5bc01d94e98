"""Lending: requests, grants, returns, and what ends them. Each change is one conditional transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from pynamodb.expressions.condition import size

from chalicelib import periods
from chalicelib.auth import Caller
from chalicelib.catalogue import service as catalogue
from chalicelib.circulation import rules
from chalicelib.circulation.rules import Status, Step
from chalicelib.circulation.tables import DUE_SHARDS, Card, Copies, Loan, split_id
from chalicelib.database import Collision, Transaction, again, get, snapshot
from chalicelib.errors import Forbidden, Invalid, LibraryError, NotFound, Rule, WayOut
from chalicelib.facts import Fact, fact
from chalicelib.ids import is_id, new_id
from chalicelib.policy import service as policy

KEYS_LIVE = timedelta(days=1)


# --------------------------------------------------------------------------------------- asking for a book


def request(patron: Caller, book_id: str, period: str | None, key: str | None, now: datetime) -> Loan:
    """Ask for an e-book, or borrow it at once where it is granted by itself.

    Asked again with the same `key` within a day, it is the same request: the loan that came of it is the answer.

    Raises NotFound, Invalid, LoanLimitReached, AlreadyYours, NoCopyAvailable.
    """
    if key is not None and (earlier := _asked_before(patron.id, book_id, key, now)):
        return earlier
    with snapshot() as reading:
        book_reading = catalogue.within(reading, book_id)
        policy_reading = policy.within(reading)
    book = catalogue.settled(book_reading)
    limit = policy.settled(policy_reading).loan_limit
    loan = Loan(
        patron_id=patron.id,
        id=new_id(now),
        book_id=book_id,
        status=Status.REQUESTED,
        open_book_id=book_id,
        request_key=key,
        period=_asked_period(period, book),
        requested_at=now,
    )
    try:
        _despite_what_is_past_due(lambda: _open(loan, book, limit, now), loan, now)
    except (rules.LoanLimitReached, rules.AlreadyYours) as refusal:
        # Sent twice at once, the other was quicker.
        if key is not None and (earlier := _asked_before(patron.id, book_id, key, now)):
            return earlier
        raise _with_ways_out(refusal, patron.id) from None
    return loan


def _asked_before(patron_id: str, book_id: str, key: str, now: datetime) -> Loan | None:
    """The loan that came of a request with this key, if it was made within a day."""
    of_book = Loan.of_book.query(patron_id, Loan.book_id == book_id, consistent_read=True)
    return next((loan for loan in of_book if loan.request_key == key and now - loan.requested_at < KEYS_LIVE), None)


def _despite_what_is_past_due(step: Callable[[], None], loan: Loan, now: datetime) -> None:
    """Take `step` of `loan`; where it is refused for what is past due and not closed yet, close that first."""
    while True:
        try:
            return step()
        except (rules.LoanLimitReached, rules.AlreadyYours, rules.NoCopyAvailable) as refusal:
            holds_copies = isinstance(refusal, rules.NoCopyAvailable)
            in_the_way = open_loans_of(loan.book_id) if holds_copies else open_loans(loan.patron_id)
            if not sum(_close(kept, now) for kept in in_the_way):
                raise


def _asked_period(period: str | None, book: catalogue.Book) -> str:
    if period is None:
        return book.loan_period
    policy.checked_period("period", period)
    if periods.parse(period) > periods.parse(book.loan_period):
        raise Invalid.field("period", f"This e-book is lent for {book.loan_period} at most.", "too-large")
    return period


def _open(loan: Loan, book: catalogue.Book, limit: int, now: datetime) -> None:
    transaction = Transaction()
    transaction.put(loan, Loan.id.does_not_exist(), lambda _: rules.AlreadyYours())
    room = (Card.books.does_not_exist() | (size(Card.books) < limit)) & (
        Card.books.does_not_exist() | ~Card.books.contains(book.id)
    )
    transaction.update(
        Card(loan.patron_id),
        [Card.books.add({book.id}), Card.loans.add({loan.id})],
        room,
        lambda card: _refused_by(card, book.id, limit),
    )
    # After the card: who has the book already, or no place left, is told so rather than that no copy is free.
    if book.grant == "automatic":
        _start(transaction, loan, book, now)
    kind = rules.GRANT.fact if loan.status == Status.ACTIVE else "loan.requested"
    transaction.put(_told(kind, loan, loan.patron_id, now))
    transaction.commit()


def _refused_by(card: Card, book_id: str, limit: int) -> LibraryError:
    if book_id in (card.books or ()):
        return rules.AlreadyYours()
    return rules.LoanLimitReached(f"You have {len(card.books or ())} of {limit} e-books. Return one first.")


def _start(transaction: Transaction, loan: Loan, book: catalogue.Book, now: datetime) -> None:
    """Let `loan` be active from `now`, and take a copy where they are limited."""
    loan.status = Status.ACTIVE
    loan.granted_at = now
    loan.due_at = rules.due(now, periods.parse(loan.period))
    loan.due_shard = str(sum(loan.id.encode()) % DUE_SHARDS)
    loan.has_copy = book.copies is not None
    if book.copies is not None:
        transaction.update(
            Copies(book.id),
            [Copies.out.add(1)],
            Copies.out.does_not_exist() | (Copies.out < book.copies),
            lambda _: rules.NoCopyAvailable(),
        )


def _with_ways_out(refusal: Rule, patron_id: str) -> Rule:
    """`refusal` with what would help: giving back a loan, or taking back a request."""
    loans = open_loans(patron_id)
    titles = {book.id: book.title for book in catalogue.by_ids(loan.book_id for loan in loans).values()}
    refusal.ways_out = tuple(
        WayOut(
            "return" if loan.status == Status.ACTIVE else "cancel",
            titles.get(loan.book_id, ""),
            loan.book_id,
            loan.public_id,
        )
        for loan in loans
    )
    return refusal


# ---------------------------------------------------------------------------------------- steps of a loan


def loan_of(public_id: str, caller: Caller) -> Loan:
    """The loan, for the librarian or the patron whose it is.

    Raises NotFound.
    """
    patron_id, loan_id = split_id(public_id)
    if not (is_id(patron_id) and is_id(loan_id)) or not (caller.is_librarian or caller.id == patron_id):
        raise NotFound("There is no such loan.")
    loan = get(Loan, patron_id, loan_id)
    if loan is None:
        raise NotFound("There is no such loan.")
    return loan


def grant(public_id: str, librarian: Caller, period: str | None, now: datetime) -> Loan:
    """Grant a request, for `period` if given.

    Raises NotFound, LoanHasMovedOn, NoCopyAvailable, Invalid.
    """
    loan = loan_of(public_id, librarian)
    if period is not None:
        policy.checked_period("period", period)
    book = catalogue.book(loan.book_id)
    _despite_what_is_past_due(lambda: take(rules.GRANT, loan, librarian.id, now, book=book, period=period), loan, now)
    return loan


def deny(public_id: str, librarian: Caller, reason: str | None, now: datetime) -> Loan:
    """Deny a request.

    Raises NotFound, LoanHasMovedOn.
    """
    loan = loan_of(public_id, librarian)
    take(rules.DENY, loan, librarian.id, now, reason=reason)
    return loan


def revoke(public_id: str, librarian: Caller, reason: str | None, now: datetime) -> Loan:
    """End a request or loan.

    Raises NotFound, LoanHasMovedOn.
    """
    loan = loan_of(public_id, librarian)
    take(rules.REVOKE, loan, librarian.id, now, reason=reason)
    return loan


def give_back(public_id: str, patron: Caller, now: datetime) -> Loan:
    """Return a loan of one's own.

    Raises NotFound, LoanHasMovedOn.
    """
    loan = _own(public_id, patron)
    take(rules.RETURN, loan, patron.id, now)
    return loan


def cancel(public_id: str, patron: Caller, now: datetime) -> Loan:
    """Take back a request of one's own.

    Raises NotFound, LoanHasMovedOn.
    """
    loan = _own(public_id, patron)
    take(rules.CANCEL, loan, patron.id, now)
    return loan


def _own(public_id: str, patron: Caller) -> Loan:
    loan = loan_of(public_id, patron)
    if loan.patron_id != patron.id:
        raise Forbidden("Only the patron can do this.")
    return loan


def take(
    step: Step,
    loan: Loan,
    actor: str | None,
    now: datetime,
    *,
    book: catalogue.Book | None = None,
    period: str | None = None,
    reason: str | None = None,
) -> None:
    """Take `step`, if the loan is still where it was read. `loan` is then as it is kept."""

    def attempt() -> None:
        kept = dict(loan.attribute_values)
        loan.period = period or loan.period
        try:
            _attempt(step, loan, actor, now, book, reason)
        except LibraryError:
            loan.attribute_values = kept
            raise

    again(attempt)


def _attempt(
    step: Step, loan: Loan, actor: str | None, now: datetime, book: catalogue.Book | None, reason: str | None
) -> None:
    was = Status(loan.status)
    rules.check(step, was, loan.due_at, now)
    unchanged = Loan.status == was
    if was is Status.ACTIVE:
        unchanged &= (Loan.due_at == loan.due_at) & (Loan.has_copy == loan.has_copy)
    transaction = Transaction()
    if step is rules.GRANT:
        assert book is not None
        _start(transaction, loan, book, now)
    else:
        _finish(transaction, loan, step.target, reason, now)
    transaction.put(loan, unchanged, lambda found: _moved_on(loan, found))
    transaction.put(_told(step.fact, loan, actor, now))
    transaction.commit()


def _moved_on(loan: Loan, found: Loan | None) -> LibraryError:
    """The loan is not as it was read: from an index that lags, or changed meanwhile. Look again, and think again."""
    if found is None:
        return rules.LoanHasMovedOn("This loan is gone.")
    return Collision(mend=lambda: loan.attribute_values.update(found.attribute_values))


def _finish(transaction: Transaction, loan: Loan, end: Status, reason: str | None, now: datetime) -> None:
    """Let `loan` end: its place on the card is free again, and its copy."""
    loan.status = end
    loan.ended_at = loan.due_at if end is Status.EXPIRED else now
    loan.due_shard = None
    loan.open_book_id = None
    loan.reason = reason
    transaction.update(Card(loan.patron_id), [Card.books.delete({loan.book_id}), Card.loans.delete({loan.id})])
    if loan.has_copy:
        loan.has_copy = False
        transaction.update(Copies(loan.book_id), [Copies.out.add(-1)])


def _told(kind: str, loan: Loan, actor: str | None, now: datetime) -> Fact:
    return fact(kind, now, subject=loan.public_id, actor=actor, book_id=loan.book_id, patron_id=loan.patron_id)


# ------------------------------------------------------------------------------------------ what is due


def expire(now: datetime) -> int:
    """Close every loan that is due by `now`; how many were closed. Reads what is due and no more.

    Safe to run twice, in parallel, or again after it died: a loan is closed by who finds it active.
    """
    closed, failure = 0, None
    for loan in past_due(now):
        try:
            closed += _close(loan, now)
        except Exception as error:  # one loan that cannot be closed must not keep the others open
            logging.getLogger(__name__).exception("loan %s could not be closed", loan.public_id)
            failure = error
    if failure:
        raise failure
    return closed


def past_due(now: datetime) -> Iterator[Loan]:
    """The loans that are kept as active and due by `now`."""
    for shard in range(DUE_SHARDS):
        yield from Loan.due.query(str(shard), Loan.due_at <= now, page_size=100)


def _close(loan: Loan, now: datetime) -> bool:
    """Close a loan if it is past due; whether it was."""
    try:
        take(rules.EXPIRE, loan, None, now)
    except rules.LoanHasMovedOn:
        return False
    return True


def open_loans(patron_id: str) -> list[Loan]:
    """What a patron has or asked for, as kept."""
    card = get(Card, patron_id)
    keys = [(patron_id, loan_id) for loan_id in (card.loans if card else None) or ()]
    return sorted(Loan.batch_get(keys, consistent_read=True), key=lambda loan: loan.id)


# ----------------------------------------------------------------------------------------- who may read


def reading_loan(patron_id: str, book_id: str, now: datetime) -> Loan | None:
    """The loan that lets this patron read this book now, or None."""
    of_book = Loan.of_book.query(patron_id, Loan.book_id == book_id, consistent_read=True)
    return next((loan for loan in of_book if rules.may_read(Status(loan.status), loan.due_at, now)), None)


def has_had(patron_id: str, book_id: str) -> bool:
    """Whether this patron was ever granted this book."""
    of_book = Loan.of_book.query(patron_id, Loan.book_id == book_id, consistent_read=True)
    return any(loan.granted_at is not None for loan in of_book)


def open_loans_of(book_id: str) -> Iterator[Loan]:
    """The loans and requests of a book that are kept as open."""
    return iter(Loan.open_of_book.query(book_id))
