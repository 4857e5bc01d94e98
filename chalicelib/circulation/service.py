"""Lending: requests, grants, returns, and what ends them. Each change is one conditional transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
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
from chalicelib.circulation.rules import Status, Step
from chalicelib.circulation.tables import DUE_SHARDS, Card, Copies, Loan, split_id
from chalicelib.database import Collision, Transaction, again, found, get, snapshot
from chalicelib.errors import Forbidden, Invalid, LibraryError, NotFound, Rule, WayOut
from chalicelib.ids import is_id, new_id
from chalicelib.policy import service as policy
from chalicelib.repeats import Key

# --------------------------------------------------------------------------------------- asking for a book


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
            _despite_what_is_past_due(lambda: _open(loan, read, patron.id, key, now, refuse=refuse), loan, now)
        except Rule as refusal:
            raise _with_ways_out(refusal, loan, now) from None
        return loan

    return repeats.once(key, now, open_it, _by_id)


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
        _despite_what_is_past_due(lambda: _open(loan, [], librarian.id, key, now, issued=True), loan, now)
        return loan

    return repeats.once(key, now, open_it, _by_id)


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


def recalled(key: Key | None, now: datetime) -> Loan | None:
    """The loan that came of a request with this key when it was made before, or None."""
    done = key.result(now) if key else None
    return _by_id(done) if done else None


def _by_id(public_id: str) -> Loan:
    loan = get(Loan, *split_id(public_id))
    if loan is None:
        raise NotFound("There is no such loan.")
    return loan


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
        with _as_it_was_if_refused(loan):
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
        queue.join(transaction, loan)
    elif status is Status.ACTIVE:
        _start(transaction, loan, book, now)
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


def _start(transaction: Transaction, loan: Loan, book: catalogue.Book, now: datetime) -> None:
    """Let `loan` be active from `now`, with a copy of its own where they are limited."""
    loan.has_copy = book.copies is not None
    if book.copies is not None:
        queue.take(transaction, book.id, book.copies)
    _run(loan, now)


def _run(loan: Loan, now: datetime) -> None:
    loan.status = Status.ACTIVE
    loan.granted_at = now
    loan.due_at = rules.due(now, periods.parse(loan.period))
    loan.due_shard = queue.due_shard(loan)


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
    loans = open_loans(loan.patron_id)
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


# ---------------------------------------------------------------------------------------- steps of a loan


def loan_of(public_id: str, caller: Caller) -> Loan:
    """The loan, for the librarian or the patron whose it is.

    Raises NotFound.
    """
    patron_id, loan_id = split_id(public_id)
    if not (is_id(patron_id) and is_id(loan_id)) or not (caller.is_librarian or caller.id == patron_id):
        raise NotFound("There is no such loan.")
    return _by_id(public_id)


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
        _try(step, loan, librarian.id, now, handover, book=wanted.book, period=period, key=key)

    def grant_it() -> Loan:
        _despite_what_is_past_due(lambda: again(attempt), loan, now)
        return loan

    return repeats.once(key, now, grant_it, _by_id)


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
        return _by_id(public_id)
    return taken


def _once(step: Step, loan: Loan, caller: Caller, key: Key | None, now: datetime, reason: str | None = None) -> Loan:
    def take_it() -> Loan:
        take(step, loan, caller.id, now, reason=reason, key=key)
        return loan

    return repeats.once(key, now, take_it, _by_id)


def take(
    step: Step,
    loan: Loan,
    actor: str | None,
    now: datetime,
    *,
    reason: str | None = None,
    key: Key | None = None,
) -> None:
    """Take `step`, if the loan is still where it was read. `loan` is then as it is kept.

    Raises LoanHasMovedOn, and SomebodyIsWaiting where the step needs the copy for longer.
    """
    handover = Handover(loan.book_id, now)
    again(lambda: _try(step, loan, actor, now, handover, reason=reason, key=key))


def _try(
    step: Step,
    loan: Loan,
    actor: str | None,
    now: datetime,
    handover: Handover,
    *,
    book: catalogue.Book | None = None,
    period: str | None = None,
    reason: str | None = None,
    key: Key | None = None,
) -> None:
    """Take `step` once. Raises Collision where it has to be thought of again, `take`'s refusals besides."""
    with _as_it_was_if_refused(loan):
        loan.period = period or loan.period
        _attempt(step, loan, actor, now, book, reason, key, handover)


@contextmanager
def _as_it_was_if_refused(loan: Loan) -> Generator[None]:
    """Let a loan be as it was, where what is done of it inside is refused: the next attempt may go another way."""
    was = dict(loan.attribute_values)
    try:
        yield
    except LibraryError:
        loan.attribute_values = was
        raise


def _attempt(
    step: Step,
    loan: Loan,
    actor: str | None,
    now: datetime,
    book: catalogue.Book | None,
    reason: str | None,
    key: Key | None,
    handover: Handover,
) -> None:
    was = Status(loan.status)
    rules.check(step, was, loan.due_at, now)
    unchanged = Loan.status == was
    if was in rules.TIMED:
        unchanged &= (Loan.due_at == loan.due_at) & (Loan.has_copy == loan.has_copy)
    if was is Status.WAITING:
        unchanged &= Loan.paused == loan.paused
    transaction = Transaction()
    if step is rules.GRANT:
        assert book is not None
        _start(transaction, loan, book, now)
    elif step is rules.QUEUE:
        loan.status = Status.WAITING
        queue.join(transaction, loan)
    elif step is rules.ACCEPT:
        _run(loan, now)
    elif step is rules.RENEW:
        loan.due_at = rules.renewed(loan.due_at, now, periods.parse(loan.period))
        loan.renewals += 1
        if loan.has_copy:
            queue.hold_to_nobody_waiting(transaction, loan.book_id)
    elif step in (rules.PAUSE, rules.RESUME):
        loan.paused = step is rules.PAUSE
        queue.set_paused(transaction, loan, loan.paused)
    else:
        _finish(transaction, loan, step.target, reason, now, handover)
    transaction.put(loan, unchanged, lambda found: _moved_on(loan, found))
    if key:
        key.note(transaction, loan.public_id, now)
    transaction.put(told(step.fact, loan, actor, now, was))
    transaction.commit()


def _moved_on(loan: Loan, found: Loan | None) -> LibraryError:
    """The loan is not as it was read: from an index that lags, or changed meanwhile. Look again, and think again."""
    if found is None:
        return rules.LoanHasMovedOn("This loan is gone.")
    return Collision(mend=lambda: loan.attribute_values.update(found.attribute_values))


def _finish(
    transaction: Transaction, loan: Loan, end: Status, reason: str | None, now: datetime, handover: Handover
) -> None:
    """Let `loan` end: its place on the card is free again, and its copy, or its place in the queue."""
    was, lent_at = Status(loan.status), loan.granted_at
    if was is Status.WAITING:
        queue.leave(transaction, loan)
    loan.status = end
    loan.ended_at = loan.due_at if end is Status.EXPIRED else now
    loan.due_shard = None
    loan.open_book_id = None
    loan.paused = False
    loan.reason = NOT_PICKED_UP if was is Status.READY and end is Status.EXPIRED else reason
    had = [Card.had.add(1)] if lent_at else []
    transaction.update(Card(loan.patron_id), [Card.books.delete({loan.book_id}), Card.loans.delete({loan.id}), *had])
    if loan.has_copy:
        loan.has_copy = False
        seconds = int((loan.ended_at - lent_at).total_seconds()) if lent_at else None
        handover.add_to(transaction, seconds)


NOT_PICKED_UP = "It was not picked up in time."


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


def open_loans_of(book_id: str) -> Iterator[Loan]:
    """The loans and requests of a book that are kept as open."""
    return iter(Loan.open_of_book.query(book_id))


# ------------------------------------------------------------------------------- a patron's loans, for the desk


def history(patron_id: str, now: datetime) -> Iterator[tuple[Loan, Status]]:
    """Every request and loan of a patron with its state now, newest first; read as it is asked for."""
    for loan in Loan.query(patron_id, scan_index_forward=False, consistent_read=True):
        yield loan, rules.status_at(Status(loan.status), loan.due_at, now)


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
