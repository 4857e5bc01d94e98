"""E-books: adding, changing, removing and rating them. Sections are in `sections`, lists of e-books in `lists`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from pynamodb.transactions import TransactGet

from chalicelib import objects
from chalicelib.cache import NEWEST, POPULAR, RATED, SECTIONS, TITLED, Cache, book_namespace
from chalicelib.catalogue import content, holdings, ranking
from chalicelib.catalogue.schemas import BookShown, CoverShown, Money
from chalicelib.catalogue.schemas import Series as SeriesShown
from chalicelib.catalogue.tables import BOOKS, REMOVED, Book, Price, Section, Series, Shelving
from chalicelib.catalogue.tables import SECTIONS as ALL_SECTIONS
from chalicelib.database import Collision, Transaction, again, found, get
from chalicelib.errors import Invalid, LibraryError, NotFound
from chalicelib.facts import fact
from chalicelib.ids import new_id
from chalicelib.policy import service as policy

LIST_WIDTH = 480
"""Pixels across that suffice for a cover in a list."""


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
    """Where a cover fit for a list is, from the root of the web app; its name changes with the picture."""
    wide_enough = [cover for cover in kept.covers if cover.width >= LIST_WIDTH]
    fitting = min(wide_enough or kept.covers, key=lambda cover: abs(cover.width - LIST_WIDTH), default=None)
    return f"/{fitting.key}" if fitting else None


def shown(book: Book) -> BookShown:
    """A book as the API shows it."""
    return BookShown(
        id=book.id,
        title=book.title,
        authors=list(book.authors),
        description=book.description,
        language=book.language,
        series=SeriesShown(name=book.series.name, position=book.series.position) if book.series else None,
        publisher=book.publisher,
        subjects=list(book.subjects),
        identifiers=list(book.identifiers),
        section_ids=list(book.section_ids),
        pages=book.pages,
        words=book.words,
        price=Money(amount=book.price.amount, currency=book.price.currency) if book.price else None,
        copies=book.copies,
        loan_period=book.loan_period,
        grant=book.grant,
        rating=mean(book.rating_sum, book.rating_count),
        rating_count=book.rating_count,
        cover_url=cover_url(book),
        covers=[CoverShown(url=f"/{cover.key}", width=cover.width) for cover in book.covers],
        format=book.file.format if book.file else None,
        size=book.file.size if book.file else None,
        created_at=book.created_at,
    )


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


def on_shelves(book_ids: Iterable[str]) -> list[Book]:
    """Those of these books that are in the catalogue."""
    return list(Book.batch_get([(BOOKS, i) for i in set(book_ids)], consistent_read=True))


def by_ids(book_ids: Iterable[str]) -> dict[str, Book]:
    """These books, the removed ones too."""
    wanted = set(book_ids)
    books = {kept.id: kept for kept in on_shelves(wanted)}
    if gone := wanted - books.keys():
        removed = Book.batch_get([(REMOVED, book_id) for book_id in gone], consistent_read=True)
        books |= {kept.id: kept for kept in removed}
    return books


def add_book(
    fields: dict[str, Any],
    librarian: str,
    cache: Cache,
    now: datetime,
    *,
    book_id: str | None = None,
    alone: bool = False,
    terms: policy.Policy | None = None,
) -> Book:
    """A new book of `fields` as in NewBook; its written content, if any, goes to storage. `terms` are the library's, if
    they were read already.

    Raises Invalid for a section there is not, or a period the library cannot lend for; with `alone`, AlreadyHeld
    where a book of the same origin is in the library.
    """
    written = fields.pop("content", None)
    made = new_book(book_id or new_id(now), fields, now, terms)
    if written is None:
        return put_on_shelves(made, librarian, cache, now, alone=alone)
    made.file, made.words = content.write(made.id, written)
    with objects.undone_if_refused(*made.file.keys):
        return put_on_shelves(made, librarian, cache, now, alone=alone)


def new_book(book_id: str, fields: dict[str, Any], now: datetime, terms: policy.Policy | None = None) -> Book:
    """A book of `fields`, not stored yet, with the library's terms where it has none of its own. A `rating` among
    them is a voice that it brings along."""
    terms = terms or policy.current()
    period = fields.pop("loan_period", None)
    price, series = fields.pop("price", None), fields.pop("series", None)
    brought = fields.pop("rating", None)
    made = Book(
        id=book_id,
        created_at=now,
        loan_period=policy.checked_period("loan_period", period) if period else terms.loan_period,
        grant=fields.pop("grant", None) or terms.grant,
        price=Price(**price) if price else None,
        series=Series(**series) if series else None,
        section_ids=_distinct(fields.pop("section_ids", [])),
        rating_brought=brought,
        rating_sum=brought or 0,
        rating_count=1 if brought else 0,
        **fields,
    )
    made.rated = ranking.by_rating(made.rating_sum, made.rating_count, book_id)
    made.borrowed = ranking.by_loans(0, book_id)
    made.titled = ranking.by_name(made.title, book_id)
    return made


def put_on_shelves(
    made: Book,
    actor: str,
    cache: Cache,
    now: datetime,
    *,
    alone: bool = False,
    also: Callable[[Transaction], None] | None = None,
) -> Book:
    """Store a new book, with what `also` adds to the transaction; with `alone`, only where the library has no other of
    the same origin.

    Raises AlreadyHeld.
    """
    transaction = Transaction()
    transaction.put(made, Book.id.does_not_exist(), lambda _: Collision())
    _shelve(transaction, made, [], made.section_ids, cache)
    holdings.note(transaction, made.id, [], made.origins, alone=alone)
    transaction.put(fact("book.added", now, subject=made.id, actor=actor))
    if also:
        also(transaction)
    transaction.commit()
    _forget(cache, made, made.section_ids)
    return made


def change_book(
    book_id: str,
    changes: dict[str, Any],
    librarian: str,
    cache: Cache,
    now: datetime,
    *,
    guard: Callable[[Book], None] = lambda _: None,
    also: Callable[[Transaction], None] | None = None,
) -> Book:
    """The book with `changes` as in BookPatch, or of its file and cover. `guard` sees it as it was and may object.

    Raises NotFound, Invalid as `add_book`.
    """
    changes = _with_defaults(changes)
    if "content" not in changes:
        return again(lambda: _change(book_id, changes, librarian, cache, now, guard, also))
    book(book_id)
    written = changes.pop("content")
    changes["file"], changes["words"] = content.write(book_id, written) if written is not None else (None, None)
    with objects.undone_if_refused(*(changes["file"].keys if changes["file"] else [])):
        return again(lambda: _change(book_id, changes, librarian, cache, now, guard, also))


def _with_defaults(changes: dict[str, Any]) -> dict[str, Any]:
    """`changes` with what null stands for (RFC 7396: the member is removed, so its default holds)."""
    changes = dict(changes)
    lists = ("authors", "section_ids", "subjects", "identifiers")
    defaults: dict[str, Any] = {"description": "", **{name: [] for name in lists}}
    if "cover_url" in changes:
        changes["covers"] = changes.pop("cover_url") or []
    if any(name in changes and changes[name] is None for name in ("loan_period", "grant")):
        terms = policy.current()
        defaults |= {"loan_period": terms.loan_period, "grant": terms.grant}
    changes |= {name: value for name, value in defaults.items() if name in changes and changes[name] is None}
    if "loan_period" in changes:
        policy.checked_period("loan_period", changes["loan_period"])
    return changes


def _change(
    book_id: str,
    changes: dict[str, Any],
    librarian: str,
    cache: Cache,
    now: datetime,
    guard: Callable[[Book], None],
    also: Callable[[Transaction], None] | None,
) -> Book:
    kept = book(book_id)
    guard(kept)
    before, old_file, old_covers = list(kept.section_ids), kept.file, list(kept.covers)
    held = list(kept.origins)
    for name, value in changes.items():
        setattr(kept, name, _MERGED[name](kept, value) if name in _MERGED else value)
    if "file" in changes and old_file and old_file.format != "markdown":
        # What was read from the old file is not true of the new one.
        kept.pages = changes.get("pages")
        if kept.file is None or kept.file.format == "markdown":
            kept.covers = changes.get("covers", [])
    if "file" in changes:
        # The old file's digest goes with it; the name the book has in another catalogue stays.
        named = [origin for origin in held if not origin.startswith(holdings.DIGEST)]
        kept.origins = [*changes.get("origins", []), *named]
    kept.section_ids = _distinct(kept.section_ids)
    kept.titled = ranking.by_name(kept.title, kept.id)
    read_at, kept.revision = kept.revision, kept.revision + 1
    transaction = Transaction()
    transaction.put(kept, Book.revision == read_at, lambda _: Collision())
    _shelve(transaction, kept, before, kept.section_ids, cache)
    holdings.note(transaction, kept.id, held, kept.origins)
    transaction.put(fact("book.changed", now, subject=kept.id, actor=librarian))
    if also:
        also(transaction)
    transaction.commit()
    if old_file and "file" in changes:
        objects.let_go(*old_file.keys)
    objects.let_go(*(cover.key for cover in old_covers if cover not in kept.covers))
    _forget(cache, kept, before + kept.section_ids)
    return kept


def remove_book(book_id: str, librarian: str, cache: Cache, now: datetime, guard: Callable[[Book], None]) -> Book:
    """Take a book out of the catalogue. Its title and cover stay for the loans that tell of it.

    Raises NotFound.
    """
    return again(lambda: _remove(book_id, librarian, cache, now, guard))


def _remove(book_id: str, librarian: str, cache: Cache, now: datetime, guard: Callable[[Book], None]) -> Book:
    kept = book(book_id)
    guard(kept)
    transaction = Transaction()
    transaction.delete(kept, Book.revision == kept.revision, lambda _: Collision())
    gone: dict[str, Any] = {"file": None, "origins": [], "rated": None, "borrowed": None, "titled": None}
    tombstone: dict[str, Any] = {**kept.attribute_values, "collection": REMOVED, **gone}
    transaction.put(Book(**tombstone))
    _shelve(transaction, kept, kept.section_ids, [], cache)
    holdings.note(transaction, book_id, kept.origins, [])
    transaction.put(fact("book.removed", now, subject=book_id, actor=librarian))
    transaction.commit()
    if kept.file:
        objects.let_go(*kept.file.keys)
    _forget(cache, kept, kept.section_ids)
    return kept


def take_out(section_id: str, book_id: str, cache: Cache) -> None:
    """Let a book stand no longer in a section that was removed."""
    again(lambda: _take_out(section_id, book_id))
    cache.forget(NEWEST, RATED, POPULAR, TITLED, book_namespace(book_id))


def _take_out(section_id: str, book_id: str) -> None:
    transaction = Transaction()
    transaction.delete(Shelving(section_id=section_id, book_id=book_id))
    kept = get(Book, BOOKS, book_id)
    if kept is not None and section_id in kept.section_ids:
        rest = [s for s in kept.section_ids if s != section_id]
        transaction.update(
            kept,
            [Book.section_ids.set(rest), Book.revision.set(kept.revision + 1)],
            Book.revision == kept.revision,
            lambda _: Collision(),
        )
    transaction.commit()


def rate(transaction: Transaction, kept: Book, points: int, voices: int, cache: Cache) -> None:
    """Add `points` by `voices` to the ratings of a book and of its sections, as part of `transaction`.

    Fails with Collision where the book was changed since it was read.
    """
    rated = ranking.by_rating(kept.rating_sum + points, kept.rating_count + voices, kept.id)
    transaction.update(
        kept,
        [
            Book.rating_sum.add(points),
            Book.rating_count.add(voices),
            Book.rated.set(rated),
            Book.revision.add(1),
        ],
        Book.revision == kept.revision,
        lambda _: Collision(),
    )
    for section_id in kept.section_ids:
        _weigh(transaction, section_id, 0, points, voices, _section_is_gone(section_id, kept.id, cache))


def after_rating(kept: Book, cache: Cache) -> None:
    """Let the pages go that showed the old rating; called after the transaction of `rate`."""
    _forget(cache, kept, kept.section_ids)


def _shelve(transaction: Transaction, moved: Book, before: list[str], after: list[str], cache: Cache) -> None:
    points, voices = moved.rating_sum, moved.rating_count
    for section_id in set(after) - set(before):
        transaction.put(Shelving(section_id=section_id, book_id=moved.id))
        _weigh(transaction, section_id, 1, points, voices, _no_such_section)
    for section_id in set(before) - set(after):
        transaction.delete(Shelving(section_id=section_id, book_id=moved.id))
        _weigh(transaction, section_id, -1, -points, -voices, _section_is_gone(section_id, moved.id, cache))


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


def _section_is_gone(section_id: str, book_id: str, cache: Cache) -> Callable[[], LibraryError]:
    """The book still stands in a section that was removed, and has not been reached yet: mend that first."""
    return lambda: Collision(mend=lambda: take_out(section_id, book_id, cache))


def _price(kept: Book, change: dict[str, Any] | None) -> Price | None:
    if change is None:
        return None
    old = {"amount": kept.price.amount, "currency": kept.price.currency} if kept.price else {}
    return Price(**_whole("price", old | change, {"amount", "currency"}))


def _series(kept: Book, change: dict[str, Any] | None) -> Series | None:
    if change is None:
        return None
    old = {"name": kept.series.name, "position": kept.series.position} if kept.series else {}
    return Series(**_whole("series", old | change, {"name"}))


_MERGED: dict[str, Callable[[Book, dict[str, Any] | None], Any]] = {"price": _price, "series": _series}
"""What has members of its own, and takes those of a merge patch."""


def _whole(field: str, value: dict[str, Any], needed: set[str]) -> dict[str, Any]:
    """`value`, if all that is needed came together.

    Raises Invalid.
    """
    if missing := needed - value.keys():
        raise Invalid.field(f"{field}.{min(missing)}", "This is needed.", "required")
    return value


def _distinct(ids: list[str]) -> list[str]:
    return list(dict.fromkeys(ids))


def _forget(cache: Cache, changed: Book, section_ids: list[str]) -> None:
    shown = (NEWEST, RATED, POPULAR, TITLED, book_namespace(changed.id))
    cache.forget(*shown, *([SECTIONS] if section_ids else []))
