"""How often each book was lent, counted from the facts that tell of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from chalicelib.cache import POPULAR, Cache
from chalicelib.catalogue import ranking
from chalicelib.catalogue.service import on_shelves
from chalicelib.catalogue.tables import Book, Counted
from chalicelib.database import Collision, Transaction, again

DELIVERED_AGAIN_WITHIN = timedelta(days=2)
"""A stream keeps its records for a day; what it delivered can come again for as long."""


def count_loans(book_id: str, fact_ids: Iterable[str], cache: Cache, now: datetime) -> None:
    """Count the loans of a book that these facts tell of. Safe to repeat: a fact is counted once."""
    told = set(fact_ids)

    def attempt() -> None:
        before = {kept.fact_id for kept in Counted.batch_get(told, consistent_read=True)}
        match on_shelves([book_id]), told - before:
            case [kept], new if new:
                _count_loans(kept, new, now)
            case _:
                pass

    again(attempt)
    cache.forget(POPULAR)


def _count_loans(kept: Book, fact_ids: set[str], now: datetime) -> None:
    loans = kept.loan_count + len(fact_ids)
    transaction = Transaction()
    for fact_id in fact_ids:
        counted = Counted(fact_id=fact_id, expires_at=now + DELIVERED_AGAIN_WITHIN)
        transaction.put(counted, Counted.fact_id.does_not_exist(), lambda _: Collision())
    transaction.update(
        kept,
        [Book.loan_count.set(loans), Book.borrowed.set(ranking.by_loans(loans, kept.id)), Book.revision.add(1)],
        Book.revision == kept.revision,
        lambda _: Collision(),
    )
    transaction.commit()
