"""The index made anew from the tables, while the old one is searched and written.

What is made is an index of its own, published page by page with the place it came to, so that whoever goes on with it
leaves nothing out and does nothing twice. What changed since it was begun is brought in as the facts tell it: most of
it beside the old index, the rest while nobody may write that. Then it takes the old one's place.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import tantivy
from pynamodb.expressions.update import Action

from chalicelib import objects
from chalicelib.catalogue.search import fields, lease, shelf, writer
from chalicelib.catalogue.search.lease import LIVE, REBUILD, Clock, Held, Lease, Lost, manifest_of
from chalicelib.catalogue.tables import BOOKS, Book, SearchIndex, Section
from chalicelib.database import Transaction, get, unless
from chalicelib.errors import Outdated

A_PAGE = 2000
"""Books between two publications."""

READ_AT_ONCE = 500
"""Books in memory."""

A_PAGE_TAKES = 60
"""Seconds, at most; and what is to be done after the last."""

END = "~"
"""The place after every book's id."""

MOST_DELETED = 10_000
"""So many deleted documents are never worth a new index."""

SWEEP = "sweep"
GRACE = timedelta(minutes=10)
"""For so long a piece that is no longer needed is kept: who has read an old manifest fetches what it names at once."""

MOST_NOTED = 3000
"""Keys that fit into the item they are noted in."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many books are in the index that is being made, and about how many there will be, where that is known."""

    books: int
    expected: int | None


def keep(clock: Clock, left: Callable[[], float]) -> None:
    """See that there is an index, whole and up to date. What this does not finish while there are more than
    `A_PAGE_TAKES` seconds `left`, another call does."""
    if _is_wanting(get(SearchIndex, LIVE)) or _is_spoilt(get(SearchIndex, REBUILD)):
        start(clock())
    with suppress(Held, Lost):  # somebody else is at it
        go_on(clock, lambda: left() > A_PAGE_TAKES)
        writer.catch_up(clock)
    sweep(clock())


def _is_wanting(live: SearchIndex | None) -> bool:
    manifest = manifest_of(live)
    if live is None or manifest is None or live.damaged or not shelf.is_usable(manifest):
        return True
    return manifest.deleted > MOST_DELETED and manifest.deleted > manifest.documents


def _is_spoilt(under_way: SearchIndex | None) -> bool:
    return under_way is not None and bool(under_way.damaged)


def open_empty() -> None:
    """Give a library without books its index, which it then need not wait for."""
    if manifest_of(get(SearchIndex, LIVE)) is None and not list(Book.query(BOOKS, limit=1, consistent_read=True)):
        with suppress(Outdated), unless(Outdated):
            SearchIndex(name=LIVE).update(
                lease.consisting_of(shelf.new()), condition=SearchIndex.version.does_not_exist()
            )


def start(now: datetime) -> None:
    """Begin a new index, unless one is being made."""
    manifest, under_way = manifest_of(get(SearchIndex, LIVE)), get(SearchIndex, REBUILD)
    if under_way is not None and not under_way.damaged and shelf.is_usable(manifest_of(under_way)):
        return
    begun = [
        *lease.consisting_of(shelf.new()),
        SearchIndex.started_at.set(now),
        SearchIndex.counted.set(0),
        SearchIndex.cursor.remove(),
        SearchIndex.damaged.remove(),
        SearchIndex.token.add(1),  # whoever makes one for another release makes it no more
        SearchIndex.expected.set(manifest.documents) if manifest else SearchIndex.expected.remove(),
    ]
    version = under_way.version if under_way else None
    same = SearchIndex.version == version if version else SearchIndex.version.does_not_exist()
    with suppress(Outdated), unless(Outdated):
        SearchIndex(name=REBUILD).update(begun, condition=same)
        log.info("the index is made anew")


def progress() -> Progress | None:
    """How far the index is that is being made, or None where none is."""
    kept = get(SearchIndex, REBUILD)
    return Progress(kept.counted or 0, kept.expected) if kept is not None and kept.started_at else None


def go_on(clock: Clock, more: Callable[[], bool]) -> None:
    """Go on with the new index, if there is one under way, until it has taken the old one's place, or to the first page
    before which there is no time for `more`.

    Raises Held where somebody else is at it, Lost, Damaged.
    """
    if progress() is None:
        return
    with lease.damage_reported(), lease.held(REBUILD, clock) as held:
        sections = writer.all_sections()
        while held.kept.started_at and held.kept.cursor != END:
            if not more():
                return
            writer.edit(held, clock, partial(_put_page, held.kept.cursor, sections))
        if held.kept.started_at:
            _finish(held, clock)


def _put_page(cursor: str | None, sections: Mapping[str, Section], into: tantivy.IndexWriter) -> list[Action]:
    if cursor is None:
        for section in sections.values():
            into.add_document(fields.section_document(section))
    after = Book.id > cursor if cursor else None
    books, last = 0, None
    for book in Book.query(BOOKS, after, limit=A_PAGE, page_size=READ_AT_ONCE, consistent_read=True):
        writer.add_book(into, book, sections)
        books, last = books + 1, book.id
    come_to = last if last and books == A_PAGE else END
    return [SearchIndex.cursor.set(come_to), SearchIndex.counted.add(books)]


def _finish(held: Lease, clock: Clock) -> None:
    """Bring in what changed meanwhile, and let the new index take the old one's place."""
    began = clock()
    writer.bring_in_since(held, held.kept.started_at, clock)
    with lease.held(LIVE, clock, writer.PATIENCE) as live:
        writer.bring_in_since(held, began, clock)
        manifest = held.manifest
        assert manifest is not None
        transaction = Transaction()
        transaction.update(
            live.kept,
            [*lease.consisting_of(manifest), SearchIndex.damaged.remove()],
            SearchIndex.token == live.kept.token,
            lambda _: Lost(),
        )
        made = (
            *(SearchIndex.version, SearchIndex.schema_version, SearchIndex.manifest, SearchIndex.started_at),
            *(SearchIndex.cursor, SearchIndex.counted, SearchIndex.expected),
        )
        transaction.update(
            held.kept,
            [attribute.remove() for attribute in made],
            SearchIndex.token == held.kept.token,
            lambda _: Lost(),
        )
        transaction.commit()
    log.info("the new index, of %d documents, is searched from now on", manifest.documents)


def sweep(now: datetime) -> None:
    """Collect what no index needs any more, and has not needed for a while: superseded pieces, and those of writers
    that died or came too late."""
    noted = get(SearchIndex, SWEEP)
    if noted is not None and now - noted.noted_at < GRACE:
        return
    there = set(objects.listed(shelf.PREFIX))
    manifests = [manifest_of(get(SearchIndex, name)) for name in (LIVE, REBUILD)]
    unneeded = there - {piece.key for manifest in manifests if manifest for piece in manifest.pieces}
    gone = unneeded.intersection(noted.unneeded if noted is not None else ())
    objects.let_go(*gone)
    SearchIndex(name=SWEEP, unneeded=sorted(unneeded - gone)[:MOST_NOTED], noted_at=now).save()
