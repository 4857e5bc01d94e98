"""A month of a patron: what they read, what they thought of it, what is to come back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from chalicelib.accounts import service as accounts
from chalicelib.catalogue import lists as shelves
from chalicelib.catalogue import service as catalogue
from chalicelib.circulation import lists as loans
from chalicelib.circulation import service as circulation
from chalicelib.policy import service as policy
from chalicelib.reports.months import Month
from chalicelib.reviews import service as reviews

NEW = 5
"""New e-books that are shown."""


@dataclass(frozen=True, slots=True)
class Read:
    """An e-book that the patron had; `rating` is their own."""

    title: str
    authors: list[str]
    issued: datetime
    due: datetime | None
    ended: datetime | None
    status: str
    rating: int | None


@dataclass(frozen=True, slots=True)
class PatronMonth:
    """A month of a patron. `out` is what they have at the time at which it was gathered."""

    month: Month
    library: str
    as_of: datetime
    name: str
    read: list[Read]
    out: list[Read]
    sections: list[tuple[str, int]]
    rated: int
    new: list[tuple[str, list[str]]]


def gathered(patron_id: str, month: Month, as_of: datetime) -> PatronMonth:
    """The month of a patron, as it looks at `as_of`.

    Raises NotFound for one who was erased.
    """
    person = accounts.patron(patron_id)
    # Newest first; one that was asked for long before may have been granted within the month.
    had = [
        (loan, status)
        for loan, status in circulation.history(patron_id, as_of)
        if loan.granted_at and loan.granted_at < month.ends and (loan.ended_at or as_of) >= month.begins
    ]
    books = catalogue.by_ids(loan.book_id for loan, _ in had)
    ratings = reviews.ratings((loan.book_id, patron_id) for loan, _ in had)
    read = [
        Read(
            books[loan.book_id].title,
            list(books[loan.book_id].authors),
            loan.granted_at,
            loan.due_at,
            loans.ended_at(loan, as_of),
            status.value,
            ratings.get((loan.book_id, patron_id)),
        )
        for loan, status in had
    ]
    names = shelves.section_names()
    of_sections = Counter(
        names[section_id] for loan, _ in had for section_id in books[loan.book_id].section_ids if section_id in names
    )
    newest = shelves.newest(NEW, None).items
    return PatronMonth(
        month=month,
        library=policy.current().name,
        as_of=as_of,
        name=person.name,
        read=sorted(read, key=lambda one: one.issued),
        out=sorted((one for one in read if one.status == "active"), key=lambda one: one.due or one.issued),
        sections=of_sections.most_common(),
        rated=sum(one.rating is not None for one in read),
        new=[
            (book.title, list(book.authors)) for book in takewhile(lambda book: book.created_at >= month.begins, newest)
        ],
    )
