"""E-books: adding, changing, removing, rating them, and the lists of them. Sections are in `sections`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from pynamodb.transactions import TransactGet

from chalicelib import objects
from chalicelib.cache import NEWEST, SECTIONS, Cache, book_namespace
from chalicelib.catalogue import intake
from chalicelib.catalogue.tables import BOOKS, REMOVED, Book, File, Price, Section, Shelving
from chalicelib.catalogue.tables import SECTIONS as ALL_SECTIONS
from chalicelib.database import Transaction, found, get
from chalicelib.errors import Invalid, LibraryError, NotFound, Outdated
from chalicelib.facts import fact
from chalicelib.ids import new_id
from chalicelib.paging import Part, position
from chalicelib.policy import service as policy

ATTEMPTS = 5
T = TypeVar("T")


class BookChangedMeanwhile(Outdated):
    """A book was changed between reading and writing it."""


def mean(points: int, voices: int) -> float | None:
    """The mean rating, to two places; None before the first rating."""
    return round(points / voices, 2) if voices else None


def book(book_id: str) -> Book:
    """The book.

    Raises NotFound.
    """
    kept = get(Book, BOOKS, book_id)
    if kept is None:
        raise NotFound("There is no such e-book.")
    return kept


def cover_url(kept: Book) -> str | None:
    """Where a cover is, from the root of the web app; its name changes with the picture."""
    return f"/{kept.cover}" if kept.cover else None


def within(snapshot: TransactGet, book_id: str) -> Any:
    """The book as part of a snapshot; `settled` gives the book out of what this returns."""
    return snapshot.get(Book, BOOKS, book_id)


def settled(future: Any) -> Book:
    """The book of a snapshot.

    Raises NotFound.
    """
    kept = found(future)
    if kept is None:
        raise NotFound("There is no such e-book.")
    return kept


def newest(limit: int, cursor: str | None) -> Part[Book]:
    """A page of the newest books."""
    after = position(cursor)
    before = Book.id < after if after else None
    page = Book.query(BOOKS, before, scan_index_forward=False, limit=limit, consistent_read=True)
    items = list(page)
    return Part(items, items[-1].id if page.last_evaluated_key and items else None)


def of_section(section_id: str, limit: int, cursor: str | None) -> Part[Book]:
    """A page of the books that stand in a section, newest first."""
    after = position(cursor)
    before = Shelving.book_id < after if after else None
    page = Shelving.query(section_id, before, scan_index_forward=False, limit=limit, consistent_read=True)
    ids = [shelving.book_id for shelving in page]
    books = {b.id: b for b in on_shelves(ids)}
    cursor = ids[-1] if page.last_evaluated_key and ids else None
    return Part([books[i] for i in ids if i in books], cursor)


def on_shelves(book_ids: Iterable[str]) -> list[Book]:
    """Those of these books that are in the catalogue."""
    return list(Book.batch_get([(BOOKS, i) for i in set(book_ids)], consistent_read=True))


def by_ids(book_ids: Iterable[str]) -> dict[str, Book]:
    """These books, the removed ones too."""
    wanted = set(book_ids)
    books = {b.id: b for b in on_shelves(wanted)}
    gone = wanted - books.keys()
    return books | {b.id: b for b in Book.batch_get([(REMOVED, i) for i in gone])} if gone else books


def add_book(fields: dict[str, Any], librarian: str, cache: Cache, now: datetime) -> Book:
    """A new book of `fields` as in NewBook; its written content, if any, goes to storage.

    Raises Invalid for a section there is not, or a period the library cannot lend for.
    """
    content = fields.pop("content", None)
    made = new_book(new_id(now), fields, now)
    if content is not None:
        made.file, made.words = _write(made, content)
    return put_on_shelves(made, librarian, cache, now)


def new_book(book_id: str, fields: dict[str, Any], now: datetime) -> Book:
    """A book of `fields`, not stored yet, with the library's terms where it has none of its own."""
    terms = policy.current()
    period = fields.pop("loan_period", None)
    price = fields.pop("price", None)
    return Book(
        id=book_id,
        created_at=now,
        loan_period=policy.checked_period("loan_period", period) if period else terms.loan_period,
        grant=fields.pop("grant", None) or terms.grant,
        price=Price(**price) if price else None,
        section_ids=_distinct(fields.pop("section_ids", [])),
        **fields,
    )


def put_on_shelves(
    made: Book, actor: str, cache: Cache, now: datetime, also: Callable[[Transaction], None] | None = None
) -> Book:
    """Store a new book, with what `also` adds to the transaction."""
    transaction = Transaction()
    transaction.put(made, Book.id.does_not_exist(), lambda _: BookChangedMeanwhile())
    _shelve(transaction, made, [], made.section_ids)
    transaction.put(fact("book.added", now, subject=made.id, actor=actor))
    if also:
        also(transaction)
    transaction.commit()
    _forget(cache, made, made.section_ids)
    return made


def change_book(
    kept: Book,
    changes: dict[str, Any],
    librarian: str,
    cache: Cache,
    now: datetime,
    also: Callable[[Transaction], None] | None = None,
) -> Book:
    """`kept` with `changes` as in BookPatch, or of its file and cover.

    Raises Outdated where it was changed since it was read, Invalid as `add_book`.
    """
    if "loan_period" in changes:
        policy.checked_period("loan_period", changes["loan_period"])
    if "price" in changes:
        changes["price"] = Price(**changes["price"]) if changes["price"] else None
    if "content" in changes:
        changes["file"], changes["words"] = _write(kept, changes.pop("content"))
    before = list(kept.section_ids)
    if "section_ids" in changes:
        changes["section_ids"] = _distinct(changes["section_ids"])
    read_at = kept.revision
    old_file = kept.file.key if kept.file and "file" in changes else None
    old_cover = kept.cover if "cover" in changes else None
    for name, value in changes.items():
        setattr(kept, name, value)
    kept.revision = read_at + 1
    transaction = Transaction()
    transaction.put(kept, Book.revision == read_at, lambda _: BookChangedMeanwhile())
    _shelve(transaction, kept, before, kept.section_ids)
    transaction.put(fact("book.changed", now, subject=kept.id, actor=librarian))
    if also:
        also(transaction)
    transaction.commit()
    objects.remove(*(key for key in (old_file, old_cover) if key))
    _forget(cache, kept, before + kept.section_ids)
    return kept


def remove_book(book_id: str, librarian: str, cache: Cache, now: datetime) -> Book:
    """Take a book out of the catalogue. Its title stays for the loans that tell of it.

    Raises NotFound.
    """
    return again(partial(_remove, book_id, librarian, cache, now))


def _remove(book_id: str, librarian: str, cache: Cache, now: datetime) -> Book:
    kept = book(book_id)
    transaction = Transaction()
    transaction.delete(kept, Book.revision == kept.revision, lambda _: BookChangedMeanwhile())
    tombstone: dict[str, Any] = {**kept.attribute_values, "collection": REMOVED}
    transaction.put(Book(**tombstone))
    _shelve(transaction, kept, kept.section_ids, [])
    transaction.put(fact("book.removed", now, subject=book_id, actor=librarian))
    transaction.commit()
    _forget(cache, kept, kept.section_ids)
    return kept


def rate(transaction: Transaction, kept: Book, points: int, voices: int) -> None:
    """Add `points` by `voices` to the ratings of a book and of its sections, as part of `transaction`.

    Fails with BookChangedMeanwhile where the book moved between sections since it was read.
    """
    transaction.update(
        kept,
        [Book.rating_sum.add(points), Book.rating_count.add(voices), Book.revision.add(1)],
        Book.revision == kept.revision,
        lambda _: BookChangedMeanwhile(),
    )
    for section_id in kept.section_ids:
        _weigh(transaction, section_id, 0, points, voices, BookChangedMeanwhile)


def after_rating(kept: Book, cache: Cache) -> None:
    """Let the pages go that showed the old rating; called after the transaction of `rate`."""
    _forget(cache, kept, kept.section_ids)


def _shelve(transaction: Transaction, moved: Book, before: list[str], after: list[str]) -> None:
    for section_id in set(after) - set(before):
        transaction.put(Shelving(section_id=section_id, book_id=moved.id))
        _weigh(transaction, section_id, 1, moved.rating_sum, moved.rating_count, _no_such_section)
    for section_id in set(before) - set(after):
        transaction.delete(Shelving(section_id=section_id, book_id=moved.id))
        _weigh(transaction, section_id, -1, -moved.rating_sum, -moved.rating_count, BookChangedMeanwhile)


def _weigh(
    transaction: Transaction,
    section_id: str,
    books: int,
    points: int,
    voices: int,
    refusal: Callable[[], LibraryError],
) -> None:
    transaction.update(
        Section(collection=ALL_SECTIONS, id=section_id),
        [Section.book_count.add(books), Section.rating_sum.add(points), Section.rating_count.add(voices)],
        Section.id.exists(),
        lambda _: refusal(),
    )


def _no_such_section() -> LibraryError:
    return Invalid.field("section_ids", "There is no such section.", "unknown")


def again(attempt: Callable[[], T]) -> T:
    """What `attempt` returns, tried again while somebody else changes the same book."""
    for _ in range(ATTEMPTS - 1):
        try:
            return attempt()
        except BookChangedMeanwhile:
            continue
    return attempt()


def _write(to: Book, content: str) -> tuple[File, int]:
    """Keep written content, under a key of its own for each version; the file, and its words."""
    try:
        writing = intake.read_markdown(content)
    except intake.Refused as refusal:
        raise Invalid.field("content", refusal.reason, refusal.code) from None
    body = writing.text.encode()
    key = f"books/{to.id}/{secrets.token_hex(8)}.md"
    objects.put(key, body, "text/markdown; charset=utf-8")
    return File(format="markdown", key=key, size=len(body)), writing.words


def _distinct(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def _forget(cache: Cache, changed: Book, section_ids: list[str]) -> None:
    cache.forget(NEWEST, book_namespace(changed.id), *([SECTIONS] if section_ids else []))
