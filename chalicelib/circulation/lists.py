"""Lists of loans, newest first, by index. What is past due is listed as expired, however it is kept."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from chalicelib.circulation import records
from chalicelib.circulation.rules import OPEN, TIMED, Status, status_at
from chalicelib.circulation.tables import Loan
from chalicelib.errors import Invalid
from chalicelib.paging import Part, first, position

PAGE = 200
"""Loans read at once where some of them may be passed over."""


def statuses(text: str | None) -> frozenset[Status]:
    """The states that a filter names; all where there is none.

    Raises Invalid.
    """
    if text is None:
        return frozenset(Status)
    try:
        return frozenset(Status(part.strip()) for part in text.split(","))
    except ValueError:
        raise Invalid.field("status", f"A status is one of {', '.join(Status)}.", "choice") from None


def of_patron(patron_id: str, wanted: frozenset[Status], limit: int, cursor: str | None, now: datetime) -> Part[Loan]:
    """A patron's loans. What is open is found by the card, however much was returned since."""
    if wanted <= OPEN:
        return _page(_sorted(records.open_loans(patron_id), cursor), wanted, limit, now)
    loans = Loan.query(patron_id, _before(cursor), scan_index_forward=False, page_size=PAGE, consistent_read=True)
    return _page(loans, wanted, limit, now)


def of_patron_and_book(
    patron_id: str, book_id: str, wanted: frozenset[Status], limit: int, cursor: str | None, now: datetime
) -> Part[Loan]:
    """A patron's loans of one book: few, so they are read whole and sorted here."""
    loans = Loan.of_book.query(patron_id, Loan.book_id == book_id, consistent_read=True)
    return _page(_sorted(loans, cursor), wanted, limit, now)


def of_book(book_id: str, wanted: frozenset[Status], limit: int, cursor: str | None, now: datetime) -> Part[Loan]:
    """The loans of a book. What is open has an index of its own."""
    index = Loan.open_of_book if wanted <= OPEN else Loan.by_book
    loans = index.query(book_id, _before(cursor), scan_index_forward=False, page_size=PAGE)
    return _page(loans, wanted, limit, now)


def of_library(wanted: frozenset[Status], limit: int, cursor: str | None, now: datetime) -> Part[Loan]:
    """All loans in these states: one query for each state as it is kept, and what is past due, merged."""

    def kept_as(status: Status) -> Iterator[Loan]:
        before = _before(cursor)
        return iter(Loan.by_status.query(status, before, scan_index_forward=False, page_size=limit + 1))

    sources = [kept_as(status) for status in sorted(wanted)]
    if Status.EXPIRED in wanted and not wanted >= TIMED:
        sources.append(iter(_sorted(records.past_due(now), cursor)))
    merged = heapq.merge(*sources, key=lambda loan: loan.id, reverse=True)
    # A loan that changes its state between two of the queries comes twice, one after the other.
    once = (next(same) for _, same in groupby(merged, key=lambda loan: loan.id))
    return _page(once, wanted, limit, now)


def _page(loans: Iterable[Loan], wanted: frozenset[Status], limit: int, now: datetime) -> Part[Loan]:
    seen = (loan for loan in loans if status_at(Status(loan.status), loan.due_at, now) in wanted)
    return first(seen, limit, lambda loan: loan.id)


def _sorted(loans: Iterable[Loan], cursor: str | None) -> list[Loan]:
    after = position(cursor)
    before = (loan for loan in loans if after is None or loan.id < after)
    return sorted(before, key=lambda loan: loan.id, reverse=True)


def _before(cursor: str | None) -> Any:
    after = position(cursor)
    return Loan.id < after if after else None
