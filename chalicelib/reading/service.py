"""Reading: an address of the content, for who may read, until they may no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib import objects
from chalicelib.auth import Caller
from chalicelib.catalogue import service as catalogue
from chalicelib.catalogue.schemas import MEDIA_TYPES
from chalicelib.circulation import service as circulation
from chalicelib.errors import Forbidden, NotFound

ADDRESS_LIFE = timedelta(minutes=5)


class NotYours(Forbidden):
    title = "Borrow this e-book to read it"


@dataclass(frozen=True, slots=True)
class Opened:
    """A book opened for reading."""

    format: str
    url: str
    expires_at: datetime
    due_at: datetime | None


def open_book(book_id: str, caller: Caller, host: str | None, now: datetime) -> Opened:
    """The content of a book for its borrower, or for the librarian.

    The address lives for five minutes, and never past the due second.

    Raises NotFound, NotYours.
    """
    book = catalogue.book(book_id)
    due_at = None
    life = ADDRESS_LIFE
    if not caller.is_librarian:
        loan = circulation.reading_loan(caller.id, book_id, now)
        if loan is None or loan.due_at is None:
            raise NotYours
        due_at = loan.due_at
        life = min(ADDRESS_LIFE, due_at - now)
    seconds = int(life.total_seconds())
    if seconds < 1:
        raise NotYours
    if book.file is None:
        raise NotFound("This e-book has no content yet.")
    url = objects.download_address(book.file.key, seconds, host, MEDIA_TYPES[book.file.format])
    return Opened(book.file.format, url, now + timedelta(seconds=seconds), due_at)
