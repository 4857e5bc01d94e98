"""Lists of loans, newest first, by index. What is past due is listed as expired, however it is kept."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain, groupby, islice
from typing import Any

from chalicelib import facts
from chalicelib.circulation import records, rules
from chalicelib.circulation.rules import OPEN, TIMED, Status, status_at
from chalicelib.circulation.tables import DUE_SHARDS, Loan
from chalicelib.errors import Invalid
from chalicelib.ids import before
from chalicelib.paging import Part, first, position

BEGINS = ("loan.requested", rules.QUEUE.fact, rules.GRANT.fact)
"""The kinds of fact that can be a loan's first."""

OUT_OR_BACK = (rules.GRANT.fact, rules.ACCEPT.fact, rules.RETURN.fact, rules.EXPIRE.fact, rules.REVOKE.fact)
"""The kinds of fact that tell of an e-book that goes out or comes back."""

AT_ONCE = 100

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


def as_asked_for(
    since: datetime, until: datetime, after: str | None, now: datetime
) -> Iterator[tuple[str, Loan, Status]]:
    """Every loan that was asked for from `since` on and before `until`, in that order, each with the cursor after which
    the list goes on, and its state at `now`.

    The facts tell of each loan when it begins, and are never changed: none is missed or comes twice, whatever becomes
    of the loans meanwhile. A query for each day and way to begin, and a batch for a hundred loans.
    """
    firsts = (told for told in facts.of_kinds(BEGINS, since, until, after) if "was" not in told.details.as_dict())
    while some := list(islice(firsts, AT_ONCE)):
        kept = {loan.public_id: loan for loan in records.by_ids(told.subject for told in some)}
        for told in some:
            if (loan := kept.get(told.subject)) is not None:
                yield told.id, loan, status_at(Status(loan.status), loan.due_at, now)


def out_within(since: datetime, until: datetime, now: datetime) -> Iterator[list[Loan]]:
    """Every loan that was out at some time from `since` on and before `until`, a hundred at a time, in no order: those
    that began or ended within, and those that are out still or ended later. Reads what happened since, and what is out.
    """
    told = (one.subject for one in facts.of_kinds(OUT_OR_BACK, since, now))
    still_out = (loan.public_id for loan in Loan.by_status.query(Status.ACTIVE, Loan.id < before(until)))
    # In this order: what comes back meanwhile was still out, or is told of.
    fresh = _distinct(chain(still_out, told))
    while some := list(islice(fresh, AT_ONCE)):
        yield [
            loan
            for loan in records.by_ids(some)
            if loan.granted_at and loan.granted_at < until and (loan.ended_at is None or loan.ended_at >= since)
        ]


def _distinct(found: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for one in found:
        if one not in seen:
            seen.add(one)
            yield one


def status_of(loan: Loan, now: datetime) -> str:
    """What a loan reads as at `now`."""
    return status_at(Status(loan.status), loan.due_at, now).value


def ended_at(loan: Loan, now: datetime) -> datetime | None:
    """When a loan ended, if it has at `now`; one that is past due ended then, whether or not a job has closed it."""
    return loan.ended_at or (loan.due_at if status_of(loan, now) == Status.EXPIRED else None)


def due_ahead(until: datetime, now: datetime) -> Iterator[Loan]:
    """What is lent out and due after `now` and before `until`; one query for each part of the index."""
    for shard in range(DUE_SHARDS):
        due = Loan.due.query(str(shard), Loan.due_at.between(now, until), page_size=PAGE)
        yield from (loan for loan in due if loan.status == Status.ACTIVE)


def queues() -> Counter[str]:
    """How many wait for each e-book for which somebody waits, by the e-books' ids."""
    return Counter(loan.book_id for loan in Loan.by_status.query(Status.WAITING))


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
