"""Sections: making, changing and removing them, and the list of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib.cache import SECTIONS, Cache
from chalicelib.catalogue import ranking, service
from chalicelib.catalogue.tables import SECTIONS as ALL_SECTIONS
from chalicelib.catalogue.tables import Section, Shelving
from chalicelib.database import Collision, Transaction, again, get
from chalicelib.errors import NotFound
from chalicelib.facts import fact
from chalicelib.ids import new_id
from chalicelib.paging import Part, first, key_at, place


def one(section_id: str) -> Section:
    """The section.

    Raises NotFound.
    """
    kept = get(Section, ALL_SECTIONS, section_id)
    if kept is None:
        raise NotFound("There is no such section.")
    return kept


def listed(q: str | None, sort: str, limit: int, cursor: str | None) -> Part[Section]:
    """A page of the sections that are found by `q`, by "newest", "name" or "rating" (best first).

    Raises Invalid for a cursor that is none.
    """
    kept: Iterable[Section] = Section.query(ALL_SECTIONS, consistent_read=True)
    key, downwards = _ORDERS[sort]
    after = key_at(cursor)
    items = [(key(s), s) for s in (_found(kept, q) if q else kept)]
    # The place after which a page starts is told by its key alone: its section may have been removed since.
    items = [(at, s) for at, s in items if after is None or (at < after if downwards else at > after)]
    items.sort(key=lambda item: item[0], reverse=downwards)
    part = first(items, limit, lambda item: place(item[0]))
    return Part([section for _, section in part.items], part.next_cursor)


_ORDERS: dict[str, tuple[Callable[[Section], str], bool]] = {
    "newest": (lambda s: f"#{s.id}", True),
    "rating": (lambda s: ranking.by_rating(s.rating_sum, s.rating_count, s.id), True),
    "name": (lambda s: ranking.by_name(s.name, s.id), False),
}
"""The key of a section in each order, and whether the list goes from the greatest down."""


def _found(kept: Iterable[Section], q: str) -> list[Section]:
    """Those whose name has what is asked for."""
    from chalicelib.catalogue.search import words

    return [section for section in kept if words.found_in(section.name, q)]


def add(name: str, description: str, librarian: str, cache: Cache, now: datetime) -> Section:
    """A new section."""
    made = Section(id=new_id(now), name=name, description=description, created_at=now)
    transaction = Transaction()
    transaction.put(made)
    transaction.put(fact("section.added", now, subject=made.id, actor=librarian, name=name))
    transaction.commit()
    cache.forget(SECTIONS)
    return made


def named(names: list[str], librarian: str, cache: Cache, now: datetime) -> list[str]:
    """The ids of the sections of these names, whatever their case and accents; those that are missing are made."""
    kept: Iterable[Section] = Section.query(ALL_SECTIONS, consistent_read=True)
    ids = {_plain(section.name): section.id for section in kept}
    for name in names:
        if _plain(name) not in ids:
            ids[_plain(name)] = add(name, "", librarian, cache, now).id
    return list(dict.fromkeys(ids[_plain(name)] for name in names))


def change(
    section_id: str,
    changes: dict[str, Any],
    librarian: str,
    cache: Cache,
    now: datetime,
    guard: Callable[[Section], None],
) -> Section:
    """The section with `changes` of name and description. `guard` sees it as it was and may object.

    Raises NotFound.
    """

    def attempt() -> None:
        kept = one(section_id)
        guard(kept)
        actions: list[Action] = [Section.revision.set(kept.revision + 1)]
        if "name" in changes:
            actions.append(Section.name.set(changes["name"]))
        if "description" in changes:
            actions.append(Section.description.set(changes["description"] or ""))
        transaction = Transaction()
        transaction.update(kept, actions, Section.revision == kept.revision, lambda _: Collision())
        transaction.put(fact("section.changed", now, subject=section_id, actor=librarian))
        transaction.commit()

    again(attempt)
    cache.forget(SECTIONS)
    return one(section_id)


def remove(section_id: str, librarian: str, cache: Cache, now: datetime, guard: Callable[[Section], None]) -> None:
    """Remove a section; its books stay in the library.

    Raises NotFound.
    """
    guard(one(section_id))
    transaction = Transaction()
    transaction.delete(
        Section(collection=ALL_SECTIONS, id=section_id),
        Section.id.exists(),
        lambda _: NotFound("There is no such section."),
    )
    transaction.put(fact("section.removed", now, subject=section_id, actor=librarian))
    transaction.commit()
    cache.forget(SECTIONS)
    # The few books of most sections at once; the fact of the removal sees to the rest.
    _take_books_out(section_id, cache, at_once=50)


def go_on_removing(section_id: str, actor: str | None, cache: Cache, now: datetime) -> None:
    """Let the next books stand no longer in a removed section; while there are more, a further fact calls for them.

    Safe to repeat.
    """
    if _take_books_out(section_id, cache, at_once=500):
        fact("section.emptied", now, subject=section_id, actor=actor).save()


def _take_books_out(section_id: str, cache: Cache, at_once: int) -> bool:
    """Take out up to `at_once` books; whether there are more."""
    shelvings = list(Shelving.query(section_id, limit=at_once + 1, consistent_read=True))
    for shelving in shelvings[:at_once]:
        service.take_out(section_id, shelving.book_id, cache)
    return len(shelvings) > at_once


def _plain(text: str) -> str:
    """Text for sorting and finding: without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in decomposed if not unicodedata.combining(c))
