"""A reading app at the whole library: what it is sent on to is the book, and the CDN's detours do no harm."""

from __future__ import annotations

import http.client
from pathlib import Path
from urllib.parse import urlsplit

from tests.client import Client, over_http
from tests.factories import Town
from tests.factories_books import epub
from tests.reading_app import ACQUISITION, ReadingApp, app_of, atom_link, link
from tests.running import eventually


def test_a_book_is_borrowed_and_downloaded_by_an_app_that_keeps_its_password_on_the_way(
    town: Town, address: str, tmp_path: Path
) -> None:
    body = epub()
    book_id = uploaded(town.librarian, body)
    app = app_of(town.patron("asha-reads"), over_http(address))
    lent = app.feed(f"/opds/books/{book_id}/borrow")
    assert downloaded(app, link(lent, ACQUISITION)["href"]) == body
    app.feed(f"/opds/books/{book_id}/return")
    entry = app.atom(f"/opds/v1/books/{book_id}")
    assert downloaded(app, atom_link(entry, ACQUISITION).get("href", "")) == body


def test_addresses_are_under_the_name_by_which_the_library_was_reached(address: str) -> None:
    host = f"localhost:{urlsplit(address).port}"
    start = ReadingApp(over_http(f"http://{host}")).feed()
    assert link(start, "self")["href"] == f"http://{host}/opds"


def uploaded(librarian: Client, body: bytes) -> str:
    """The id of a new book, lent without asking, with this file."""
    about = {"title": "A Reading App's Book", "grant": "automatic"}
    ticket = librarian.post("/uploads", {"filename": "book.epub", "size": len(body), "about": about}).json
    where = urlsplit(ticket["url"])
    connection = http.client.HTTPConnection(where.netloc)
    connection.request(ticket["method"], f"{where.path}?{where.query}", body, ticket["headers"])
    assert connection.getresponse().status == 200
    librarian.post(f"/uploads/{ticket['upload_id']}/complete")
    assert eventually(lambda: librarian.get(f"/uploads/{ticket['upload_id']}").json["status"] == "ready")
    return librarian.get(f"/uploads/{ticket['upload_id']}").json["book_id"]


def downloaded(app: ReadingApp, href: str) -> bytes:
    """What is behind a link, as a client gets it that sends its Authorization wherever it is sent."""
    sent_on = app.get(href)
    assert sent_on.status == 302, sent_on.body
    where = urlsplit(sent_on.headers["location"])
    connection = http.client.HTTPConnection(where.netloc)
    connection.request("GET", f"{where.path}?{where.query}", headers=app.headers)
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("content-type")) == (200, "application/epub+zip")
    return answer.read()
