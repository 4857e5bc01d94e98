"""The library goes on when a part of it dies, and ends with the reason where it cannot."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from infra.local import stamp
from tests.client import over_http
from tests.factories import LIBRARIAN, Town
from tests.factories_books import epub, package
from tests.running import Library, alive, eventually

# The worker before the cloud: its poll, which nobody listens to any more, would take the next message, and SQS hides
# that for minutes. The cache after both: what it could not be told to forget it may remember for a minute.
PARTS = ["worker", "cloud", "cache", "gateway", "scribe"]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """One that is open, with the tests' librarian."""
    library = Library(
        tmp_path / "data", LIBRARIAN_EMAIL=LIBRARIAN["email"], LIBRARIAN_PASSWORD=LIBRARIAN["password"]
    ).opened()
    yield library
    library.forget()


def lend_and_read(library: Library) -> None:
    """Do what a library is for, from the registration to the page."""
    town = Town(over_http(library.url))
    patron, book = town.patron(), town.book(content="words")
    assert town.loan(patron, book)["status"] == "active"
    assert patron.get(f"/books/{book['id']}/read").status == 200


def make_book_of_file(library: Library) -> None:
    """Send a file, which the worker reads when the queue wakes it."""
    librarian = Town(over_http(library.url)).librarian
    body = epub(package("<dc:title>Sent</dc:title><dc:language>en</dc:language>"))
    ticket = librarian.post("/uploads", {"filename": "sent.epub", "size": len(body)}).json
    sent = urllib3.request(ticket["method"], ticket["url"], body=body, headers=ticket["headers"])
    assert sent.status == 200, sent.data
    librarian.post(f"/uploads/{ticket['upload_id']}/complete")
    assert eventually(lambda: librarian.get(f"/uploads/{ticket['upload_id']}").json["status"] == "ready")


def count_loans(library: Library) -> None:
    """Lend a book twice, which the worker counts when the stream of facts tells it."""
    town = Town(over_http(library.url))
    book = town.book()
    for _ in range(2):
        town.loan(town.patron(), book)
    assert eventually(lambda: town.visitor().get("/books?sort=popular").json["items"][0]["id"] == book["id"])


def test_each_part_that_is_killed_comes_back_and_the_library_lends_on(library: Library) -> None:
    first = library.runtime["pids"]
    for part in PARTS:
        library.kill(part)
        library.says(f"The {part} ended by SIGKILL")
        library.says(f"The {part} is back")
        lend_and_read(library)
        if part == "cloud":
            make_book_of_file(library)
            count_loans(library)
    assert not (library.data / "parked").exists()
    assert eventually(lambda: all(library.runtime["pids"][part] != first[part] for part in PARTS))
    assert library.runtime["pids"]["supervisor"] == first["supervisor"]
    assert eventually(lambda: all(f"The {part} is back" in library.log for part in PARTS))
    assert library.close() == 0


def test_what_is_asked_while_the_cloud_is_away_is_to_be_asked_again(library: Library) -> None:
    visitor = Town(over_http(library.url)).visitor()
    assert visitor.get("/books?sort=newest").status == 200
    library.kill("cloud")
    answers = [visitor.get(f"/books?sort=newest&limit={n}") for n in range(1, 10)]
    assert {answer.status for answer in answers} <= {200, 503}
    away = [answer for answer in answers if answer.status == 503]
    assert away
    assert all(int(answer.headers["retry-after"]) > 0 for answer in away)
    assert all(b"Traceback" not in answer.body for answer in away)
    assert eventually(lambda: visitor.get("/books?sort=newest").status == 200)


def test_a_part_that_cannot_come_back_ends_the_library_with_the_reason(library: Library) -> None:
    processes = library.processes()
    (library.data / "positions.json").write_text("no positions")
    library.kill("worker")
    errors = library.refused()
    assert errors.startswith("The worker ended with status 1, the 5th time in a row: ")
    assert "JSONDecodeError" in errors
    assert str(library.data / "logs" / "library.log") in errors
    assert errors.count("\n") == 1
    assert library.said.count("The worker ended") == 4
    assert [pid for pid in processes if alive(pid)] == []


@pytest.mark.parametrize("part", ["cloud", "gateway"])
def test_closing_it_while_a_part_is_being_started_again_leaves_nothing_running(library: Library, part: str) -> None:
    first, processes = library.runtime["pids"][part], library.processes()
    library.kill(part)
    library.says(f"The {part} ended")
    assert eventually(lambda: len(library.processes() - processes) > 0)
    processes |= library.processes()
    assert not alive(first)
    assert library.close(signal.SIGINT) == 0
    assert [pid for pid in processes if alive(pid)] == []


def test_killing_the_supervisor_while_a_part_is_away_leaves_nothing_running(library: Library) -> None:
    processes = library.processes()
    library.kill("cloud")
    library.says("The cloud ended")
    processes |= library.processes()
    library.process.kill()
    library.process.wait()
    assert eventually(lambda: not any(map(alive, processes)))


def contents(folder: Path) -> dict[Path, tuple[int, bytes]]:
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_what_a_newer_carrel_has_written_is_left_alone(tmp_path: Path) -> None:
    for name, text in (("version", f"{stamp.FORMAT + 1}\n"), ("lock", ""), ("secrets.json", "{}")):
        (tmp_path / name).write_text(text)
    before = contents(tmp_path)
    library = Library(tmp_path)
    errors = library.refused()
    library.forget()
    assert "was written by a newer Carrel" in errors
    assert f"(format {stamp.FORMAT + 1}; this one knows {stamp.FORMAT})" in errors
    assert errors.count("\n") == 1
    assert contents(tmp_path) == before
