"""The rows of each kind of export, oldest first, in batches with the cursor after which the next one goes on.

Nothing here holds more than a batch, and a batch is a fixed number of round trips: the memory and the cost of a row
are those of the first, whatever the library holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeAlias

from chalicelib import settings
from chalicelib.accounts import service as accounts
from chalicelib.catalogue import lists as shelves
from chalicelib.catalogue import service as catalogue
from chalicelib.circulation import lists as loans
from chalicelib.circulation import service as circulation
from chalicelib.exports.schemas import ExportKind
from chalicelib.reviews import service as reviews

AT_ONCE = 100
"""Rows in a batch: what DynamoDB gives in one BatchGetItem."""

Row: TypeAlias = tuple[str, ...]
Batch: TypeAlias = tuple[list[Row], str]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows: those from `since` on and before `until`, in a state that `status` names, of a section or group."""

    since: datetime
    until: datetime
    status: str | None
    section: str | None
    group: str | None


def of_loans(asked: Asked, after: str | None, now: datetime) -> Iterator[Batch]:
    """A row for each request and loan, by when it was asked for; its state is that at `now`."""
    names = shelves.section_names()
    wanted = loans.statuses(asked.status)
    for read in _batches(loans.as_asked_for(asked.since, asked.until, after, now)):
        some = [(loan, status) for _, loan, status in read if status in wanted]
        books = catalogue.by_ids(loan.book_id for loan, _ in some)
        patrons = accounts.names(loan.patron_id for loan, _ in some)
        ratings = reviews.ratings((loan.book_id, loan.patron_id) for loan, _ in some)
        rows = [
            (
                loan.public_id,
                (book := books[loan.book_id]).title,
                _content(book),
                _several(book.authors),
                _several(names[one] for one in book.section_ids if one in names),
                patrons.get(loan.patron_id, ""),
                status.value,
                _time(loan.requested_at),
                _time(loan.granted_at),
                _time(loan.due_at if loan.granted_at else None),
                _time(loan.ended_at if status == "returned" else None),
                _said(ratings.get((loan.book_id, loan.patron_id))),
            )
            for loan, status in some
        ]
        yield rows, read[-1][0]


def of_books(asked: Asked, after: str | None, now: datetime) -> Iterator[Batch]:
    """A row for each e-book, by when it was added."""
    names = shelves.section_names()
    for some in _batches(shelves.as_added(asked.since, asked.until, after)):
        rows = [
            (
                book.id,
                book.title,
                _content(book),
                _several(book.authors),
                _several(names[one] for one in book.section_ids if one in names),
                _said(book.language),
                _said(book.publisher),
                _several(book.identifiers),
                _said(book.pages),
                _said(book.copies),
                _price(book),
                _said(catalogue.mean(book.rating_sum, book.rating_count)),
                _said(book.rating_count),
                _said(book.loan_count),
                _time(book.created_at),
            )
            for book in some
            if asked.section in (None, *book.section_ids)
        ]
        yield rows, some[-1].id


def of_patrons(asked: Asked, after: str | None, now: datetime) -> Iterator[Batch]:
    """A row for each patron, by name."""
    cursor = after
    while cursor != "":
        page = accounts.patrons("", asked.group, None, AT_ONCE, cursor)
        wanted = [one for one in page.items if asked.since <= one.created_at < asked.until]
        tallies = circulation.tallies([one.id for one in wanted])
        rows = [
            (
                one.id,
                one.username,
                one.name,
                one.email or "",
                one.group or "",
                "suspended" if one.suspended_at else "",
                _said(tallies[one.id].open),
                _said(tallies[one.id].had),
                _time(one.created_at),
            )
            for one in wanted
        ]
        cursor = page.next_cursor or ""
        yield rows, cursor


def of_ratings(asked: Asked, after: str | None, now: datetime) -> Iterator[Batch]:
    """A row for each rating, by when it was given."""
    for some in _batches(reviews.as_given(asked.since, asked.until, after)):
        books = catalogue.by_ids(review.book_id for _, review in some)
        patrons = accounts.names(review.patron_id for _, review in some)
        rows = [
            (
                books[review.book_id].title,
                _several(books[review.book_id].authors),
                patrons.get(review.patron_id, ""),
                _said(review.rating),
                review.text,
                "hidden" if review.hidden else "",
                _time(review.written_at),
                _time(review.changed_at),
            )
            for _, review in some
        ]
        yield rows, some[-1][0]


COLUMNS: dict[ExportKind, Row] = {
    "loans": (
        *("loan_id", "title", "content", "authors", "sections", "patron", "status"),
        *("date_requested", "date_issued", "return_date", "date_returned", "rating"),
    ),
    "books": (
        *("book_id", "title", "content", "authors", "sections", "language", "publisher", "identifiers", "pages"),
        *("copies", "price", "rating", "rating_count", "loans", "date_added"),
    ),
    "patrons": ("patron_id", "username", "name", "email", "group", "standing", "open", "had", "date_registered"),
    "ratings": ("title", "authors", "patron", "rating", "text", "hidden", "date_written", "date_changed"),
}

OF: dict[ExportKind, Callable[[Asked, str | None, datetime], Iterator[Batch]]] = {
    "loans": of_loans,
    "books": of_books,
    "patrons": of_patrons,
    "ratings": of_ratings,
}


def _batches(found: Iterator[Any]) -> Iterator[list[Any]]:
    while some := list(islice(found, AT_ONCE)):
        yield some


def _content(book: catalogue.Book) -> str:
    """The format of a book's content and where it is found; empty where it has none."""
    return f"{book.file.format} {settings.current().public_url}/books/{book.id}" if book.file else ""


def _several(words: Any) -> str:
    return "; ".join(words)


def _said(value: object) -> str:
    return "" if value is None else str(value)


def _time(moment: datetime | None) -> str:
    """As the API says it (ISO 8601, in UTC), to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def _price(book: catalogue.Book) -> str:
    return f"{book.price.amount / 100:.2f} {book.price.currency}" if book.price else ""
