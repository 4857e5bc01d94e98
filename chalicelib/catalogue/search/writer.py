"""What happened, brought into the index.

A fact says which book or section to look at, and no more: what is written is read from the tables. So it does not
matter how often facts are told, nor in which order, and a writer that dies has lost nothing.
"""

from __future__ import annotations

import logging
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

import tantivy
from pynamodb.expressions.update import Action

from chalicelib import settings
from chalicelib.catalogue.search import fields, lease, shelf
from chalicelib.catalogue.search.lease import LIVE, Clock, Lease, manifest_of
from chalicelib.catalogue.service import on_shelves
from chalicelib.catalogue.tables import SECTIONS, Book, SearchIndex, Section
from chalicelib.database import get, unless
from chalicelib.errors import Outdated
from chalicelib.facts import Fact, day_of
from chalicelib.ids import before

HEAP = 15_000_000
"""Bytes tantivy gathers documents in; the least it takes."""

AT_ONCE = 500
"""Books between two publications: so many, of a large section that is renamed, does a writer hold in memory."""

FACTS_AT_ONCE = 1000

PATIENCE = lease.LIFE[LIVE] + timedelta(seconds=5)
"""For so long a batch waits for its turn: longer than a writer that died is believed in."""

LATE = timedelta(minutes=5)
"""By so much a fact may be older, by its id, than the moment from which it can be read: a job that takes long writes
the time at which it began, and clocks differ."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Changed:
    """What to look at: books and sections by id, and books that were lent."""

    books: set[str] = field(default_factory=set[str])
    sections: set[str] = field(default_factory=set[str])
    lent: set[str] = field(default_factory=set[str])

    def __bool__(self) -> bool:
        return bool(self.books or self.sections or self.lent)


def changed_by(told: Iterable[Fact]) -> Changed:
    """What these facts say has changed of what is searched."""
    changed = Changed()
    for happened in told:
        match happened.kind.split("."):
            case ["book" | "review", _]:
                changed.books.add(happened.subject)
            case ["section", _]:
                changed.sections.add(happened.subject)
            case ["loan", "granted" | "accepted"]:
                changed.lent.add(happened.details["book_id"])
            case _:
                pass
    return changed


def follow(told: Iterable[Fact], clock: Clock) -> None:
    """Bring what these facts tell of into the index. Where that fails, the index knows since when it is behind, and
    `catch_up` makes up for it. Safe to repeat."""
    began, changed = clock(), changed_by(told)
    if not changed:
        return
    try:
        with lease.damage_reported(), lease.held(LIVE, clock, PATIENCE) as held:
            if shelf.is_usable(held.manifest):
                bring_in(held, changed, clock)
            else:  # there is none, or it is another release's
                _note_behind(began)
    except Exception:  # whatever it is, the facts can be read again
        log.exception("the index is behind")
        _note_behind(began)


def folder() -> Path:
    """Where this machine keeps what it has of the index."""
    return Path(settings.current().search_folder)


def catch_up(clock: Clock) -> None:
    """Bring in what could not be brought in when it happened, if there is such.

    Raises Held, Lost, Damaged.
    """
    kept = get(SearchIndex, LIVE)
    if kept is None or kept.behind_since is None or not shelf.is_usable(manifest_of(kept)):
        return
    with lease.damage_reported(), lease.held(LIVE, clock) as held:
        bring_in_since(held, kept.behind_since, clock)
        with suppress(Outdated), unless(Outdated):  # where it fell behind again meanwhile, it stays so
            held.kept.update(
                [SearchIndex.behind_since.remove(), SearchIndex.behind_mark.remove()],
                condition=SearchIndex.behind_mark == kept.behind_mark,
            )


def _note_behind(since: datetime) -> None:
    SearchIndex(name=LIVE).update(
        [
            SearchIndex.behind_since.set(SearchIndex.behind_since | since),  # the first of several
            SearchIndex.behind_mark.set(secrets.token_hex(8)),
        ]
    )


def bring_in_since(held: Lease, since: datetime, clock: Clock) -> None:
    """Bring in whatever has changed since then, as the facts tell it.

    Raises Lost, Damaged.
    """
    told = _told(since - LATE, clock() + LATE)
    while facts := list(islice(told, FACTS_AT_ONCE)):
        bring_in(held, changed_by(facts), clock)


def _told(since: datetime, until: datetime) -> Iterator[Fact]:
    """The facts of a time, from the table itself: its indexes lag."""
    day = since
    while day_of(day) <= day_of(until):
        yield from Fact.query(day_of(day), Fact.id.between(before(since), before(until)), consistent_read=True)
        day += timedelta(days=1)


def bring_in(held: Lease, changed: Changed, clock: Clock) -> None:
    """Write what has changed, as it is in the tables now, and publish it.

    Raises Lost, Damaged.
    """
    books = sorted(_affected(held, changed))
    if not (books or changed.sections):
        return
    sections = all_sections()
    if changed.sections:
        edit(held, clock, partial(_put_sections, changed.sections, sections))
    for start in range(0, len(books), AT_ONCE):
        edit(held, clock, partial(_put_books, books[start : start + AT_ONCE], sections))


def _affected(held: Lease, changed: Changed) -> set[str]:
    """The books to write: those that changed, those that the index has in a section which changed, and those that
    were lent twice as often as the index knows, or more; fewer loans move no book past many."""
    affected = set(changed.books)
    if changed.sections or changed.lent:
        searcher = _searcher(held)
        for section_id in changed.sections:
            affected.update(_of_section(searcher, section_id))
        known = {book_id: _known_loans(searcher, book_id) for book_id in changed.lent - affected}
        affected.update(
            book.id for book in on_shelves(known) if book.loan_count.bit_length() != known[book.id].bit_length()
        )
    return affected


def _searcher(held: Lease) -> tantivy.Searcher:
    manifest = held.manifest
    assert manifest is not None
    return _open(shelf.bring(manifest, folder())).searcher()


def _of_section(searcher: tantivy.Searcher, section_id: str) -> list[str]:
    found = searcher.search(tantivy.Query.term_query(fields.SCHEMA, "section", section_id), max(1, searcher.num_docs))
    return fields.book_ids(searcher, [address for _, address in found.hits])


def _known_loans(searcher: tantivy.Searcher, book_id: str) -> int:
    found = searcher.search(tantivy.Query.term_query(fields.SCHEMA, fields.KEY, fields.book_key(book_id)), 1)
    return sum(fields.loans(searcher, [address for _, address in found.hits]))


def all_sections() -> dict[str, Section]:
    """The sections by id."""
    return {section.id: section for section in Section.query(SECTIONS, consistent_read=True)}


def _put_sections(ids: Iterable[str], sections: Mapping[str, Section], writer: tantivy.IndexWriter) -> list[Action]:
    for section_id in ids:
        writer.delete_documents_by_term(fields.KEY, fields.section_key(section_id))
        if section_id in sections:
            writer.add_document(fields.section_document(sections[section_id]))
    return []


def _put_books(ids: list[str], sections: Mapping[str, Section], writer: tantivy.IndexWriter) -> list[Action]:
    for book_id in ids:
        writer.delete_documents_by_term(fields.KEY, fields.book_key(book_id))
    for book in on_shelves(ids):
        add_book(writer, book, sections)
    return []


def add_book(writer: tantivy.IndexWriter, book: Book, sections: Mapping[str, Section]) -> None:
    """Add the document of a book that has none. `sections` are all there are: a book may for a while name one that
    was removed."""
    book.section_ids = [section_id for section_id in book.section_ids if section_id in sections]
    names = {section_id: sections[section_id].name for section_id in book.section_ids}
    writer.add_document(fields.book_document(book, names))


def edit(held: Lease, clock: Clock, write: Callable[[tantivy.IndexWriter], Iterable[Action]]) -> None:
    """Publish the index as `write` leaves it, and change its item by what `write` returns.

    Raises Lost, Damaged.
    """
    base = held.manifest
    assert base is not None
    with shelf.desk(base, folder()) as made:
        also = _written(made, write)
        manifest = shelf.put_away(made, base)
        # Before it is published, so that who reads on this machine has nothing to fetch.
        shelf.settle(made, manifest)
    try:
        lease.publish(held, manifest, clock(), *also)
    except BaseException:
        shutil.rmtree(folder() / manifest.id, ignore_errors=True)
        raise
    shelf.tidy(folder(), manifest, clock())


def _written(made: Path, write: Callable[[tantivy.IndexWriter], Iterable[Action]]) -> Iterable[Action]:
    writer = _open(made).writer(HEAP, 1)
    also = write(writer)
    writer.commit()
    writer.wait_merging_threads()  # tantivy joins eight small segments to one
    return also


def _open(directory: Path) -> tantivy.Index:
    try:
        index = fields.open_index(str(directory))
    except ValueError:  # torn by a power cut, say
        shelf.forget(folder())
        raise
    index.config_reader("Manual")
    return index
