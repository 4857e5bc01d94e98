"""Sections: making, changing and removing them, and the list of them."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from functools import partial
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib.cache import NEWEST, SECTIONS, Cache, book_namespace
from chalicelib.catalogue import service
from chalicelib.catalogue.tables import BOOKS, Book, Section, Shelving
from chalicelib.catalogue.tables import SECTIONS as ALL_SECTIONS
from chalicelib.database import Transaction, get
from chalicelib.errors import NotFound, Outdated
from chalicelib.facts import fact
from chalicelib.ids import new_id
from chalicelib.paging import Part, wrong_cursor


def one(section_id: str) -> Section:
    """The section.

    Raises NotFound.
    """
    kept = get(Section, ALL_SECTIONS, section_id)
    if kept is None:
        raise NotFound("There is no such section.")
    return kept


def listed(q: str | None, sort: str, limit: int, cursor: str | None) -> Part[Section]:
    """A page of the sections whose name contains `q`, by "newest", "name" or "rating" (best first)."""
    items: list[Section] = list(Section.query(ALL_SECTIONS, scan_index_forward=False, consistent_read=True))
    if q:
        items = [s for s in items if _plain(q) in _plain(s.name)]
    if sort == "name":
        items.sort(key=lambda s: _plain(s.name))
    elif sort == "rating":
        items.sort(key=lambda s: service.mean(s.rating_sum, s.rating_count) or 0, reverse=True)
    ids = [s.id for s in items]
    if cursor is not None and cursor not in ids:
        raise wrong_cursor()
    start = ids.index(cursor) + 1 if cursor else 0
    part = items[start : start + limit]
    return Part(part, part[-1].id if start + limit < len(items) else None)


def add(name: str, description: str, librarian: str, cache: Cache, now: datetime) -> Section:
    """A new section."""
    made = Section(id=new_id(now), name=name, description=description, created_at=now)
    transaction = Transaction()
    transaction.put(made)
    transaction.put(fact("section.added", now, subject=made.id, actor=librarian, name=name))
    transaction.commit()
    cache.forget(SECTIONS)
    return made


def change(kept: Section, changes: dict[str, Any], librarian: str, cache: Cache, now: datetime) -> Section:
    """`kept` with `changes` of name and description.

    Raises Outdated where it was renamed since it was read.
    """
    actions: list[Action] = [Section.revision.set(kept.revision + 1)]
    if "name" in changes:
        actions.append(Section.name.set(changes["name"]))
    if "description" in changes:
        actions.append(Section.description.set(changes["description"]))
    transaction = Transaction()
    transaction.update(kept, actions, Section.revision == kept.revision, lambda _: Outdated())
    transaction.put(fact("section.changed", now, subject=kept.id, actor=librarian))
    transaction.commit()
    cache.forget(SECTIONS)
    return one(kept.id)


def remove(section_id: str, librarian: str, cache: Cache, now: datetime) -> None:
    """Remove a section; its books stay in the library.

    Raises NotFound.
    """
    transaction = Transaction()
    transaction.delete(
        Section(collection=ALL_SECTIONS, id=section_id),
        Section.id.exists(),
        lambda _: NotFound("There is no such section."),
    )
    transaction.put(fact("section.removed", now, subject=section_id, actor=librarian))
    transaction.commit()
    cache.forget(SECTIONS)
    take_books_out(section_id, cache)


def take_books_out(section_id: str, cache: Cache) -> None:
    """Let no book stand in a removed section. Begun by the removal, finished by its fact; safe to repeat."""
    for shelving in Shelving.query(section_id):
        service.again(partial(_take_out, shelving.section_id, shelving.book_id, cache))


def _take_out(section_id: str, book_id: str, cache: Cache) -> None:
    transaction = Transaction()
    transaction.delete(Shelving(section_id=section_id, book_id=book_id))
    kept = get(Book, BOOKS, book_id)
    if kept is not None and section_id in kept.section_ids:
        rest = [s for s in kept.section_ids if s != section_id]
        transaction.update(
            kept,
            [Book.section_ids.set(rest), Book.revision.set(kept.revision + 1)],
            Book.revision == kept.revision,
            lambda _: service.BookChangedMeanwhile(),
        )
    transaction.commit()
    cache.forget(NEWEST, book_namespace(book_id))


def _plain(text: str) -> str:
    """Text for sorting and finding: without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in decomposed if not unicodedata.combining(c))
