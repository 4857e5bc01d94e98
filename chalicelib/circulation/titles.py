"""The e-books of the catalogue, as far as it concerns who has them: how many copies are free, and what a change or a
removal means for the loans that are out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from chalicelib.auth import Caller
from chalicelib.cache import Cache
from chalicelib.catalogue import service as catalogue
from chalicelib.catalogue.schemas import MOST_SECTIONS
from chalicelib.circulation import rules
from chalicelib.circulation import service as lending
from chalicelib.circulation.rules import OPEN, Status
from chalicelib.circulation.tables import Copies, Loan
from chalicelib.database import Collision, Transaction, again
from chalicelib.errors import Invalid, Rule, WayOut


class BookIsOut(Rule):
    title = "Patrons have this e-book, or have asked for it"


def free_copies(books: Iterable[catalogue.Book], now: datetime) -> dict[str, int]:
    """How many copies may be had now of each of these books that has a number of them."""
    limited = {book.id: book.copies for book in books if book.copies is not None}
    out = {kept.book_id: kept.out for kept in Copies.batch_get(limited, consistent_read=True)}
    free: dict[str, int] = {}
    for book_id, copies in limited.items():
        left = copies - out.get(book_id, 0)
        if left <= 0:
            # A copy past due is free, though no job has closed its loan yet; only where none is left need one look.
            left += sum(_is_past_due(loan, now) for loan in lending.open_loans_of(book_id))
        free[book_id] = min(copies, max(0, left))
    return free


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
    """A book of the catalogue with `changes`; where they limit its copies, the loans that are out hold them.

    Raises as `catalogue.service.change_book`.
    """
    changed = catalogue.change_book(book_id, changes, librarian.id, cache, now, guard=guard)
    if changed.copies is not None and "copies" in changes:
        _count_copies(book_id)
    return changed


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
        change_book(book_id, {**changes, "section_ids": after}, librarian, cache, now, _as_read(read))

    again(attempt)


def _as_read(read: catalogue.Book) -> Callable[[catalogue.Book], None]:
    """Objects to a book that is no longer as it was read."""

    def guard(now: catalogue.Book) -> None:
        if now.section_ids != read.section_ids:
            raise Collision

    return guard


def keep_true(book_id: str, actor: str | None, now: datetime) -> None:
    """Bring the loans of a book into line with the book: whatever changed it, or was lent, while the other was looking.

    Safe to repeat.
    """
    match catalogue.on_shelves([book_id]):
        case []:
            end_loans_of_removed(book_id, actor, now)
        case [book] if book.copies is not None:
            _count_copies(book_id)
        case _:
            pass


def _count_copies(book_id: str) -> None:
    """Let the loans that began while a book had any number of copies hold one each, now that their number is limited.

    A loan is counted by who finds it uncounted.
    """
    for loan in lending.open_loans_of(book_id):
        if loan.status != Status.ACTIVE or loan.has_copy:
            continue
        uncounted = (Loan.status == Status.ACTIVE) & (Loan.has_copy == False)  # noqa: E712
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
    out = sum(rules.status_at(Status(loan.status), loan.due_at, now) in OPEN for loan in lending.open_loans_of(book_id))
    if out and not end_loans:
        raise BookIsOut(
            f"Patrons have this e-book or have asked for it ({out}). Removing it ends their loans and requests.",
            ways_out=(WayOut("end-loans", f"Remove it and end {out}.", book_id),),
        )
    catalogue.remove_book(book_id, librarian.id, cache, now, guard)
    end_loans_of_removed(book_id, librarian.id, now)


def end_loans_of_removed(book_id: str, actor: str | None, now: datetime) -> None:
    """End what is still open of a removed book. Repeated by the fact of the removal, for requests that
    crossed it."""
    for loan in lending.open_loans_of(book_id):
        past_due = rules.status_at(Status(loan.status), loan.due_at, now) is Status.EXPIRED
        step, reason = (rules.EXPIRE, None) if past_due else (rules.REVOKE, "The library no longer has this e-book.")
        try:
            lending.take(step, loan, actor, now, reason=reason)
        except rules.LoanHasMovedOn:
            continue
