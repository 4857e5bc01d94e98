"""Steps of a loan, each one conditional transaction: what it frees goes on in the same one."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime

from chalicelib import periods
from chalicelib.accounts import service as accounts
from chalicelib.catalogue import service as catalogue
from chalicelib.circulation import queue, rules
from chalicelib.circulation.queue import Handover, told
from chalicelib.circulation.records import open_loans, open_loans_of
from chalicelib.circulation.rules import Status, Step
from chalicelib.circulation.tables import Card, Loan
from chalicelib.database import Collision, Transaction, again
from chalicelib.errors import LibraryError
from chalicelib.repeats import Key


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
    again(lambda: attempt_step(step, loan, actor, now, handover, reason=reason, key=key))


def attempt_step(
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
    with as_it_was_if_refused(loan):
        loan.period = period or loan.period
        _attempt(step, loan, actor, now, book, reason, key, handover)


@contextmanager
def as_it_was_if_refused(loan: Loan) -> Generator[None]:
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
    if step in (rules.GRANT, rules.QUEUE, rules.ACCEPT):
        accounts.hold_to_standing(transaction, loan.patron_id)
    if step is rules.GRANT:
        assert book is not None
        start(transaction, loan, book, now)
    elif step is rules.QUEUE:
        assert book is not None
        assert book.copies is not None
        loan.status = Status.WAITING
        queue.join(transaction, loan, book.copies)
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


def start(transaction: Transaction, loan: Loan, book: catalogue.Book, now: datetime) -> None:
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


def close(loan: Loan, now: datetime) -> bool:
    """Close a loan if it is past due; whether it was."""
    try:
        take(rules.EXPIRE, loan, None, now)
    except rules.LoanHasMovedOn:
        return False
    return True


def despite_what_is_past_due(step: Callable[[], None], loan: Loan, now: datetime) -> None:
    """Take `step` of `loan`; where it is refused for what is past due and not closed yet, close that first."""
    while True:
        try:
            return step()
        except (rules.LoanLimitReached, rules.AlreadyYours, rules.NoCopyAvailable) as refusal:
            holds_copies = isinstance(refusal, rules.NoCopyAvailable)
            in_the_way = open_loans_of(loan.book_id) if holds_copies else open_loans(loan.patron_id)
            if not sum(close(kept, now) for kept in in_the_way):
                raise
