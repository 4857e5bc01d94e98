"""Exports: asked for, made by the queue's function, fetched, told of."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib import objects, outside, queues, settings, wiring
from chalicelib.errors import Invalid
from chalicelib.exports import jobs, rows, service, webhook
from chalicelib.exports.service import Message
from chalicelib.facts import Fact
from chalicelib.notices import letters
from chalicelib.notices.tables import Letter
from chalicelib.spreadsheets import encoded
from tests.factories import Town
from tests.fakes import SettableClock


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """What waits in the queue of exports."""
    waiting: list[Message] = []

    def send(name: str, message: Any, delay: int = 0) -> None:
        if name == "exports":
            waiting.append(message)

    monkeypatch.setattr(queues, "send", send)
    return waiting


def work_off(queue: list[Message], time_left: Callable[[], float] = lambda: 300.0) -> int:
    """Have the function go on until the queue is empty; how many messages it took."""
    taken = 0
    while queue:
        jobs.go_on(queue.pop(0), time_left, wiring.now())
        taken += 1
    return taken


def exported(town: Town, queue: list[Message], **asked: Any) -> list[dict[str, str]]:
    """The rows of an export, as a spreadsheet reads them."""
    return rows_of(file_of(town, queue, **asked))


def file_of(town: Town, queue: list[Message], **asked: Any) -> bytes:
    begun = town.librarian.post("/exports", asked)
    assert begun.status == 202, begun.body
    work_off(queue)
    done = town.librarian.get(f"/exports/{begun.json['id']}").json
    assert done["status"] == "ready"
    body = objects.get(f"exports/{done['id']}.csv")
    assert body is not None
    assert len(rows_of(body)) == done["rows"]
    assert len(body) == done["size"]
    assert done["download_url"]
    return body


def rows_of(body: bytes) -> list[dict[str, str]]:
    assert body.startswith(b"\xef\xbb\xbf"), "spreadsheets know UTF-8 by its mark"
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def test_loans_are_exported_with_book_patron_dates_and_rating(
    town: Town, queue: list[Message], clock: SettableClock
) -> None:
    section = town.section("कविता")
    book = town.book(title="गोदान", authors=["प्रेमचंद", "B"], section_ids=[section["id"]], content="# A")
    asha = town.patron("asha")
    lent = town.loan(asha, book)
    clock.forward(hours=1)
    asha.post(f"/loans/{lent['id']}/return")
    asha.put(f"/books/{book['id']}/review", {"rating": 4, "text": "Good"})
    other = town.loan(asha, town.book(grant="librarian"))
    clock.forward(minutes=1)

    first, second = exported(town, queue, kind="loans")
    assert tuple(first) == rows.COLUMNS["loans"]
    assert first["loan_id"] == lent["id"]
    assert first["title"] == "गोदान"
    assert first["content"] == f"markdown {settings.current().public_url}/books/{book['id']}"
    assert (first["authors"], first["sections"], first["patron"]) == ("प्रेमचंद; B", "कविता", "Asha")
    assert (first["status"], first["rating"]) == ("returned", "4")
    assert first["date_requested"] == first["date_issued"] == lent["granted_at"][:19] + "Z"
    assert first["return_date"] == lent["due_at"]
    assert first["date_returned"] > first["date_issued"]
    assert (second["loan_id"], second["status"], second["date_issued"]) == (other["id"], "requested", "")


def test_what_is_past_due_is_exported_as_expired_before_any_job_ran(
    town: Town, queue: list[Message], clock: SettableClock
) -> None:
    town.loan(town.patron(), town.book(loan_period="PT1M"))
    clock.forward(minutes=2)
    assert [row["status"] for row in exported(town, queue, status="expired")] == ["expired"]
    assert exported(town, queue, status="active") == []


def test_days_are_those_of_the_library_and_both_are_included(
    town: Town, queue: list[Message], clock: SettableClock
) -> None:
    town.librarian.patch("/settings", {"timezone": "Asia/Kolkata"})
    there = clock.time.astimezone(ZoneInfo("Asia/Kolkata"))
    midnight = there.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    today, tomorrow = there.date().isoformat(), midnight.date().isoformat()
    reader, books = town.patron(), [town.book(), town.book()]
    clock.time = midnight - timedelta(minutes=1)
    early = town.loan(reader, books[0])
    clock.time = midnight + timedelta(minutes=1)
    late = town.loan(reader, books[1])
    clock.forward(minutes=1)
    assert [r["loan_id"] for r in exported(town, queue, **{"from": today, "to": today})] == [early["id"]]
    assert [r["loan_id"] for r in exported(town, queue, **{"from": tomorrow})] == [late["id"]]
    since = early["requested_at"]
    assert len(exported(town, queue, **{"from": since})) == 2


def test_books_patrons_and_ratings_have_files_of_their_own(
    town: Town, queue: list[Message], clock: SettableClock
) -> None:
    section = town.section()
    book = town.book(title="One", section_ids=[section["id"]], price={"amount": 499, "currency": "EUR"})
    town.book(title="Two")
    ben = town.patron("ben")
    town.loan(ben, book)
    ben.put(f"/books/{book['id']}/review", {"rating": 2, "text": "no"})
    clock.forward(minutes=1)
    ben.put(f"/books/{book['id']}/review", {"rating": 5, "text": "yes"})
    clock.forward(minutes=1)

    titles = [(row["title"], row["price"]) for row in exported(town, queue, kind="books")]
    assert sorted(titles) == [("One", "4.99 EUR"), ("Two", "")]
    assert [row["title"] for row in exported(town, queue, kind="books", section=section["id"])] == ["One"]
    assert [(row["username"], row["open"]) for row in exported(town, queue, kind="patrons")] == [("ben", "1")]
    rated = exported(town, queue, kind="ratings")
    assert [(row["patron"], row["rating"], row["text"]) for row in rated] == [("Ben", "5", "yes")]


def test_no_cell_becomes_a_formula_and_nothing_is_lost_on_the_way(town: Town, queue: list[Message]) -> None:
    hostile = ["=1+1", "@cmd", "＝HYPERLINK()", 'a "quoted", title', "مدينة الأحلام", "-2 below"]
    for title in hostile:
        town.book(title=title)
    kept = [row["title"] for row in exported(town, queue, kind="books")]
    assert kept == [f"'{t}" if t[0] in "=@＝-" else t for t in hostile]


def test_a_file_goes_on_where_the_time_of_a_function_ended(
    town: Town, queue: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "AT_ONCE", 2)
    titles = [town.book()["title"] for _ in range(7)]
    begun = town.librarian.post("/exports", {"kind": "books"}).json
    # Each function has time for one batch.
    assert work_off(queue, lambda: jobs.LEFT - 1) == 5
    body = objects.get(f"exports/{begun['id']}.csv")
    assert body is not None
    assert [row["title"] for row in rows_of(body)] == titles


def test_a_function_that_dies_is_followed_by_one_that_goes_on_after_its_last_part(
    town: Town, queue: list[Message], clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "AT_ONCE", 1)
    titles = []
    for _ in range(4):
        titles.append(town.book()["title"])
        clock.forward(seconds=1)
    begun = town.librarian.post("/exports", {"kind": "books"}).json
    message = queue.pop()
    monkeypatch.setattr(jobs, "encoded", _large)
    calls = 0

    def dies() -> float:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return 300.0

    with pytest.raises(KeyboardInterrupt):
        jobs.go_on(message, dies, wiring.now())
    jobs.go_on(message, lambda: 300.0, wiring.now())  # while the first may still be at it: nothing
    assert town.librarian.get(f"/exports/{begun['id']}").json["status"] == "running"
    clock.forward(seconds=jobs.HELD.total_seconds())
    jobs.go_on(message, lambda: 300.0, wiring.now())
    done = town.librarian.get(f"/exports/{begun['id']}").json
    assert (done["status"], done["rows"]) == ("ready", 4)
    body = objects.get(f"exports/{begun['id']}.csv")
    assert body is not None
    assert [line.split(b",")[1].decode() for line in body.split(b"\r\n") if b"," in line][-4:] == titles


def _large(some: Any) -> bytes:
    """Rows that are a part of a file each, as S3 takes them."""
    return encoded(some) + b"\r\n" * (jobs.PART // 2)


def test_delivered_twice_it_is_built_once(town: Town, queue: list[Message]) -> None:
    town.book()
    begun = town.librarian.post("/exports", {"kind": "books"}).json
    message = queue.pop()
    jobs.go_on(message, lambda: 300.0, wiring.now())
    finished = town.librarian.get(f"/exports/{begun['id']}").json["finished_at"]
    town.book()
    jobs.go_on(message, lambda: 300.0, wiring.now())
    again = town.librarian.get(f"/exports/{begun['id']}").json
    assert (again["rows"], again["finished_at"]) == (1, finished)


def test_asked_for_twice_with_one_key_it_is_made_once(town: Town, queue: list[Message]) -> None:
    headers = {"Idempotency-Key": "k"}
    ids = {town.librarian.post("/exports", {"kind": "books"}, headers=headers).json["id"] for _ in range(2)}
    assert len(ids) == 1
    work_off(queue)
    assert [one["id"] for one in town.librarian.get("/exports").json["items"]] == list(ids)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "films"}, "kind"),
        ({"status": "lost"}, "status"),
        ({"kind": "books", "status": "active"}, "status"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-02-30"}, "from"),
        ({"to": "9999-12-31"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"webhook_url": "ftp://example.org"}, "webhook_url"),
        ({"webhook_url": "http://169.254.169.254/latest"}, "webhook_url"),
    ],
)
def test_a_wrong_export_is_refused_at_the_field(
    town: Town, queue: list[Message], asked: dict[str, Any], field: str
) -> None:
    refused = town.librarian.post("/exports", asked)
    assert refused.status == 422
    assert [error["field"] for error in refused.json["errors"]] == [field]
    assert queue == []


def test_a_webhook_is_told_with_a_signature_that_can_be_checked(
    town: Town, queue: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, bytes, dict[str, str]]] = []

    def post(url: str, body: bytes, headers: dict[str, str]) -> outside.Answer:
        told.append((url, body, headers))
        return outside.Answer(204, {}, b"")

    monkeypatch.setattr(outside, "post", post)
    begun = town.librarian.post("/exports", {"kind": "books", "webhook_url": "https://school.example/hook"}).json
    work_off(queue)
    ((url, body, headers),) = told
    assert url == "https://school.example/hook"
    said = json.loads(body)
    assert (said["id"], said["status"], said["rows"]) == (begun["id"], "ready", 0)
    secret = town.librarian.get("/webhook-secret").json["secret"]
    parts = dict(part.split("=") for part in headers["Carrel-Signature"].split(","))
    expected = hmac.new(secret.encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert parts["v1"] == expected
    assert town.librarian.get(f"/exports/{begun['id']}").json["webhook"] == "delivered"


def test_a_webhook_that_does_not_answer_is_tried_five_times_and_given_up(
    town: Town, queue: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    def post(url: str, body: bytes, headers: dict[str, str]) -> outside.Answer:
        nonlocal tries
        tries += 1
        if tries % 2:
            raise outside.NoAnswer("nobody", sent=False)
        return outside.Answer(500, {}, b"")

    monkeypatch.setattr(outside, "post", post)
    begun = town.librarian.post("/exports", {"kind": "books", "webhook_url": "https://school.example/hook"}).json
    work_off(queue)
    shown = town.librarian.get(f"/exports/{begun['id']}").json
    assert (tries, shown["webhook"], shown["status"]) == (len(webhook.WAITS) + 1, "failed", "ready")


def test_the_link_of_the_mail_opens_the_file_without_signing_in_for_a_week(
    town: Town, queue: list[Message], clock: SettableClock
) -> None:
    file_of(town, queue, kind="books")
    for happened in Fact.scan():
        jobs.on_fact(happened, wiring.now())
        jobs.on_fact(happened, wiring.now())  # told twice
    (letter,) = Letter.scan()
    keeper = letters.person(letter.account_id)
    assert keeper is not None
    said = letters.written(letter, keeper, wiring.now())
    token = said.url.partition("?token=")[2]
    opened = town.visitor().get(f"/exports/file?token={token}")
    assert (opened.status, opened.headers["cache-control"]) == (303, "no-store")
    assert "exports/" in opened.headers["location"]
    assert said.url in said.text
    told = [one["kind"] for one in town.librarian.get("/notifications").json["items"]]
    assert told == ["export-ready"]
    for wrong in (token[:-2], "x" + token, "x"):
        assert town.visitor().get(f"/exports/file?token={wrong}").status == 404
    clock.forward(days=8)
    assert town.visitor().get(f"/exports/file?token={token}").status == 404


@pytest.mark.parametrize("day", ["0003-01-01", "1000-01-01", "1969-12-31"])
def test_from_long_before_the_library_opened_is_from_its_beginning(
    town: Town, queue: list[Message], clock: SettableClock, day: str
) -> None:
    lent = town.loan(town.patron(), town.book())
    clock.forward(seconds=1)
    assert [row["loan_id"] for row in exported(town, queue, **{"from": day})] == [lent["id"]]
    assert exported(town, queue, to=day) == []


@pytest.mark.parametrize("kind", list(rows.OF))
def test_from_a_time_to_come_there_is_nothing_yet(
    town: Town, queue: list[Message], clock: SettableClock, kind: str
) -> None:
    town.loan(town.patron(), town.book())
    clock.forward(seconds=1)
    later = clock.time + timedelta(seconds=1)  # of this day, as the index has it
    assert exported(town, queue, kind=kind, **{"from": later.isoformat()}) == []


def test_a_file_of_patrons_goes_on_where_the_time_of_a_function_ended(
    town: Town, queue: list[Message], clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "AT_ONCE", 2)
    town.book()  # the librarian is there first
    for _ in range(3):
        town.patron()
    clock.forward(seconds=1)
    begun = town.librarian.post("/exports", {"kind": "patrons"}).json
    work_off(queue, lambda: jobs.LEFT - 1)
    body = objects.get(f"exports/{begun['id']}.csv")
    assert body is not None
    assert len(rows_of(body)) == 3


def test_time_is_looked_at_however_few_of_the_loans_are_asked_for(
    town: Town, queue: list[Message], clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "AT_ONCE", 2)
    patron = town.patron()
    for _ in range(4):
        town.loan(patron, town.book())
    clock.forward(seconds=1)
    town.librarian.post("/exports", {"kind": "loans", "status": "denied"})
    assert work_off(queue, lambda: jobs.LEFT - 1) == 3


def test_an_export_whose_message_was_lost_is_begun_by_asking_again(
    town: Town, queue: list[Message], clock: SettableClock
) -> None:
    headers = {"Idempotency-Key": "k"}
    begun = town.librarian.post("/exports", {"kind": "books"}, headers=headers).json
    queue.clear()
    town.librarian.post("/exports", {"kind": "books"}, headers=headers)
    work_off(queue)
    assert town.librarian.get(f"/exports/{begun['id']}").json["status"] == "ready"


def test_a_webhook_is_told_though_the_function_died_as_the_file_was_ready(
    town: Town, queue: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bytes] = []

    def post(url: str, body: bytes, headers: dict[str, str]) -> outside.Answer:
        told.append(body)
        return outside.Answer(204, {}, b"")

    monkeypatch.setattr(outside, "post", post)

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    town.librarian.post("/exports", {"kind": "books", "webhook_url": "https://school.example/hook"})
    (message,) = queue
    with monkeypatch.context() as patched:
        patched.setattr(webhook, "deliver", dies)
        with pytest.raises(KeyboardInterrupt):
            jobs.go_on(message, lambda: 300.0, wiring.now())
    work_off(queue)
    assert len(told) == 1


def test_a_webhook_is_told_of_an_export_that_failed(
    town: Town, queue: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []

    def post(url: str, body: bytes, headers: dict[str, str]) -> outside.Answer:
        told.append(json.loads(body))
        return outside.Answer(204, {}, b"")

    def refused(*_: Any) -> None:
        raise Invalid.field("from", "This is no day.", "date")

    monkeypatch.setattr(outside, "post", post)
    begun = town.librarian.post("/exports", {"kind": "books", "webhook_url": "https://school.example/hook"}).json
    monkeypatch.setattr(service, "asked_for", refused)
    work_off(queue)
    assert [(one["id"], one["status"], one["download_url"]) for one in told] == [(begun["id"], "failed", None)]
    assert town.librarian.get(f"/exports/{begun['id']}").json["webhook"] == "delivered"
