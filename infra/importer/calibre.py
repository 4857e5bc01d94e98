"""A calibre library, as its database tells it.

`metadata.db` is read and never touched: SQLite opens it as a file that nobody changes, without locks, journals or
recovery. It comes from outside, so what it may be is bounded: plain tables, which cost no more than they hold,
and values of bounded length.

What is used of calibre's schema (`resources/metadata_sqlite.sql` there):

| table                                              | columns                                             |
|----------------------------------------------------|-----------------------------------------------------|
| books                                              | id, title, path, series_index, uuid                 |
| authors, series, tags, publishers                  | id, name                                            |
| languages                                          | id, lang_code                                       |
| ratings                                            | id, rating (0 to 10)                                |
| books_{authors,series,tags,…}_link                 | id, book, and author, series, tag, … for the other  |
| comments                                           | book, text (HTML)                                   |
| identifiers                                        | book, type, val                                     |
| data                                               | book, format (EPUB, PDF …), name (without ending)   |
"""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from chalicelib.catalogue.intake import text
from infra.importer.candidate import (
    MOST_IDENTIFIERS,
    Candidate,
    calibre_identifier,
    calibre_rating,
    names,
    shown,
    tag,
)

DATABASE = "metadata.db"
FORMATS = ("EPUB", "PDF")
"""What the library lends, the one to be preferred first: an EPUB fits every screen."""

MISSING = "The file that calibre names is not there."

AT_ONCE = 100
LONGEST_VALUE = 4 * 1024 * 1024
"""Bytes of one value; the longest honest ones are descriptions."""

_TABLES = (
    *("books", "authors", "series", "tags", "publishers", "languages", "ratings", "comments", "identifiers", "data"),
    *("books_authors_link", "books_series_link", "books_tags_link", "books_publishers_link", "books_languages_link"),
    "books_ratings_link",
)

# In calibre's order: authors and tags as they were linked, languages by their own number.
_LINKED = {
    "authors": "SELECT l.book, a.name FROM books_authors_link l JOIN authors a ON a.id = l.author"
    " WHERE l.book BETWEEN ? AND ? ORDER BY l.id",
    "series": "SELECT l.book, s.name FROM books_series_link l JOIN series s ON s.id = l.series"
    " WHERE l.book BETWEEN ? AND ?",
    "tags": "SELECT l.book, t.name FROM books_tags_link l JOIN tags t ON t.id = l.tag"
    " WHERE l.book BETWEEN ? AND ? ORDER BY l.id",
    "publishers": "SELECT l.book, p.name FROM books_publishers_link l JOIN publishers p ON p.id = l.publisher"
    " WHERE l.book BETWEEN ? AND ?",
    "languages": "SELECT l.book, g.lang_code FROM books_languages_link l JOIN languages g ON g.id = l.lang_code"
    " WHERE l.book BETWEEN ? AND ? ORDER BY l.item_order, l.id",
    "ratings": "SELECT l.book, r.rating FROM books_ratings_link l JOIN ratings r ON r.id = l.rating"
    " WHERE l.book BETWEEN ? AND ?",
    "comments": "SELECT book, text FROM comments WHERE book BETWEEN ? AND ?",
    "identifiers": "SELECT book, type, val FROM identifiers WHERE book BETWEEN ? AND ? ORDER BY id",
    "data": "SELECT book, format, name FROM data WHERE book BETWEEN ? AND ? ORDER BY id",
}

_Rows = dict[int, list[tuple[Any, ...]]]


def count(library: Path) -> int | None:
    """How many books the calibre library in this folder has; None where its database cannot be read."""
    try:
        with _opened(library) as database:
            return database.execute("SELECT count(*) FROM books").fetchone()[0]
    except sqlite3.Error:
        return None


def candidates(library: Path) -> Iterator[Candidate]:
    """The books of the calibre library in this folder, by their number."""
    last = -1
    while True:
        try:
            found = _next(library, last)
        except sqlite3.Error as error:
            yield Candidate(shown(library / DATABASE), trouble=f"calibre's database cannot be read further ({error}).")
            return
        if not found:
            return
        for number, candidate in found:
            last = number
            yield candidate


def _next(library: Path, last: int) -> list[tuple[int, Candidate]]:
    """The books after number `last`. Opened anew each time, so that nothing is held while they come in."""
    with _opened(library) as database:
        books = database.execute(
            "SELECT id, title, path, series_index, uuid FROM books WHERE id > ? ORDER BY id LIMIT ?", (last, AT_ONCE)
        ).fetchall()
        if not books:
            return []
        between = (books[0][0], books[-1][0])
        linked = {name: _by_book(database.execute(query, between)) for name, query in _LINKED.items()}
    return [(book[0], _candidate(library, book, linked)) for book in books]


@contextmanager
def _opened(library: Path) -> Generator[sqlite3.Connection]:
    """The database. Raises sqlite3.Error where it is none of calibre's."""
    address = f"{(library / DATABASE).absolute().as_uri()}?mode=ro&immutable=1"
    database = sqlite3.connect(address, uri=True)
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        database.text_factory = _text
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if missing := set(_TABLES) - tables:
            raise sqlite3.DatabaseError(f"it has no table {min(missing)}")
        yield database
    finally:
        database.close()


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _by_book(rows: sqlite3.Cursor) -> _Rows:
    found: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for book, *values in rows:
        found[book].append(tuple(values))
    return found


def _candidate(library: Path, book: tuple[Any, ...], linked: dict[str, _Rows]) -> Candidate:
    number, title, where, position, uuid = book

    def of(name: str) -> list[tuple[Any, ...]]:
        return linked[name].get(number, [])

    def words(name: str) -> list[str]:
        return [str(value) for (value,) in of(name)]

    folder = _inside(library, str(where or ""))
    identifiers = (calibre_identifier(str(kind), str(value)) for kind, value in of("identifiers"))
    series = names(words("series"), 1)
    found: dict[str, Any] = {
        "title": text.clean(str(title or ""), text.LONGEST_TITLE),
        # A comma would divide authors there, so calibre keeps a bar in its place.
        "authors": names(author.replace("|", ",") for author in words("authors")),
        "description": text.plain("\n".join(words("comments")), text.LONGEST_DESCRIPTION),
        "language": next(filter(None, map(tag, words("languages"))), None),
        "series": {"name": series[0], "position": _position(position)} if series else None,
        "publisher": next(iter(names(words("publishers"), 1)), None),
        "subjects": names(words("tags")),
        "identifiers": names(filter(None, identifiers), MOST_IDENTIFIERS),
        "rating": next((calibre_rating(value) for (value,) in of("ratings") if isinstance(value, (int, float))), None),
        "origin": f"calibre:{text.clean(str(uuid), 100)}" if uuid else None,
    }
    about = {name: value for name, value in found.items() if value}
    place = shown(library / str(where or ""))
    if folder is None:
        return Candidate(place, about, trouble="Its folder is not there, or leads out of the calibre library.")
    wanted = [
        f"{name}.{kind.lower()}" for kind in FORMATS for has, name in of("data") if str(has or "").upper() == kind
    ]
    files = tuple(path for name in wanted if (path := _inside(folder, name)) and path.is_file())
    if wanted and not files:
        return Candidate(place, about, trouble=f"{MISSING[:-1]}: {wanted[0]}", kind=MISSING)
    cover = _inside(folder, "cover.jpg")
    return Candidate(shown(files[0]) if files else place, about, files, cover if cover and cover.is_file() else None)


def _inside(folder: Path, name: str) -> Path | None:
    """What `name` leads to, if it is there and is not outside of `folder`."""
    try:
        path = (folder / name).resolve(strict=True)
        return path if path.is_relative_to(folder.resolve()) else None
    except (OSError, ValueError, RuntimeError):
        return None


def _position(index: Any) -> float | None:
    if not isinstance(index, (int, float)) or not math.isfinite(index):
        return None
    return float(index) if 0 <= index <= 100_000 else None
