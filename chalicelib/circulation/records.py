"""Loans as they are kept: by id, of a patron, of a book, due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from chalicelib.auth import Caller
from chalicelib.circulation.tables import DUE_SHARDS, Card, Loan, split_id
from chalicelib.database import get
from chalicelib.errors import NotFound
from chalicelib.ids import is_id


def by_id(public_id: str) -> Loan:
    """The loan of this id outside.

    Raises NotFound.
    """
    loan = get(Loan, *split_id(public_id))
    if loan is None:
        raise NotFound("There is no such loan.")
    return loan


def by_ids(public_ids: Iterable[str]) -> Iterator[Loan]:
    """Those of the loans of these ids outside that there are; a batch for each hundred, in no order."""
    return iter(Loan.batch_get(map(split_id, public_ids), consistent_read=True))


def loan_of(public_id: str, caller: Caller) -> Loan:
    """The loan, for the librarian or the patron whose it is.

    Raises NotFound.
    """
    patron_id, loan_id = split_id(public_id)
    if not (is_id(patron_id) and is_id(loan_id)) or not (caller.is_librarian or caller.id == patron_id):
        raise NotFound("There is no such loan.")
    return by_id(public_id)


def open_loans(patron_id: str) -> list[Loan]:
    """What a patron has or asked for, as kept."""
    card = get(Card, patron_id)
    keys = [(patron_id, loan_id) for loan_id in (card.loans if card else None) or ()]
    return sorted(Loan.batch_get(keys, consistent_read=True), key=lambda loan: loan.id)


def open_loans_of(book_id: str) -> Iterator[Loan]:
    """The loans and requests of a book that are kept as open."""
    return iter(Loan.open_of_book.query(book_id))


def past_due(now: datetime) -> Iterator[Loan]:
    """What is kept as active or ready and due by `now`."""
    for shard in range(DUE_SHARDS):
        yield from Loan.due.query(str(shard), Loan.due_at <= now, page_size=100)
