"""Lists of loans, newest first, by index. A past-due loan is listed as expired although it is kept as active."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from chalicelib.circulation.rules import Status
from chalicelib.circulation.tables import Loan
from chalicelib.errors import Invalid
from chalicelib.paging import Part, position


def statuses(text: str | None) -> frozenset[Status]:
    """The states that a filter names; all where there is none.

    Raises Invalid.
    """
    if text is None:
        return frozenset(Status)
    try:
        return frozenset(Status(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise Invalid.field("status", f"A status is one of {', '.join(Status)}.", "choice") from None


def of_patron(patron_id: str, wanted: frozenset[Status], limit: int, cursor: str | None, now: datetime) -> Part[Loan]:
    """A patron's loans."""
    return _page(
        Loan.query(
            patron_id,
            _before(cursor),
            filter_condition=_is(wanted, now),
            scan_index_forward=False,
            page_size=limit + 1,
            consistent_read=True,
        ),
        limit,
    )


def of_patron_and_book(
    patron_id: str, book_id: str, wanted: frozenset[Status], limit: int, cursor: str | None, now: datetime
) -> Part[Loan]:
    """A patron's loans of one book: few, so they are read whole and sorted here."""
    after = position(cursor)
    loans = Loan.of_book.query(
        patron_id, Loan.book_id == book_id, filter_condition=_is(wanted, now), consistent_read=True
    )
    before = (loan for loan in loans if after is None or loan.id < after)
    return _page(sorted(before, key=lambda loan: loan.id, reverse=True), limit)


def of_book(book_id: str, wanted: frozenset[Status], limit: int, cursor: str | None, now: datetime) -> Part[Loan]:
    """The loans of a book."""
    return _page(
        Loan.by_book.query(
            book_id,
            _before(cursor),
            filter_condition=_is(wanted, now),
            scan_index_forward=False,
            page_size=limit + 1,
        ),
        limit,
    )


def of_library(wanted: frozenset[Status], limit: int, cursor: str | None, now: datetime) -> Part[Loan]:
    """All loans in these states: one query for each state as it is kept, merged."""
    kept = wanted | ({Status.ACTIVE} if Status.EXPIRED in wanted else set())

    def in_state(status: Status) -> Iterator[Loan]:
        return iter(
            Loan.by_status.query(
                status,
                _before(cursor),
                filter_condition=_is(wanted, now) if status is Status.ACTIVE else None,
                scan_index_forward=False,
                page_size=limit + 1,
            )
        )

    return _page(heapq.merge(*map(in_state, sorted(kept)), key=lambda loan: loan.id, reverse=True), limit)


def _page(loans: Iterable[Loan], limit: int) -> Part[Loan]:
    items = list(islice(loans, limit + 1))
    return Part(items[:limit], items[limit - 1].id if len(items) > limit else None)


def _before(cursor: str | None) -> Any:
    after = position(cursor)
    return Loan.id < after if after else None


def _is(wanted: frozenset[Status], now: datetime) -> Any:
    """The condition that a loan is in one of these states at `now`; None where all are wanted."""
    if wanted == frozenset(Status):
        return None
    if (Status.ACTIVE in wanted) == (Status.EXPIRED in wanted):
        return Loan.status.is_in(*wanted)
    if Status.EXPIRED in wanted:
        return Loan.status.is_in(*wanted) | ((Loan.status == Status.ACTIVE) & (Loan.due_at <= now))
    return Loan.status.is_in(*wanted) & ((Loan.status != Status.ACTIVE) | (Loan.due_at > now))
