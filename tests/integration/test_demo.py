"""The demo, made in a library on moto in process: what stands on its shelves, and what its patrons did."""

from __future__ import annotations

import logging
import stat
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from chalicelib import clients, objects
from chalicelib.accounts import service as accounts
from chalicelib.accounts import sessions
from chalicelib.accounts.people import find
from chalicelib.cache import Cache
from chalicelib.catalogue import lists as catalogue
from chalicelib.catalogue import sections
from chalicelib.catalogue.tables import Book
from chalicelib.circulation import lists as loans
from chalicelib.circulation import titles
from chalicelib.circulation.rules import OPEN, Status
from chalicelib.circulation.tables import Loan
from chalicelib.policy import service as policy
from chalicelib.reviews import service as reviews
from infra.local import demo
from infra.local.demo import people, shelves, texts
from infra.local.provision import provision, read
from tests.factories import LIBRARIAN
from tests.fakes import FakeRedis
from tests.in_process import moto_answers

REGION = "eu-west-1"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
TEXTS = texts.everything()


@pytest.fixture(scope="class")
def cloud() -> Iterator[None]:
    """A cloud with the library's tables, bucket and queues."""
    with mock_aws(), moto_answers():
        provision(read(), lambda service: boto3.client(service, region_name=REGION), stage="test")
        yield
    clients.s3.cache_clear()
    clients.sqs.cache_clear()


@pytest.fixture(scope="class")
def cache() -> Cache:
    redis = FakeRedis()
    return Cache(lambda: redis, "test:")


@pytest.fixture(scope="class")
def folder(cloud: None, cache: Cache, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a library that has just been opened with its demo."""
    folder = tmp_path_factory.mktemp("library")
    open_new_library()
    demo.open_with(folder, True, cache, NOW)
    return folder


@pytest.fixture
def new_library(cloud: None) -> None:
    """A library in which there is nobody but the librarian."""
    for table in tables().values():
        table.items.clear()
    open_new_library()


def tables() -> dict[str, Any]:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables


def open_new_library() -> None:
    assert accounts.make_librarian(LIBRARIAN["email"], LIBRARIAN["password"], NOW)


def books() -> dict[str, Book]:
    return {book.title: book for book in catalogue.newest(100, None).items}


def all_loans() -> list[Loan]:
    return loans.of_library(frozenset(Status), 100, None, NOW).items


def told() -> dict[str, Any]:
    """The library as it stands, without the ids that chance gave it."""
    title = {book.id: book.title for book in books().values()}
    name = accounts.names({loan.patron_id for loan in all_loans()})
    return {
        "books": [
            (book.title, book.created_at, book.rating_sum, book.rating_count, len(book.section_ids))
            for book in books().values()
        ],
        "sections": [
            (section.name, section.book_count, section.rating_sum, section.rating_count)
            for section in sections.listed(None, "name", 100, None).items
        ],
        "loans": [
            (name[loan.patron_id], title[loan.book_id], loan.status, loan.requested_at, loan.granted_at, loan.ended_at)
            for loan in all_loans()
        ],
        "reviews": sorted(
            (book.title, review.rating, review.text, review.written_at)
            for book in books().values()
            for review in reviews.of_book(book.id, 100, None).items
        ),
    }


def kept() -> dict[str, int]:
    """How many items each table has."""
    return {
        name: sum(len(item) if isinstance(item, dict) else 1 for item in table.items.values())
        for name, table in tables().items()
    }


class TestTheDemo:
    @pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
    def test_each_text_stands_on_the_shelves_as_its_head_says(self, folder: Path, text: texts.Text) -> None:
        book = books()[text.title]
        assert book.file is not None
        assert book.file.format == text.format
        assert objects.size(book.file.key) == book.file.size
        assert (list(book.authors), book.language) == (list(text.authors), text.language)
        assert (book.description, book.publisher) == (text.description, "Carrel")
        assert list(book.subjects) == list(text.subjects)
        assert (book.series and (book.series.name, book.series.position)) == text.series
        assert (book.grant, book.loan_period) == (text.terms["grant"], text.terms["loan_period"])
        assert book.copies == text.terms.get("copies")
        assert (book.price and book.price.as_dict()) == text.terms.get("price")
        assert (book.words or 0) > 150
        assert book.created_at == NOW - text.age
        names = {sections.one(section_id).name for section_id in book.section_ids}
        assert names == {shelves.SECTIONS[key][0] for key in text.sections}

    def test_the_sections_say_what_they_are_and_count_their_books(self, folder: Path) -> None:
        there = sections.listed(None, "newest", 100, None).items
        assert [section.name for section in there] == [name for name, _ in shelves.SECTIONS.values()]
        assert all(section.description and section.book_count for section in there)
        assert sum(section.book_count for section in there) == sum(len(text.sections) for text in TEXTS)

    def test_loans_stand_in_every_state_and_say_why_they_were_refused_or_ended(self, folder: Path) -> None:
        states = Counter(loan.status for loan in all_loans())
        assert set(states) == set(Status)
        for loan in all_loans():
            assert bool(loan.reason) == (loan.status in (Status.DENIED, Status.REVOKED))

    def test_the_reader_has_something_of_everything_and_room_for_more(self, folder: Path) -> None:
        reader = find(people.READER)
        assert reader is not None
        own = [loan for loan in all_loans() if loan.patron_id == reader.id]
        assert {loan.status for loan in own} == set(Status) - {Status.WAITING}
        due = sorted(loan.due_at - NOW for loan in own if loan.status == Status.ACTIVE and loan.due_at)
        assert due[0] < timedelta(days=1) < timedelta(days=3) < due[-1]
        assert sum(loan.status in OPEN for loan in own) <= policy.current().loan_limit - 1

    def test_nobody_has_more_than_allowed_and_no_copy_is_lent_twice(self, folder: Path) -> None:
        running = [loan for loan in all_loans() if loan.status in OPEN]
        each = Counter(loan.patron_id for loan in running)
        assert max(each.values()) <= policy.current().loan_limit
        out = Counter(loan.book_id for loan in running if loan.has_copy)
        limited = [book for book in books().values() if book.copies is not None]
        free = {book_id: supply.available for book_id, supply in titles.supplies(limited, NOW).items()}
        assert free == {book.id: book.copies - out[book.id] for book in limited}
        assert 0 in free.values()

    def test_only_what_is_due_later_is_kept_as_active(self, folder: Path) -> None:
        assert all(loan.due_at > NOW for loan in all_loans() if loan.status == Status.ACTIVE and loan.due_at)

    def test_the_ratings_put_the_books_in_an_order(self, folder: Path) -> None:
        ranked = catalogue.best_rated(100, None).items
        assert len({book.rating_sum / book.rating_count for book in ranked if book.rating_count}) > 3
        voices = [review for book in ranked for review in reviews.of_book(book.id, 100, None).items]
        assert len(voices) == sum(visit.said is not None for visit in people.VISITS)

    def test_the_patrons_have_their_own_names_zones_and_languages(self, folder: Path) -> None:
        for patron in people.PATRONS:
            account = find(patron.username)
            assert account is not None
            assert (account.name, account.timezone, account.language) == (
                patron.name,
                patron.timezone,
                patron.language,
            )

    def test_what_the_reader_signs_in_with_was_made_up_and_is_kept_for_the_owner_only(
        self, folder: Path, cache: Cache
    ) -> None:
        username, password = (demo.reader(folder) or "").split()
        assert sessions.sign_in(username, password, "", "127.0.0.1", cache, NOW)
        assert stat.S_IMODE((folder / demo.PASSWORD).stat().st_mode) == 0o600
        assert len(password) >= 16

    def test_nothing_comes_of_making_it_again(self, folder: Path, cache: Cache) -> None:
        before, counts = told(), kept()
        demo.fill((folder / demo.PASSWORD).read_text().strip(), cache, NOW)
        demo.open_with(folder, False, cache, NOW + timedelta(days=1))
        demo.open_with(folder, True, cache, NOW + timedelta(days=1))
        assert (told(), kept()) == (before, counts)


class Killed(BaseException):
    """What no part of the library catches."""


class TestMakingTheDemo:
    def test_a_start_cut_short_is_completed_by_the_next_and_nothing_is_doubled(
        self, new_library: None, cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        left = 3

        def add_record(*arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if not left:
                raise Killed
            return whole_add(*arguments)

        def die(*_: Any) -> None:
            raise Killed

        whole_add = shelves.accession.add_record
        with monkeypatch.context() as patched:
            patched.setattr(shelves.accession, "add_record", add_record)
            with pytest.raises(Killed):
                demo.open_with(tmp_path, True, cache, NOW)
        assert 0 < len(books()) < len(TEXTS)
        for step in ("deny", "revoke"):
            with monkeypatch.context() as patched:
                patched.setattr(people.lending, step, die)
                with pytest.raises(Killed):
                    demo.open_with(tmp_path, False, cache, NOW + timedelta(hours=1))
        assert 0 < len(all_loans()) < len(people.VISITS)
        demo.open_with(tmp_path, False, cache, NOW + timedelta(hours=2))
        completed, counts = told(), kept()
        for table in tables().values():
            table.items.clear()
        open_new_library()
        demo.open_with(tmp_path, True, cache, NOW)
        assert (told(), kept()) == (completed, counts)

    def test_a_library_that_has_a_book_is_left_alone(self, new_library: None, cache: Cache, tmp_path: Path) -> None:
        shelves.accession.add_record({"title": "Mine", "grant": "automatic"}, "me", cache, NOW)
        demo.open_with(tmp_path, True, cache, NOW)
        assert list(books()) == ["Mine"]
        assert demo.reader(tmp_path) is None
        assert list(tmp_path.iterdir()) == []

    def test_a_library_opens_although_the_demo_cannot_be_made_and_does_not_try_for_ever(
        self,
        new_library: None,
        cache: Cache,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def fail(*_: Any) -> None:
            raise OSError("no room")

        monkeypatch.setattr(shelves, "fill", fail)
        with caplog.at_level(logging.ERROR):
            demo.open_with(tmp_path, True, cache, NOW)
        assert "demo" in caplog.text
        assert demo.reader(tmp_path) is None
        caplog.clear()
        demo.open_with(tmp_path, False, cache, NOW)
        assert caplog.text == ""
