"""The e-books of the catalogue, as far as it concerns who has them: how many copies are free, and what a change or a
removal means for the loans that are out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from chalicelib.auth import Caller
from chalicelib.cache import Cache
from chalicelib.catalogue import service as catalogue
from chalicelib.catalogue.schemas import MOST_SECTIONS, BookShown
from chalicelib.circulation import queue, rules
from chalicelib.circulation.forecast import Wait
from chalicelib.circulation.records import open_loans_of
from chalicelib.circulation.rules import OPEN, TIMED, Status
from chalicelib.circulation.steps import take
from chalicelib.circulation.tables import Copies, Loan
from chalicelib.database import Collision, Transaction, again
from chalicelib.errors import Invalid, Outdated, Rule, WayOut
from chalicelib.policy import service as policy


class BookIsOut(Rule):
    title = "Patrons have this e-book, or have asked for it"


class Supply(msgspec.Struct, frozen=True):
    """The copies of a book that has `total`: how many may be had now, how many patrons wait, and when who joins them
    is likely to have one (None while one is free)."""

    total: int
    available: int
    waiting: int
    wait: Wait | None
    returns: int


def supplies(books: Iterable[catalogue.Book], now: datetime) -> dict[str, Supply]:
    """The copies of each of these books that has a number of them."""
    limited = {book.id: book for book in books if book.copies is not None}
    if not limited:
        return {}
    counted = queue.of_books(limited)
    pickup_window = policy.current().pickup_window
    return {
        book_id: _supply(book, counted.get(book_id) or Copies(book_id), pickup_window, now)
        for book_id, book in limited.items()
    }


def _supply(book: catalogue.Book, copies: Copies, pickup_window: str, now: datetime) -> Supply:
    left = book.copies - copies.out
    if left <= 0:
        # A copy past due is free, though no job has closed its loan yet; only where none is left need one look.
        left += sum(_is_past_due(loan, now) for loan in open_loans_of(book.id))
    available = min(book.copies, max(0, left - copies.waiting))
    place = copies.waiting + 1
    wait = None if available else queue.forecast(copies, book.copies, place, book.loan_period, pickup_window, now)
    return Supply(book.copies, available, copies.waiting, wait, copies.returns)


class Glance(msgspec.Struct, frozen=True):
    """As much of the copies of a book as a page of books can say. `position` is the patron's own place in the queue, if
    they wait; `wait` is when that place, or the next to be taken, is likely to have a copy; None while one is free."""

    total: int
    available: int
    waiting: int
    wait: Wait | None
    position: int | None


def glances(
    books: Iterable[BookShown], own: Mapping[str, Loan], pickup_window: str, now: datetime
) -> dict[str, Glance]:
    """The copies of each of these books that has a number of them, for a patron who has the loans `own`, by book.

    One batch however many books, and a query for each that the patron waits for. What is past due counts as out until
    its loan is closed, and the wait is bounded as if every copy had been lent just now: unlike `supplies`, it does not
    look at who has them.
    """
    limited = {book.id: (book, book.copies) for book in books if book.copies is not None}
    if not limited:
        return {}
    counted = queue.of_books(limited)

    def glance(book: BookShown, total: int) -> Glance:
        copies = counted.get(book.id) or Copies(book.id)
        available = min(total, max(0, total - copies.out - copies.waiting))
        position = None
        if (loan := own.get(book.id)) is not None and loan.status == Status.WAITING:
            position = queue.places(book.id).get(loan.id, 1)  # where it has left this instant, it would be the first
        if available and position is None:
            return Glance(total, available, copies.waiting, None, None)
        wait = queue.at_most(copies, total, position or copies.waiting + 1, book.loan_period, pickup_window, now)
        return Glance(total, available, copies.waiting, wait, position)

    return {book.id: glance(book, total) for book, total in limited.values()}


class Place(msgspec.Struct, frozen=True):
    """A place in a queue, from 1, and when a copy is likely to come to it; from how many returns that is known."""

    position: int
    wait: Wait
    returns: int


def places_of(loans: Iterable[Loan], books: Mapping[str, catalogue.Book], now: datetime) -> dict[str, Place]:
    """The places of those of these loans that wait, by their own ids: one query for each e-book, and one batch."""
    waiting = [loan for loan in loans if loan.status == Status.WAITING]
    if not waiting:
        return {}
    pickup_window = policy.current().pickup_window
    counted = queue.of_books(loan.book_id for loan in waiting)
    positions = {book_id: queue.places(book_id) for book_id in {loan.book_id for loan in waiting}}

    def place(loan: Loan) -> Place:
        copies, book = counted[loan.book_id], books[loan.book_id]
        # Where it has left the queue this instant, it would be the first.
        position = positions[loan.book_id].get(loan.id, 1)
        wait = queue.forecast(copies, book.copies or 1, position, book.loan_period, pickup_window, now)
        return Place(position, wait, copies.returns)

    return {loan.id: place(loan) for loan in waiting}


def _is_past_due(loan: Loan, now: datetime) -> bool:
    return loan.has_copy and rules.status_at(Status(loan.status), loan.due_at, now) is Status.EXPIRED


def change_book(
    book_id: str,
    changes: dict[str, Any],
    librarian: Caller,
    cache: Cache,
    now: datetime,
    guard: Callable[[catalogue.Book], None],
) -> catalogue.Book:
    """A book of the catalogue with `changes`; where they limit its copies, the loans that are out hold them, and where
    they free some, who waits gets them.

    Raises as `catalogue.service.change_book`.
    """
    if "copies" not in changes:
        return catalogue.change_book(book_id, changes, librarian.id, cache, now, guard=guard)
    total: int | None = changes["copies"]

    def also(transaction: Transaction) -> None:
        queue.set_total(transaction, book_id, total)

    changed = catalogue.change_book(book_id, changes, librarian.id, cache, now, guard=guard, also=also)
    _settle(changed, now)
    return changed


def _settle(book: catalogue.Book, now: datetime) -> None:
    """Let the copies of a book agree with its loans, and those who wait with what is free."""
    if book.copies is not None:
        _count_copies(book.id)
    queue.serve(book.id, now)


def change_together(
    book_id: str,
    changes: dict[str, Any],
    add_sections: list[str],
    remove_sections: list[str],
    librarian: Caller,
    cache: Cache,
    now: datetime,
) -> None:
    """Change one of several books that are changed together: `changes`, and the sections it stands in besides.

    Raises as `change_book`, and Invalid where it would stand in too many sections.
    """
    if not (add_sections or remove_sections):
        change_book(book_id, changes, librarian, cache, now, lambda _: None)
        return

    def attempt() -> None:
        read = catalogue.book(book_id)
        stays = [s for s in read.section_ids if s not in remove_sections]
        after = list(dict.fromkeys([*stays, *add_sections]))
        if len(after) > MOST_SECTIONS:
            raise Invalid.field("add_section_ids", f"A book stands in at most {MOST_SECTIONS} sections.", "too-many")
        try:
            change_book(book_id, {**changes, "section_ids": after}, librarian, cache, now, _as_read(read))
        except Outdated:
            raise Collision from None

    again(attempt)


def _as_read(read: catalogue.Book) -> Callable[[catalogue.Book], None]:
    """Objects to a book that is no longer as it was read."""

    def guard(now: catalogue.Book) -> None:
        if now.section_ids != read.section_ids:
            raise Outdated  # no Collision: within the change nothing is read again

    return guard


def keep_true(book_id: str, now: datetime) -> None:
    """Bring the loans of a book into line with the book: whatever changed it, or was lent, while the other was looking.

    Safe to repeat.
    """
    if kept := catalogue.on_shelves([book_id]):
        _settle(kept[0], now)
    else:
        end_loans_of_removed(book_id, now)


def _count_copies(book_id: str) -> None:
    """Let the loans that began while a book had any number of copies hold one each, now that their number is limited.

    A loan is counted by who finds it uncounted.
    """
    for loan in open_loans_of(book_id):
        if loan.status not in TIMED or loan.has_copy:
            continue
        uncounted = (Loan.status == loan.status) & (Loan.has_copy == False)  # noqa: E712
        transaction = Transaction()
        transaction.update(loan, [Loan.has_copy.set(True)], uncounted, lambda _: rules.LoanHasMovedOn())
        transaction.update(Copies(book_id), [Copies.out.add(1)])
        try:
            transaction.commit()
        except rules.LoanHasMovedOn:
            continue


def withdraw(
    book_id: str,
    librarian: Caller,
    end_loans: bool,
    cache: Cache,
    now: datetime,
    guard: Callable[[catalogue.Book], None],
) -> None:
    """Take a book out of the library, and, if `end_loans`, its open loans with it. `guard` may object.

    Raises NotFound, BookIsOut.
    """
    guard(catalogue.book(book_id))
    out = sum(rules.status_at(Status(loan.status), loan.due_at, now) in OPEN for loan in open_loans_of(book_id))
    if out and not end_loans:
        raise BookIsOut(
            f"Patrons have this e-book or have asked for it ({out}). Removing it ends their loans and requests.",
            ways_out=(WayOut("end-loans", f"Remove it and end {out}.", book_id),),
        )
    catalogue.remove_book(book_id, librarian.id, cache, now, guard)
    end_loans_of_removed(book_id, now)


def end_loans_of_removed(book_id: str, now: datetime) -> None:
    """End what is still open of a removed book. Repeated by the fact of the removal, for requests that
    crossed it. It is the library that ends them, whoever removed the book: the fact of that says who did."""
    # Who waits first, or each copy that comes back would be set aside for somebody else in turn.
    waiting_first = sorted(open_loans_of(book_id), key=lambda loan: loan.status != Status.WAITING)
    for loan in waiting_first:
        past_due = rules.status_at(Status(loan.status), loan.due_at, now) is Status.EXPIRED
        step, reason = (rules.EXPIRE, None) if past_due else (rules.REVOKE, "The library no longer has this e-book.")
        try:
            take(step, loan, None, now, reason=reason)
        except rules.LoanHasMovedOn:
            continue
