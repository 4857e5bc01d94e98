"""A file on its way to the shelves: announced, sent to storage, read in the background."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from chalicelib import objects, settings
from chalicelib.catalogue import jobs
from tests.factories import Town
from tests.factories_books import epub, package
from tests.fakes import SettableClock


def book_file(title: str = "", creators: tuple[str, ...] = (), language: str = "en") -> bytes:
    """An EPUB that says this of itself."""
    said = f"<dc:title>{title}</dc:title>" if title else ""
    said += "".join(f"<dc:creator>{name}</dc:creator>" for name in creators)
    return epub(package(f"{said}<dc:language>{language}</dc:language>"))


def upload(town: Town, body: bytes, filename: str = "a_book.epub", **more: Any) -> dict[str, Any]:
    """Announce, send and complete a file, and let it be read as the queue would; the upload as it ends."""
    ticket = town.librarian.post("/uploads", {"filename": filename, "size": len(body), **more}).json
    objects.put(f"uploads/{ticket['upload_id']}", body, "application/octet-stream")
    assert town.librarian.post(f"/uploads/{ticket['upload_id']}/complete").json["status"] == "processing"
    read(ticket["upload_id"])
    return town.librarian.get(f"/uploads/{ticket['upload_id']}").json


def read(upload_id: str) -> None:
    from chalicelib import wiring

    jobs.read_upload(upload_id, wiring.cache(), wiring.now())


def test_a_book_is_made_of_a_file_with_what_the_file_says(town: Town) -> None:
    done = upload(town, book_file("Σίσυφος", ("Α. Κ.", "B"), "el"))
    assert done["status"] == "ready"
    book = town.visitor().get(f"/books/{done['book_id']}").json
    assert (book["title"], book["authors"], book["language"], book["format"]) == (
        "Σίσυφος",
        ["Α. Κ.", "B"],
        "el",
        "epub",
    )
    assert [b["id"] for b in town.visitor().get("/books").json["items"]] == [done["book_id"]]


def test_a_file_that_is_no_book_is_refused_with_the_reason_and_not_kept(town: Town) -> None:
    done = upload(town, b"<html>not a book</html>")
    assert (done["status"], done["book_id"]) == ("refused", None)
    assert done["reason"]
    assert objects.size(f"uploads/{done['id']}") is None
    assert town.visitor().get("/books").json["items"] == []


def test_a_message_delivered_twice_makes_one_book(town: Town) -> None:
    done = upload(town, book_file("Once"))
    read(done["id"])
    town.librarian.post(f"/uploads/{done['id']}/complete")
    read(done["id"])
    assert len(town.visitor().get("/books").json["items"]) == 1


def test_a_book_is_given_a_file_and_keeps_its_title_and_loans(town: Town) -> None:
    book, patron = town.book(title="Mine", content="old"), town.patron()
    loan = town.loan(patron, book)
    done = upload(town, book_file("Another"), book_id=book["id"])
    assert done["book_id"] == book["id"]
    seen = town.visitor().get(f"/books/{book['id']}").json
    assert (seen["title"], seen["format"]) == ("Mine", "epub")
    assert patron.get(f"/loans/{loan['id']}").json["status"] == "active"
    assert patron.get(f"/books/{book['id']}/read").json["format"] == "epub"


def test_a_file_that_did_not_arrive_is_asked_for(town: Town) -> None:
    ticket = town.librarian.post("/uploads", {"filename": "x.epub", "size": 10}).json
    refused = town.librarian.post(f"/uploads/{ticket['upload_id']}/complete")
    assert (refused.status, refused.problem) == (409, "file-not-there")


def test_a_file_of_another_size_than_announced_is_refused(town: Town) -> None:
    ticket = town.librarian.post("/uploads", {"filename": "x.epub", "size": 10}).json
    objects.put(f"uploads/{ticket['upload_id']}", b"x" * 11, "application/octet-stream")
    refused = town.librarian.post(f"/uploads/{ticket['upload_id']}/complete")
    assert (refused.status, refused.wrong_fields) == (422, {"size"})
    assert objects.size(f"uploads/{ticket['upload_id']}") is None


def test_a_file_over_the_limit_is_refused_before_it_is_sent(town: Town) -> None:
    size = settings.current().upload_limit + 1
    assert town.librarian.post("/uploads", {"filename": "x.epub", "size": size}).status == 413


@pytest.mark.parametrize(
    ("filename", "title"),
    [("../../etc/passwd", "passwd"), ("C:\\books\\novel.epub", "novel"), ("a_long_way.epub", "a long way")],
)
def test_a_title_is_taken_from_the_name_of_a_file_that_says_none(town: Town, filename: str, title: str) -> None:
    done = upload(town, book_file(), filename=filename)
    assert town.visitor().get(f"/books/{done['book_id']}").json["title"] == title


def test_addresses_of_content_end_no_later_than_the_loan(town: Town, clock: SettableClock) -> None:
    patron, book = town.patron(), town.book(content="words", loan_period="PT2M")
    due = town.loan(patron, book)["due_at"]
    opened = patron.get(f"/books/{book['id']}/read").json
    assert opened["expires_at"] <= due
    assert opened["due_at"] == due
    clock.forward(seconds=90)
    assert patron.get(f"/books/{book['id']}/read").json["expires_at"] <= due


def test_what_was_read_is_what_is_lent_whatever_is_sent_to_the_old_address_afterwards(town: Town) -> None:
    body = book_file("Checked")
    done = upload(town, body)
    objects.put(f"uploads/{done['id']}", b"E" * len(body), "application/octet-stream")
    patron = town.patron()
    town.loan(patron, town.librarian.patch(f"/books/{done['book_id']}", {"grant": "automatic"}).json)
    address = patron.get(f"/books/{done['book_id']}/read").json["url"]
    assert "/uploads/" not in address
    key = address.partition("?")[0].partition("carrel-test-objects/")[2]
    path = Path(tempfile.mkdtemp()) / "book"
    objects.fetch(key, path)
    assert path.read_bytes() == body


def test_the_file_of_a_removed_book_and_a_replaced_one_are_not_kept(town: Town) -> None:
    book = town.book(content="first")
    patron = town.patron()
    town.loan(patron, book)

    def key() -> str:
        address = patron.get(f"/books/{book['id']}/read").json["url"]
        return address.partition("?")[0].partition("carrel-test-objects/")[2]

    first = key()
    town.librarian.patch(f"/books/{book['id']}", {"content": "second"})
    second = key()
    assert (objects.size(first), objects.size(second)) == (None, len("second"))
    town.librarian.delete(f"/books/{book['id']}?end_loans=true")
    assert objects.size(second) is None


def test_content_of_a_book_that_is_refused_is_not_kept(town: Town) -> None:
    from chalicelib import clients

    def kept() -> int:
        return clients.s3().list_objects_v2(Bucket=settings.current().bucket, Prefix="books/")["KeyCount"]

    before = kept()
    assert town.librarian.post("/books", {"title": "T", "content": "c", "section_ids": ["nowhere"]}).status == 422
    assert kept() == before
