"""The demo: what a new library opens with, so that everything in it can be tried. Short e-books written for it, in
thirteen languages and under pen names, on shelves; patrons; and loans in every state, spread over the last weeks.

    demo ── texts, epub, pdf   the books, as files where they are to be read as such
         ├─ shelves            where they stand
         └─ people             who comes, what they borrowed and what they said of it

All of it comes in by the ways that everything comes in, so it keeps the library's rules. A library that has a book is
left alone. A start that was cut short while the demo was being made is completed by the next: each step looks whether
it was taken, and happens at the time it would have had.
"""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from chalicelib.accounts.people import find, the_librarian
from chalicelib.auth import Caller, Role
from chalicelib.cache import Cache
from chalicelib.catalogue import lists
from infra.local import keys
from infra.local.demo import people, shelves, texts

BEGUN = "demo-begun"
"""In the library's folder while the demo is being made: the time it is made as of."""
PASSWORD = "demo-password"
"""In the library's folder: what the demo's patrons sign in with. Made up, since the library may listen to others."""


def open_with(data: Path, is_new: bool, cache: Cache, now: datetime) -> None:
    """Fill a library that is new, or whose demo was not completed. `data` is the folder the library is kept in.

    Whatever goes wrong is logged: a library opens without its demo rather than not at all.
    """
    begun = data / BEGUN
    try:
        if is_new and not lists.newest(1, None).items:
            keys.write(begun, now.isoformat())
        if begun.exists():
            fill(_password(data), cache, datetime.fromisoformat(begun.read_text()))
    except Exception:
        logging.getLogger(__name__).exception("The demo could not be made whole; the library opens with what there is.")
    begun.unlink(missing_ok=True)


def fill(password: str, cache: Cache, now: datetime) -> None:
    """The whole demo, as of `now`, with patrons that sign in with `password`. Repeating it does nothing."""
    librarian = the_librarian()
    books = shelves.fill(texts.everything(), librarian.id, cache, now)
    people.come(books, Caller(librarian.id, Role.LIBRARIAN, ""), password, cache, now)


def reader(data: Path) -> str | None:
    """How the patron signs in who is there for trying out, if there is one: user name and password."""
    kept = data / PASSWORD
    if not kept.exists() or find(people.READER) is None:
        return None
    return f"{people.READER}   {kept.read_text().strip()}"


def _password(data: Path) -> str:
    kept = data / PASSWORD
    if not kept.exists():
        keys.write(kept, keys.password() + "\n")
    return kept.read_text().strip()
