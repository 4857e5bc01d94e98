"""Monthly reports: begun once, made for the librarian and for who read, and mailed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib import objects, pdf, queues, wiring
from chalicelib.catalogue import jobs as catalogue_jobs
from chalicelib.circulation.jobs import expire_loans
from chalicelib.facts import Fact
from chalicelib.notices.tables import Letter
from chalicelib.reports import library, making, months, pages, patron, service
from chalicelib.reports.service import Message
from chalicelib.reports.tables import Report
from chalicelib.stats import jobs as stats_jobs
from tests.client import Client
from tests.factories import LIBRARIAN, PASSWORD, Town
from tests.fakes import SettableClock

UTC_ZONE = ZoneInfo("UTC")


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """What waits in the queue of reports."""
    waiting: list[Message] = []

    def send(name: str, message: Any, delay: int = 0) -> None:
        if name == service.QUEUE:
            waiting.append(message)

    monkeypatch.setattr(queues, "send", send)
    return waiting


@pytest.fixture
def printer(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A printer that says what it was given; the real one takes seconds and has a test of its own."""
    printed: list[str] = []

    def kept(html: str) -> bytes:
        printed.append(html)
        return b"%PDF-1.7"

    monkeypatch.setattr(pdf, "printed", kept)
    return printed


class Months:
    """A library through whose months one may go. Everybody signs in again when time has passed."""

    def __init__(self, town: Town, clock: SettableClock) -> None:
        self.town, self.clock = town, clock
        next_first = (clock.time.replace(day=1) + timedelta(days=32)).replace(day=1, hour=12)
        self.begin = next_first
        self.people: dict[str, Client] = {}

    def go_to(self, day: int, months: int = 0) -> None:
        """To noon of a day of the first month after now, or of one after that."""
        moment = self.begin
        for _ in range(months):
            moment = (moment + timedelta(days=32)).replace(day=1)
        self.clock.time = moment.replace(day=day)
        self.town.librarian.sign_in(LIBRARIAN["email"], LIBRARIAN["password"])
        for name, person in self.people.items():
            person.sign_in(name, PASSWORD)

    def patron(self, name: str, **fields: Any) -> Client:
        self.people[name] = person = self.town.patron(name)
        if fields:
            assert person.patch("/me", {**fields, "current_password": PASSWORD}).status == 200
        return person

    @property
    def name(self) -> str:
        return self.begin.strftime("%Y-%m")


@pytest.fixture
def story(town: Town, clock: SettableClock) -> Months:
    """A month in which Asha had three e-books, Ben had none, and Chen waits."""
    library_ = Months(town, clock)
    asha = library_.patron("asha", email="asha@school.example", report_format="pdf", language="hi")
    library_.patron("ben", email="ben@school.example")
    chen = library_.patron("chen")
    poems = town.section("कविता")
    few = town.book(title="雪国", copies=1, section_ids=[poems["id"]])
    books = [town.book(title=title, section_ids=[poems["id"]]) for title in ("गोदान", "Οδύσσεια")]
    library_.go_to(3)
    kept = town.loan(asha, few, period="P7D")
    town.loan(chen, few, if_unavailable="wait")
    returned = town.loan(asha, books[0])
    library_.go_to(5)
    asha.post(f"/loans/{returned['id']}/return")
    asha.put(f"/books/{books[0]['id']}/review", {"rating": 4, "text": "अच्छी"})
    library_.go_to(25)
    expire_loans(clock.time)
    town.loan(asha, books[1])
    assert kept
    _count()
    return library_


def _count() -> None:
    told = sorted(Fact.scan(), key=lambda one: one.id)
    stats_jobs.count(told, wiring.cache(), wiring.now())
    catalogue_jobs.count_loans(told, wiring.cache(), wiring.now())


def _work_off(queue: list[Message]) -> list[str]:
    """Make what waits; whose reports they were."""
    owners: list[str] = []
    while queue:
        message = queue.pop(0)
        making.make(message, wiring.now())
        if message.owner:
            owners.append(message.owner)
    return owners


def test_the_report_of_a_month_tells_of_every_loan_of_it_and_counts_them_right(
    story: Months, queue: list[Message], printer: list[str]
) -> None:
    story.go_to(1, months=1)
    it = library.gathered(months.named(story.name, UTC_ZONE), wiring.now(), wiring.now())
    assert all(line.ended for line in it.loans if line.status == "expired")
    assert sorted(line.title for line in it.loans) == sorted(["雪国", "गोदान", "Οδύσσεια", *_lent_again(it)])
    assert it.sums.issued == sum(line.issued >= it.month.begins for line in it.loans)
    assert it.sums.returned == sum(line.status == "returned" for line in it.loans) == 1
    assert (it.sums.ratings, it.sums.rating) == (1, 4.0)
    assert [(one.name, one.issued) for one in it.sections] == [("कविता", it.sums.issued)]
    assert [(one.title, one.patron, one.text) for one in it.reviews] == [("गोदान", "Asha", "अच्छी")]
    assert it.patrons == 3
    assert {day.day: count for day, count in it.busiest}.keys() <= {3, 5, 25, 10}


def _lent_again(it: library.LibraryMonth) -> list[str]:
    """The copy that came back went to who waited, if they took it."""
    return ["雪国"] * (sum(line.title == "雪国" for line in it.loans) - 1)


def test_on_the_first_a_report_is_made_for_the_librarian_and_for_each_who_read(
    story: Months, queue: list[Message], printer: list[str]
) -> None:
    story.go_to(1, months=1)
    service.begin(wiring.now(), wiring.now())
    assert len(_work_off(queue)) == 2
    assert [(letter.kind, len(letter.attachments)) for letter in sorted(Letter.scan(), key=lambda one: one.kind)] == [
        ("monthly-report", 0),
        ("reading-month", 1),
    ]
    (shown,) = story.town.librarian.get("/reports").json["items"]
    assert (shown["month"], shown["status"]) == (story.name, "ready")
    assert shown["html_url"]
    assert shown["pdf_url"]
    assert story.town.librarian.get(f"/reports/{shown['id']}").json["id"] == shown["id"]
    asha, ben = story.people["asha"], story.people["ben"]
    (own,) = asha.get(f"/reports?month={story.name}").json["items"]
    assert asha.get(f"/reports/{own['id']}").status == 200
    assert ben.get("/reports").json["items"] == []
    for stranger in (ben, story.town.librarian):
        assert stranger.get(f"/reports/{own['id']}").status == 404
    kinds = {one["kind"] for one in asha.get("/notifications").json["items"]}
    assert "reading-month" in kinds


def test_it_is_made_once_however_often_the_clock_strikes(
    story: Months, queue: list[Message], printer: list[str]
) -> None:
    story.go_to(1, months=1)
    assert service.begin(wiring.now(), wiring.now()) == 1
    messages = list(queue)
    _work_off(queue)
    queue += messages  # delivered again
    _work_off(queue)
    story.clock.forward(hours=1)
    assert service.begin(wiring.now(), wiring.now()) == 0
    assert len(list(Letter.scan())) == 2


def test_one_that_was_made_as_of_a_time_to_come_is_made_again_when_that_has_come(
    story: Months, queue: list[Message], printer: list[str]
) -> None:
    first = (story.begin + timedelta(days=32)).replace(day=1, hour=0)
    assert service.begin(first, wiring.now()) == 1  # on the 25th, as of the next first
    _work_off(queue)
    story.go_to(1, months=1)
    assert service.begin(wiring.now(), wiring.now()) == 1


def test_a_library_has_no_report_of_the_time_before_it_opened(town: Town, queue: list[Message]) -> None:
    assert service.begin(wiring.now(), wiring.now()) == 0
    assert town.librarian.get("/reports").json == {"items": [], "next_cursor": None}
    assert service.begin(wiring.now(), wiring.now()) == 0
    assert queue == []


def test_without_a_printer_the_report_is_a_page_and_says_nothing_of_a_pdf(
    story: Months, queue: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(html: str) -> bytes:
        raise pdf.NoPrinter("no pango")

    monkeypatch.setattr(pdf, "printed", cannot)
    story.go_to(1, months=1)
    service.begin(wiring.now(), wiring.now())
    _work_off(queue)
    (shown,) = story.town.librarian.get("/reports").json["items"]
    assert shown["html_url"]
    assert shown["pdf_url"] is None
    assert all(letter.attachments == [] for letter in Letter.scan())


def test_the_reports_of_who_was_erased_go_with_them(story: Months, queue: list[Message], printer: list[str]) -> None:
    story.go_to(1, months=1)
    service.begin(wiring.now(), wiring.now())
    _work_off(queue)
    (report,) = [one for one in Report.scan() if one.owner != "library"]
    service.forget(report.owner)
    assert objects.get(report.page) is None
    assert [one.owner for one in Report.scan()] == ["library"]


def test_of_who_was_erased_before_it_was_made_there_is_no_report(
    story: Months, queue: list[Message], printer: list[str]
) -> None:
    story.go_to(1, months=1)
    service.begin(wiring.now(), wiring.now())
    making.make(queue.pop(), wiring.now())
    service.forget(story.people["asha"].id)  # as the stream may tell of it before the queue does
    _work_off(queue)
    assert [one.owner for one in Report.scan()] == ["library"]


def test_what_was_made_while_its_patron_was_erased_is_kept_nowhere(
    story: Months, queue: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    story.go_to(1, months=1)
    asha = story.people["asha"].id
    (report,) = _begun(story, queue, asha)

    def erased_meanwhile(html: str) -> bytes:
        service.forget(asha)
        return b"%PDF-1.7"

    monkeypatch.setattr(pdf, "printed", erased_meanwhile)
    _work_off(queue)
    assert list(Report.query(asha)) == []
    assert [objects.get(f"reports/{asha}/{report.id}.{kind}") for kind in ("html", "pdf")] == [None, None]
    assert list(Letter.scan()) == []


def _begun(story: Months, queue: list[Message], patron_id: str) -> list[Report]:
    """Have a patron's report begun, and no other."""
    making.make(Message(story.name, wiring.now()), wiring.now())
    queue[:] = [message for message in queue if message.owner == patron_id]
    return list(Report.query(patron_id))


def test_a_report_whose_message_was_lost_is_asked_for_again(
    story: Months, queue: list[Message], printer: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    story.go_to(1, months=1)
    send = queues.send

    def lost(name: str, message: Any, delay: int = 0) -> None:
        raise ConnectionError("the queue is away")

    monkeypatch.setattr(queues, "send", lost)
    with pytest.raises(ConnectionError):
        service.begin(wiring.now(), wiring.now())
    monkeypatch.setattr(queues, "send", send)
    story.clock.forward(hours=1)
    assert service.begin(wiring.now(), wiring.now()) == 1
    monkeypatch.setattr(queues, "send", lost)
    with pytest.raises(ConnectionError):
        making.make(queue[-1], wiring.now())
    monkeypatch.setattr(queues, "send", send)
    _work_off(queue)
    assert {(one.owner, one.status) for one in Report.scan()} == {
        ("library", "ready"),
        (story.people["asha"].id, "ready"),
    }


def test_an_e_book_that_was_out_all_month_and_came_back_before_the_report_was_made_is_in_it(
    town: Town, clock: SettableClock
) -> None:
    library_ = Months(town, clock)
    reader, book = library_.patron("asha"), town.book(title="Long", loan_period="P26W")
    lent = town.loan(reader, book)
    library_.go_to(1, months=1)
    as_of = wiring.now()
    clock.forward(minutes=1)
    reader.post(f"/loans/{lent['id']}/return")
    clock.forward(minutes=1)
    it = library.gathered(months.named(library_.name, UTC_ZONE), as_of, wiring.now())
    assert [one.title for one in it.loans] == ["Long"]


def test_the_mail_of_a_month_of_long_titles_is_small_enough_to_be_kept(
    story: Months, printer: list[str], queue: list[Message]
) -> None:
    title, authors = "𠀀" * 500, ["𠀀" * 200] * 50
    story.go_to(1, months=1)
    month, now = months.named(story.name, UTC_ZONE), wiring.now()
    of_library = library.gathered(month, now, now)
    line = replace(of_library.loans[0], title=title, authors=authors, patron="\U00020000" * 100)
    most = [(title, authors, 1)] * library.SHOWN
    crowded = replace(of_library, loans=[line] * 1_000, all_loans=1_000, most_read=most, queues=most)
    of_patron = patron.gathered(story.people["asha"].id, month, now)
    read = replace(of_patron.read[0], title=title, authors=authors)
    avid = replace(of_patron, read=[read] * 1_000, out=[read] * 1_000, new=[(title, authors)] * patron.NEW)
    for data in (
        pages.mail_of_library(crowded, "https://x", attached=True),
        pages.mail_of_patron(avid, "https://x", attached=True),
    ):
        assert len(json.dumps(data)) < 350_000  # DynamoDB takes 400 KB


@pytest.mark.parametrize("language", ["en", "fr", "hi", "ar"])
def test_the_page_holds_every_name_as_it_is_written_and_nothing_that_runs(
    story: Months, printer: list[str], language: str
) -> None:
    story.go_to(1, months=1)
    it = library.gathered(months.named(story.name, UTC_ZONE), wiring.now(), wiring.now())
    hostile = replace(it, library="<script>alert(1)</script> & Co")
    page = pages.of_library(hostile, language)
    assert "&lt;script&gt;alert(1)" in page
    for title in ("雪国", "गोदान", "Οδύσσεια"):
        assert title in page
    assert "<script" not in page
    assert f'lang="{language}"' in page
    assert ('dir="rtl"' in page.split("\n", 3)[1]) == (language == "ar")
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    json.dumps(pages.mail_of_library(it, "https://x", attached=True))


def test_months_are_those_of_the_library() -> None:
    there = ZoneInfo("Asia/Kolkata")
    month = months.of(datetime(2026, 10, 31, 19, 0, tzinfo=UTC), there)
    assert (month.name, month.before().name) == ("2026-11", "2026-10")
    assert month.begins == datetime(2026, 10, 31, 18, 30, tzinfo=UTC)
    assert month.ends == datetime(2026, 11, 30, 18, 30, tzinfo=UTC)
    assert month.last.isoformat() == "2026-11-30"
