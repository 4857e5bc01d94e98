"""Lists of e-books: the newest, the best rated, the most borrowed, by title, of a section, what was searched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import UNSET

from chalicelib import ids
from chalicelib.catalogue import ranking
from chalicelib.catalogue.schemas import BookList, BookOrder, Books, Suggestions
from chalicelib.catalogue.service import on_shelves, shown
from chalicelib.catalogue.tables import BOOKS, REMOVED, SECTIONS, Book, Section, Shelving
from chalicelib.paging import Part, first, key_at, place, position


def newest(limit: int, cursor: str | None) -> Part[Book]:
    """A page of the newest books."""
    after = position(cursor)
    before = Book.id < after if after else None
    books = Book.query(BOOKS, before, scan_index_forward=False, limit=limit + 1, consistent_read=True)
    return first(books, limit, lambda kept: kept.id)


def best_rated(limit: int, cursor: str | None) -> Part[Book]:
    """A page of the books by their rating, best first. The index lags a moment behind a change, as the others do."""
    after = key_at(cursor)
    before = Book.rated < after if after else None
    ranked = Book.best_rated.query(BOOKS, before, scan_index_forward=False, limit=limit + 1)
    return first(ranked, limit, lambda kept: place(kept.rated))


def most_borrowed(limit: int, cursor: str | None) -> Part[Book]:
    """A page of the books by how often they were lent, most first."""
    after = key_at(cursor)
    before = Book.borrowed < after if after else None
    ranked = Book.most_borrowed.query(BOOKS, before, scan_index_forward=False, limit=limit + 1)
    return first(ranked, limit, lambda kept: place(kept.borrowed))


def by_title(limit: int, cursor: str | None) -> Part[Book]:
    """A page of the books by their title, in the order of the alphabets."""
    after = key_at(cursor)
    behind = Book.titled > after if after else None
    titled = Book.by_title.query(BOOKS, behind, limit=limit + 1)
    return first(titled, limit, lambda kept: place(kept.titled))


def of_section(section_id: str, limit: int, cursor: str | None) -> Part[Book]:
    """A page of the books that stand in a section, newest first."""
    after = position(cursor)
    before = Shelving.book_id < after if after else None
    shelvings = Shelving.query(section_id, before, scan_index_forward=False, limit=limit + 1, consistent_read=True)
    part = first(shelvings, limit, lambda shelving: shelving.book_id)
    books = {kept.id: kept for kept in on_shelves(shelving.book_id for shelving in part.items)}
    return Part([books[s.book_id] for s in part.items if s.book_id in books], part.next_cursor)


def as_added(since: datetime, until: datetime, after: str | None) -> Iterator[Book]:
    """Every book that was added from `since` on and before `until`, oldest first, read as it is asked for; with
    `after`, those after the book of that id."""
    added = Book.query(BOOKS, Book.id.between(after or ids.before(since), ids.before(until)), page_size=100)
    return (kept for kept in added if kept.id != after)


def oldest() -> datetime | None:
    """When the first book was added of those that there are or were; before it nothing can have been lent."""
    first_ones = [kept for shelf in (BOOKS, REMOVED) for kept in Book.query(shelf, limit=1)]
    return min((kept.created_at for kept in first_ones), default=None)


def section_names() -> dict[str, str]:
    """The names of all sections, by their ids."""
    return {section.id: section.name for section in Section.query(SECTIONS, consistent_read=True)}


def sections_by_name() -> list[Section]:
    """All sections, in the order of the alphabets: tens, at most a few hundred."""
    return sorted(Section.query(SECTIONS, consistent_read=True), key=lambda kept: ranking.by_name(kept.name, kept.id))


def found(wanted: BookList, order: BookOrder, now: datetime) -> Books:
    """A page of what is searched or filtered. The index says which books; what is shown of them is as it is now, so
    one that was removed a moment ago is left out.

    Raises SearchUnavailable, Invalid for a cursor of another list.
    """
    from chalicelib.catalogue.search import query, reader

    results = query.find(reader.current(now), wanted, order)
    books = {kept.id: kept for kept in on_shelves(results.ids)}
    overview = results.overview
    return Books(
        items=[shown(books[book_id]) for book_id in results.ids if book_id in books],
        next_cursor=results.next_cursor,
        total=overview.total if overview else UNSET,
        facets=overview.facets if overview else UNSET,
        did_you_mean=results.did_you_mean or UNSET,
    )


def suggested(text: str, limit: int, now: datetime) -> Suggestions:
    """What somebody who has typed `text` may mean.

    Raises SearchUnavailable.
    """
    from chalicelib.catalogue.search import completion, reader

    candidates = completion.candidates(reader.current(now), text, limit)
    books = {kept.id: kept for kept in on_shelves(candidates.book_ids())}
    return Suggestions(items=completion.suggestions(candidates, books, limit))
