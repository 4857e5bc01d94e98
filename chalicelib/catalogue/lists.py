"""Lists of e-books: the newest, the best rated, the most borrowed, those of a section, what was searched."""

from __future__ import annotations

from chalicelib.catalogue.schemas import BookList, BookOrder, Books, Suggestions
from chalicelib.catalogue.search import SearchUnavailable
from chalicelib.catalogue.service import on_shelves
from chalicelib.catalogue.tables import BOOKS, Book, Shelving
from chalicelib.paging import Part, first, position


def newest(limit: int, cursor: str | None) -> Part[Book]:
    """A page of the newest books."""
    after = position(cursor)
    before = Book.id < after if after else None
    books = Book.query(BOOKS, before, scan_index_forward=False, limit=limit + 1, consistent_read=True)
    return first(books, limit, lambda kept: kept.id)


def best_rated(limit: int, cursor: str | None) -> Part[Book]:
    """A page of the books by their rating, best first. The index lags a moment behind a change."""
    after = _ranked_after(cursor)
    before = Book.rated < after if after else None
    ranked = Book.best_rated.query(BOOKS, before, scan_index_forward=False, limit=limit + 1)
    return first(ranked, limit, lambda kept: kept.rated)


def most_borrowed(limit: int, cursor: str | None) -> Part[Book]:
    """A page of the books by how often they were lent, most first. The index lags a moment behind a change."""
    after = _ranked_after(cursor)
    before = Book.borrowed < after if after else None
    ranked = Book.most_borrowed.query(BOOKS, before, scan_index_forward=False, limit=limit + 1)
    return first(ranked, limit, lambda kept: kept.borrowed)


def _ranked_after(cursor: str | None) -> str | None:
    """The key after which a page of a ranking starts.

    Raises Invalid.
    """
    position(cursor.rpartition("#")[2] if cursor else None)
    return cursor


def of_section(section_id: str, limit: int, cursor: str | None) -> Part[Book]:
    """A page of the books that stand in a section, newest first."""
    after = position(cursor)
    before = Shelving.book_id < after if after else None
    shelvings = Shelving.query(section_id, before, scan_index_forward=False, limit=limit + 1, consistent_read=True)
    part = first(shelvings, limit, lambda shelving: shelving.book_id)
    books = {kept.id: kept for kept in on_shelves(shelving.book_id for shelving in part.items)}
    return Part([books[s.book_id] for s in part.items if s.book_id in books], part.next_cursor)


def found(wanted: BookList, order: BookOrder) -> Books:
    """A page of what is searched or filtered.

    Raises SearchUnavailable, Invalid for a cursor of another list.
    """
    raise SearchUnavailable


def suggested(text: str, limit: int) -> Suggestions:
    """What somebody who has typed `text` may mean.

    Raises SearchUnavailable.
    """
    raise SearchUnavailable
