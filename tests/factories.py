"""People and things of a library, made through its API as their owners would make them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from tests.client import Client, Transport

PASSWORD = "correct horse battery"
LIBRARIAN = {"email": "librarian@carrel.example", "password": "keeper of the books"}

_numbers = itertools.count(1)


class Town:
    """A library and who comes to it."""

    def __init__(self, send: Transport, make_librarian: Callable[[], object] = lambda: None) -> None:
        self._send = send
        self._make_librarian = make_librarian
        self._librarian: Client | None = None

    def visitor(self) -> Client:
        """Somebody who is not signed in."""
        return Client(self._send)

    def patron(self, name: str | None = None) -> Client:
        """A patron, signed in."""
        username = name or f"patron{next(_numbers)}"
        client = self.visitor()
        made = client.post("/auth/register", {"username": username, "password": PASSWORD, "name": username.title()})
        assert made.status == 201, made.body
        assert client.sign_in(username, PASSWORD).status == 200
        return client

    @property
    def librarian(self) -> Client:
        """The librarian, signed in."""
        if self._librarian is None:
            self._make_librarian()
            self._librarian = self.visitor()
            assert self._librarian.sign_in(LIBRARIAN["email"], LIBRARIAN["password"]).status == 200
        return self._librarian

    def book(self, **fields: Any) -> dict[str, Any]:
        """An e-book in the catalogue, granted by itself unless `grant` says otherwise."""
        wanted = {"title": f"Book {next(_numbers)}", "authors": ["Ada"], "grant": "automatic", **fields}
        made = self.librarian.post("/books", wanted)
        assert made.status == 201, made.body
        return made.json

    def section(self, name: str | None = None) -> dict[str, Any]:
        """A section."""
        made = self.librarian.post("/sections", {"name": name or f"Section {next(_numbers)}"})
        assert made.status == 201, made.body
        return made.json

    def loan(self, patron: Client, book: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """A request of `patron` for `book`, active if the book is granted by itself."""
        made = patron.post("/loans", {"book_id": book["id"], **fields})
        assert made.status == 201, made.body
        return made.json
