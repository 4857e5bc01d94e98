"""The search index in storage: written by one at a time, read from copies, made anew while it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import tantivy

from chalicelib import objects, wiring
from chalicelib.catalogue import jobs, sections
from chalicelib.catalogue.search import SearchUnavailable, fields, lease, reader, rebuild, shelf, writer
from chalicelib.catalogue.search.lease import LIVE, REBUILD
from chalicelib.catalogue.tables import Book, SearchIndex
from chalicelib.database import get
from chalicelib.facts import Fact, day_of
from tests.client import Client
from tests.factories import Town
from tests.fakes import SettableClock

Index = Callable[[], None]


class Machine:
    """A machine that has a copy of the index, and counts what it fetches."""

    def __init__(self, folder: Path, clock: SettableClock) -> None:
        self.folder, self._clock = folder, clock
        self.reader = reader.Reader(folder)

    def found(self, field: str, term: str) -> set[str]:
        """The ids of the books found."""
        searcher = self.reader.current(self._clock())
        hits = searcher.search(tantivy.Query.term_query(fields.SCHEMA, field, term), 1000).hits
        return set(fields.book_ids(searcher, [address for _, address in hits]))

    @property
    def searcher(self) -> tantivy.Searcher:
        return self.reader.current(self._clock())


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that were fetched from storage."""
    keys: list[str] = []
    fetch = objects.fetch

    def counted(key: str, path: Path) -> bool:
        if key.startswith(shelf.PREFIX):
            keys.append(key)
        return fetch(key, path)

    monkeypatch.setattr(objects, "fetch", counted)
    return keys


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine of the tests is, what one change adds is waited for."""
    monkeypatch.setattr(reader, "RIGHT_AWAY", 20.0)
    monkeypatch.setattr(reader, "AT_ALL", 20.0)


@pytest.fixture
def machine(tmp_path_factory: pytest.TempPathFactory, clock: SettableClock) -> Machine:
    """A machine that only reads."""
    return Machine(tmp_path_factory.mktemp("reader"), clock)


def live() -> shelf.Manifest:
    manifest = lease.manifest_of(get(SearchIndex, LIVE))
    assert manifest
    return manifest


def told(clock: SettableClock) -> list[Fact]:
    return list(Fact.query(day_of(clock())))


def anew(clock: SettableClock) -> None:
    """A new index, made whole."""
    rebuild.start(clock())
    rebuild.go_on(clock, lambda: True)


class TestWhatHappensIsFound:
    def test_a_new_library_can_be_searched_and_holds_nothing(
        self, town: Town, indexed: Index, machine: Machine
    ) -> None:
        assert town.librarian
        assert machine.searcher.num_docs == 0

    def test_a_book_is_found_and_a_removed_one_is_not(self, town: Town, indexed: Index, machine: Machine) -> None:
        kept, gone = town.book(authors=["Ada"]), town.book(authors=["Ada"])
        indexed()
        assert machine.found("author", "ada") == {kept["id"], gone["id"]}
        assert town.librarian.delete(f"/books/{gone['id']}").status == 204
        indexed()
        assert machine.found("author", "ada") == {kept["id"]}

    def test_a_changed_book_is_found_by_what_it_says_now(self, town: Town, indexed: Index, machine: Machine) -> None:
        book = town.book(authors=["Ada"])
        indexed()
        changed(town.librarian, book, authors=["Grace"])
        indexed()
        assert machine.found("author", "grace") == {book["id"]}
        assert machine.found("author", "ada") == set()

    def test_what_is_told_twice_and_in_another_order_leaves_the_same(
        self, town: Town, indexed: Index, machine: Machine, clock: SettableClock
    ) -> None:
        book, gone = town.book(authors=["Ada"]), town.book(authors=["Ada"])
        changed(town.librarian, book, authors=["Grace"])
        town.librarian.delete(f"/books/{gone['id']}")
        facts = told(clock)
        for order in (facts, facts[::-1], facts[1:] + facts[:1]):
            writer.follow(order, clock)
        clock.forward(seconds=1)
        assert machine.searcher.num_docs == 1
        assert machine.found("author", "grace") == {book["id"]}

    def test_the_books_of_a_renamed_section_are_found_by_its_new_name(
        self, town: Town, indexed: Index, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writer, "AT_ONCE", 2)  # so that it takes several publications
        section = town.section("Poetry")
        books = {town.book(section_ids=[section["id"]])["id"] for _ in range(5)}
        indexed()
        changed(town.librarian, section, at="sections", name="Verse")
        indexed()
        assert machine.found("about", "verse") == books
        assert machine.found("about", "poetry") == set()

    def test_a_removed_section_leaves_its_books_though_they_still_name_it(
        self, town: Town, indexed: Index, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        section = town.section("Poetry")
        book = town.book(section_ids=[section["id"]])
        indexed()
        monkeypatch.setattr(sections, "_take_books_out", never)
        assert town.librarian.delete(f"/sections/{section['id']}").status == 204
        indexed()
        assert Book.get("books", book["id"]).section_ids == [section["id"]]
        assert machine.found("section", section["id"]) == set()
        assert machine.searcher.num_docs == 1  # the book

    def test_a_book_is_written_when_its_loans_have_doubled_and_not_at_each(
        self, town: Town, indexed: Index, clock: SettableClock
    ) -> None:
        book = town.book()
        indexed()
        written: list[int] = []
        for count in range(1, 9):
            town.loan(town.patron(), book)
            facts = told(clock)
            jobs.count_loans(facts, wiring.cache(), clock())
            before = live().id
            writer.follow([one for one in facts if one.kind == "loan.granted"], clock)
            if live().id != before:
                written.append(count)
        assert written == [1, 2, 4, 8]

    def test_what_does_not_matter_to_a_search_costs_nothing(
        self, town: Town, clock: SettableClock, indexed: Index, counted: Any
    ) -> None:
        town.patron()
        facts = [fact for fact in told(clock) if not fact.kind.startswith(("book", "section"))]
        with counted() as calls:
            writer.follow(facts, clock)
        assert facts
        assert calls == []


class TestOneWriterAtATime:
    def test_a_lease_is_had_by_one(self, clock: SettableClock, town: Town) -> None:
        lease.take(LIVE, clock)
        with pytest.raises(lease.Held):
            lease.take(LIVE, clock)

    def test_the_lease_of_a_writer_that_died_runs_out(self, clock: SettableClock, town: Town) -> None:
        first = lease.take(LIVE, clock)
        clock.forward(seconds=lease.LIFE[LIVE].total_seconds() + 1)
        assert lease.take(LIVE, clock).kept.token == first.kept.token + 1

    def test_a_writer_that_was_overtaken_publishes_nothing(
        self, town: Town, clock: SettableClock, indexed: Index
    ) -> None:
        town.book()
        indexed()
        slow = lease.take(LIVE, clock)
        clock.forward(seconds=lease.LIFE[LIVE].total_seconds() + 1)
        town.book()
        indexed()
        before = live()
        with pytest.raises(lease.Lost):
            writer.bring_in(slow, writer.Changed(books={town.book()["id"]}), clock)
        assert live() == before
        assert not {path.name for path in writer.folder().iterdir()} - {before.id, slow.kept.version}

    def test_a_writer_that_slept_too_long_publishes_nothing_even_if_nobody_came(
        self, town: Town, clock: SettableClock, indexed: Index
    ) -> None:
        book = town.book()
        slow = lease.take(LIVE, clock)
        clock.forward(minutes=30)
        with pytest.raises(lease.Lost):
            writer.bring_in(slow, writer.Changed(books={book["id"]}), clock)

    def test_letting_go_does_not_end_another_ones_lease(self, clock: SettableClock, town: Town) -> None:
        slow = lease.take(LIVE, clock)
        clock.forward(seconds=lease.LIFE[LIVE].total_seconds() + 1)
        lease.take(LIVE, clock)
        lease.release(slow)
        with pytest.raises(lease.Held):
            lease.take(LIVE, clock)


class Killed(BaseException):
    """What a SIGKILL looks like from inside: nothing catches it."""


class TestAWriterThatDies:
    @pytest.mark.parametrize("step", ["put_away", "settle"])
    def test_leaves_the_index_as_it_was_and_its_batch_comes_again(
        self, step: str, town: Town, clock: SettableClock, indexed: Index, machine: Machine, monkeypatch: Any
    ) -> None:
        kept = town.book(authors=["Ada"])
        indexed()
        late = town.book(authors=["Ada"])
        facts, done = told(clock), getattr(shelf, step)

        def dies(*arguments: Any) -> None:
            done(*arguments)
            raise Killed

        with monkeypatch.context() as broken:
            broken.setattr(shelf, step, dies)
            broken.setattr(lease, "release", never)
            with pytest.raises(Killed):
                writer.follow(facts, clock)
        assert machine.found("author", "ada") == {kept["id"]}
        clock.forward(seconds=lease.LIFE[LIVE].total_seconds() + 1)
        writer.follow(facts, clock)
        clock.forward(seconds=1)
        assert machine.found("author", "ada") == {kept["id"], late["id"]}

    def test_what_it_left_in_storage_is_collected_and_nothing_else(
        self, town: Town, clock: SettableClock, indexed: Index, machine: Machine
    ) -> None:
        for _ in range(3):
            town.book(authors=["Ada"])
            indexed()
        objects.put(f"{shelf.PREFIX}of-one-that-died", b"...", "application/octet-stream")
        rebuild.sweep(clock())
        assert objects.size(f"{shelf.PREFIX}of-one-that-died") == 3
        clock.forward(minutes=11)
        rebuild.sweep(clock())
        assert objects.size(f"{shelf.PREFIX}of-one-that-died") is None
        assert set(objects.listed(shelf.PREFIX)) == {piece.key for piece in live().pieces}
        assert len(machine.found("author", "ada")) == 3


class TestWhatFails:
    def test_what_could_not_be_written_is_made_up_for(
        self, town: Town, clock: SettableClock, indexed: Index, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        book = town.book(authors=["Ada"])
        with monkeypatch.context() as broken:
            broken.setattr(objects, "keep", fails)
            indexed()
        assert machine.found("author", "ada") == set()
        rebuild.keep(clock, lambda: 900)
        clock.forward(seconds=1)
        assert machine.found("author", "ada") == {book["id"]}
        assert get(SearchIndex, LIVE).behind_since is None  # pyright: ignore[reportOptionalMemberAccess]

    def test_who_falls_behind_while_another_catches_up_stays_behind(
        self, town: Town, clock: SettableClock, indexed: Index, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        town.book()
        with monkeypatch.context() as broken:
            broken.setattr(objects, "keep", fails)
            indexed()
        bring_in = writer.bring_in

        def interrupted(*arguments: Any) -> None:
            bring_in(*arguments)
            writer._note_behind(clock())  # pyright: ignore[reportPrivateUsage]

        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(writer, "bring_in", interrupted)
            writer.catch_up(clock)
        assert get(SearchIndex, LIVE).behind_since is not None  # pyright: ignore[reportOptionalMemberAccess]

    def test_a_reader_whose_storage_is_down_answers_from_what_it_has(
        self, town: Town, clock: SettableClock, indexed: Index, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = town.book(authors=["Ada"])
        indexed()
        assert machine.found("author", "ada") == {first["id"]}
        second = town.book(authors=["Ada"])
        indexed()
        with monkeypatch.context() as broken:
            broken.setattr(objects, "fetch", fails)
            assert machine.found("author", "ada") == {first["id"]}
            with pytest.raises(SearchUnavailable):
                Machine(machine.folder / "new", clock).found("author", "ada")
        clock.forward(seconds=1)
        assert machine.found("author", "ada") == {first["id"], second["id"]}

    def test_without_an_index_nothing_is_searched_and_health_says_that_it_is_being_made(
        self, town: Town, indexed: Index, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        town.book()
        SearchIndex(name=LIVE).delete()
        health = town.visitor().get("/health")
        assert (health.status, health.json["status"], health.json["search"]) == (200, "degraded", "building")
        assert town.visitor().get("/books").status == 200

    def test_health_says_that_the_index_cannot_be_had(
        self, town: Town, clock: SettableClock, indexed: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        town.book()
        indexed()
        assert town.visitor().get("/health").json["search"] == "ok"
        monkeypatch.setattr(objects, "fetch", fails)
        elsewhere = reader.Reader(tmp_path / "new")
        monkeypatch.setattr(reader, "_reader", lambda: elsewhere)
        health = town.visitor().get("/health")
        assert (health.status, health.json["status"], health.json["search"]) == (200, "degraded", "down")

    @pytest.mark.parametrize("harm", [b"", b"not what it was", None])
    def test_a_damaged_piece_has_the_index_made_anew(
        self, harm: bytes | None, town: Town, clock: SettableClock, indexed: Index, machine: Machine
    ) -> None:
        book = town.book(authors=["Ada"])
        indexed()
        key = live().pieces[0].key
        objects.remove(key) if harm is None else objects.put(key, harm, "application/octet-stream")
        with pytest.raises(SearchUnavailable):
            machine.found("author", "ada")
        rebuild.keep(clock, lambda: 900)
        clock.forward(seconds=1)
        assert machine.found("author", "ada") == {book["id"]}

    def test_a_file_torn_on_this_machine_is_fetched_again(
        self, town: Town, clock: SettableClock, indexed: Index, machine: Machine
    ) -> None:
        book = town.book(authors=["Ada"])
        indexed()
        assert machine.found("author", "ada")
        for file in machine.folder.glob("*/*.term"):
            file.write_bytes(bytes(file.stat().st_size))
        assert Machine(machine.folder, clock).found("author", "ada") == {book["id"]}
        assert not get(SearchIndex, LIVE).damaged  # pyright: ignore[reportOptionalMemberAccess]


class TestReading:
    def test_a_fresh_index_is_asked_for_nothing(
        self, town: Town, clock: SettableClock, indexed: Index, machine: Machine, counted: Any
    ) -> None:
        town.book(authors=["Ada"])
        indexed()
        with counted() as calls:
            machine.found("author", "ada")
            machine.found("author", "ada")
            assert calls == ["GetItem"]
            clock.forward(seconds=1)
            machine.found("author", "ada")
        assert calls == ["GetItem", "GetItem"]

    def test_one_object_is_fetched_for_a_new_book_and_two_for_a_changed_one(
        self, town: Town, clock: SettableClock, indexed: Index, machine: Machine, fetched: list[str]
    ) -> None:
        book = town.book()
        town.book()
        indexed()
        assert machine.searcher.num_docs == 2
        fetched.clear()
        town.book()
        indexed()
        assert machine.searcher.num_docs == 3
        assert len(fetched) == 1
        changed(town.librarian, book, authors=["Grace"])
        indexed()
        assert machine.searcher.num_docs == 3
        assert len(fetched) == 3

    def test_who_reads_where_it_is_written_fetches_nothing(
        self, town: Town, clock: SettableClock, indexed: Index, fetched: list[str]
    ) -> None:
        here = Machine(writer.folder(), clock)
        for _ in range(3):
            town.book(authors=["Ada"])
            indexed()
            assert here.searcher.num_docs
        assert len(here.found("author", "ada")) == 3
        assert fetched == []

    def test_a_search_that_has_begun_goes_on_in_the_index_it_began_in(
        self, town: Town, clock: SettableClock, indexed: Index, machine: Machine
    ) -> None:
        town.book(authors=["Ada"])
        indexed()
        began_in = machine.searcher
        anew(clock)
        clock.forward(minutes=1)
        assert machine.searcher is not began_in
        assert [path.name for path in machine.folder.iterdir()] == [live().id]
        ada = tantivy.Query.term_query(fields.SCHEMA, "author", "ada")
        assert len(began_in.search(ada, 5).hits) == 1

    def test_the_folder_holds_no_more_than_the_newest(
        self, town: Town, clock: SettableClock, indexed: Index, machine: Machine
    ) -> None:
        for _ in range(4):
            town.book()
            indexed()
            clock.forward(seconds=30)
            assert machine.searcher.num_docs
            assert [path.name for path in machine.folder.iterdir()] == [live().id]

    def test_small_segments_are_joined(self, town: Town, clock: SettableClock, indexed: Index) -> None:
        book = town.book()
        for _ in range(10):
            writer.follow(told(clock), clock)
        assert town.librarian.get(f"/books/{book['id']}").status == 200
        assert len(live().pieces) <= 8


class TestARebuild:
    def test_finds_what_the_old_index_found(
        self, town: Town, clock: SettableClock, indexed: Index, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rebuild, "A_PAGE", 2)
        section = town.section("Poetry")
        books = {town.book(authors=["Ada"], section_ids=[section["id"]])["id"] for _ in range(5)}
        anew(clock)
        clock.forward(seconds=1)
        assert machine.found("author", "ada") == machine.found("section", section["id"]) == books
        assert machine.searcher.num_docs == 6
        assert rebuild.progress() is None

    def test_starts_by_itself_where_there_is_no_index(
        self, town: Town, clock: SettableClock, indexed: Index, machine: Machine
    ) -> None:
        book = town.book(authors=["Ada"])
        SearchIndex(name=LIVE).delete()
        rebuild.keep(clock, lambda: 900)
        assert machine.found("author", "ada") == {book["id"]}

    def test_starts_by_itself_where_the_index_is_another_releases(
        self, town: Town, clock: SettableClock, indexed: Index, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        book = town.book(authors=["Ada"])
        indexed()
        generation = live().generation
        monkeypatch.setattr(fields, "SCHEMA_VERSION", fields.SCHEMA_VERSION + 1)
        with pytest.raises(SearchUnavailable):
            machine.found("author", "ada")
        rebuild.keep(clock, lambda: 900)
        clock.forward(seconds=1)
        assert machine.found("author", "ada") == {book["id"]}
        assert live().generation != generation

    @pytest.mark.parametrize("kept", ["{}", "é", "bm9uZQ==", "eJyrrgUAAXUA+Q=="])
    def test_starts_by_itself_where_nobody_can_read_of_what_the_index_consists(
        self, town: Town, clock: SettableClock, indexed: Index, machine: Machine, kept: str
    ) -> None:
        book = town.book(authors=["Ada"])
        indexed()
        for name in (LIVE, REBUILD):
            SearchIndex(name=name).update([SearchIndex.manifest.set(kept), SearchIndex.version.set("x")])
        with pytest.raises(SearchUnavailable):
            machine.found("author", "ada")
        rebuild.open_empty()  # as the library is opened
        rebuild.keep(clock, lambda: 900)
        clock.forward(seconds=1)
        assert machine.found("author", "ada") == {book["id"]}

    def test_does_not_start_where_all_is_well(self, town: Town, clock: SettableClock, indexed: Index) -> None:
        town.book()
        indexed()
        before = live()
        rebuild.keep(clock, lambda: 900)
        assert live() == before

    def test_is_gone_on_with_where_it_was_left(
        self, town: Town, clock: SettableClock, indexed: Index, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rebuild, "A_PAGE", 2)
        books = {town.book(authors=["Ada"])["id"] for _ in range(5)}
        rebuild.start(clock())
        for done in (2, 4, 5):
            pages = iter((True, False))
            rebuild.go_on(clock, lambda pages=pages: next(pages))
            if now := rebuild.progress():
                assert now.books == done
        rebuild.go_on(clock, lambda: True)
        clock.forward(seconds=1)
        assert machine.searcher.num_docs == 5
        assert machine.found("author", "ada") == books

    def test_loses_nothing_that_is_written_while_it_goes_on(
        self, town: Town, clock: SettableClock, indexed: Index, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rebuild, "A_PAGE", 2)
        section = town.section("Poetry")
        first, gone, *_ = [town.book(authors=["Ada"], section_ids=[section["id"]]) for _ in range(5)]
        indexed()
        rebuild.start(clock())
        pages = iter((True, True, False))
        rebuild.go_on(clock, lambda: next(pages))
        changed(town.librarian, first, authors=["Grace"])
        changed(town.librarian, section, at="sections", name="Verse")
        town.librarian.delete(f"/books/{gone['id']}")
        indexed()
        assert machine.found("author", "grace") == {first["id"]}
        assert len(machine.found("author", "ada")) == 3
        late = town.book(authors=["Ada"])  # and not told of, as yet
        rebuild.go_on(clock, lambda: True)
        clock.forward(seconds=1)
        assert machine.found("author", "grace") == {first["id"]}
        assert len(machine.found("author", "ada")) == 4
        assert late["id"] in machine.found("author", "ada")
        assert len(machine.found("about", "verse")) == 4

    def test_is_done_by_one(self, town: Town, clock: SettableClock, indexed: Index) -> None:
        rebuild.start(clock())
        with lease.held(REBUILD, clock), pytest.raises(lease.Held):
            rebuild.go_on(clock, lambda: True)

    def test_is_not_begun_twice(self, town: Town, clock: SettableClock, indexed: Index) -> None:
        rebuild.start(clock())
        before = get(SearchIndex, REBUILD)
        rebuild.start(clock() + timedelta(seconds=1))
        after = get(SearchIndex, REBUILD)
        assert before is not None
        assert after is not None
        assert (before.version, before.started_at) == (after.version, after.started_at)

    def test_begins_again_where_what_it_had_made_is_damaged(
        self, town: Town, clock: SettableClock, indexed: Index, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rebuild, "A_PAGE", 2)
        books = {town.book(authors=["Ada"])["id"] for _ in range(5)}
        rebuild.start(clock())
        pages = iter((True, False))
        rebuild.go_on(clock, lambda: next(pages))
        made = lease.manifest_of(get(SearchIndex, REBUILD))
        assert made
        objects.remove(*(piece.key for piece in made.pieces))
        shelf.forget(writer.folder())
        with pytest.raises(shelf.Damaged):
            rebuild.go_on(clock, lambda: True)
        rebuild.keep(clock, lambda: 900)
        clock.forward(seconds=1)
        assert machine.found("author", "ada") == books


def changed(client: Client, thing: dict[str, Any], at: str = "books", **fields: Any) -> None:
    """Change a book or a section."""
    done = client.patch(f"/{at}/{thing['id']}", fields)
    assert done.status == 200, done.body


def fails(*_: Any) -> Iterator[None]:
    raise OSError("storage is down")


def never(*_: Any, **__: Any) -> None:
    """Nothing is done."""
