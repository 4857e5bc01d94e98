"""Makers of a calibre library: its folders and its database, with the tables and columns of calibre's own schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE authors ( id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE, sort TEXT COLLATE NOCASE,
  link TEXT NOT NULL DEFAULT "", UNIQUE(name));
CREATE TABLE books ( id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL DEFAULT 'Unknown' COLLATE NOCASE,
  sort TEXT COLLATE NOCASE, timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP, pubdate TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  series_index REAL NOT NULL DEFAULT 1.0, author_sort TEXT COLLATE NOCASE, isbn TEXT DEFAULT "" COLLATE NOCASE,
  lccn TEXT DEFAULT "" COLLATE NOCASE, path TEXT NOT NULL DEFAULT "", flags INTEGER NOT NULL DEFAULT 1, uuid TEXT,
  has_cover BOOL DEFAULT 0, last_modified TIMESTAMP NOT NULL DEFAULT "2000-01-01 00:00:00+00:00");
CREATE TABLE books_authors_link ( id INTEGER PRIMARY KEY, book INTEGER NOT NULL, author INTEGER NOT NULL,
  UNIQUE(book, author));
CREATE TABLE books_languages_link ( id INTEGER PRIMARY KEY, book INTEGER NOT NULL, lang_code INTEGER NOT NULL,
  item_order INTEGER NOT NULL DEFAULT 0, UNIQUE(book, lang_code));
CREATE TABLE books_publishers_link ( id INTEGER PRIMARY KEY, book INTEGER NOT NULL, publisher INTEGER NOT NULL,
  UNIQUE(book));
CREATE TABLE books_ratings_link ( id INTEGER PRIMARY KEY, book INTEGER NOT NULL, rating INTEGER NOT NULL,
  UNIQUE(book, rating));
CREATE TABLE books_series_link ( id INTEGER PRIMARY KEY, book INTEGER NOT NULL, series INTEGER NOT NULL, UNIQUE(book));
CREATE TABLE books_tags_link ( id INTEGER PRIMARY KEY, book INTEGER NOT NULL, tag INTEGER NOT NULL, UNIQUE(book, tag));
CREATE TABLE comments ( id INTEGER PRIMARY KEY, book INTEGER NOT NULL, text TEXT NOT NULL COLLATE NOCASE,
  UNIQUE(book));
CREATE TABLE data ( id INTEGER PRIMARY KEY, book INTEGER NOT NULL, format TEXT NOT NULL COLLATE NOCASE,
  uncompressed_size INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE(book, format));
CREATE TABLE identifiers ( id INTEGER PRIMARY KEY, book INTEGER NOT NULL, type TEXT NOT NULL DEFAULT "isbn"
  COLLATE NOCASE, val TEXT NOT NULL COLLATE NOCASE, UNIQUE(book, type));
CREATE TABLE languages ( id INTEGER PRIMARY KEY, lang_code TEXT NOT NULL COLLATE NOCASE,
  link TEXT NOT NULL DEFAULT '', UNIQUE(lang_code));
CREATE TABLE publishers ( id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE, sort TEXT COLLATE NOCASE,
  link TEXT NOT NULL DEFAULT '', UNIQUE(name));
CREATE TABLE ratings ( id INTEGER PRIMARY KEY, rating INTEGER CHECK(rating > -1 AND rating < 11),
  link TEXT NOT NULL DEFAULT '', UNIQUE (rating));
CREATE TABLE series ( id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE, sort TEXT COLLATE NOCASE,
  link TEXT NOT NULL DEFAULT '', UNIQUE (name));
CREATE TABLE tags ( id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE, link TEXT NOT NULL DEFAULT '',
  UNIQUE (name));
CREATE TABLE preferences ( id INTEGER PRIMARY KEY, key TEXT NOT NULL, val TEXT NOT NULL, UNIQUE(key));
CREATE TRIGGER series_insert_trg AFTER INSERT ON series BEGIN
  UPDATE series SET sort=NEW.name WHERE id=NEW.id; END;
CREATE VIEW meta AS SELECT id, title, series_index FROM books;
PRAGMA user_version = 27;
"""


@dataclass(frozen=True, slots=True)
class CalibreBook:
    """A book as calibre keeps it. `files` by format, as "EPUB"."""

    title: str
    authors: Sequence[str] = ("Ada Ito",)
    files: Mapping[str, bytes] | None = None
    series: str | None = None
    series_index: float = 1.0
    tags: Sequence[str] = ()
    languages: Sequence[str] = ("eng",)
    publisher: str | None = None
    identifiers: Mapping[str, str] | None = None
    comments: str | None = None
    rating: int | None = None
    uuid: str | None = None
    cover: bytes | None = None
    path: str | None = None
    opf: str | None = None


def calibre_library(root: Path, books: Sequence[CalibreBook]) -> Path:
    """The folder of a calibre library with these books."""
    root.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(root / "metadata.db")
    database.execute("PRAGMA synchronous = OFF")
    database.executescript(SCHEMA)
    for number, book in enumerate(books, 1):
        _add(database, root, number, book)
    database.commit()
    database.close()
    return root


def _add(database: sqlite3.Connection, root: Path, number: int, book: CalibreBook) -> None:
    where = book.path if book.path is not None else f"{book.authors[0]}/{book.title[:30].strip('. /')} ({number})"
    database.execute(
        "INSERT INTO books (id, title, path, series_index, uuid, has_cover) VALUES (?, ?, ?, ?, ?, ?)",
        (number, book.title, where, book.series_index, book.uuid or f"uuid-{number}", int(book.cover is not None)),
    )
    for kind, column, values in (
        ("authors", "author", [name.replace(",", "|") for name in book.authors]),
        ("series", "series", [book.series]),
        ("tags", "tag", book.tags),
        ("publishers", "publisher", [book.publisher]),
        ("languages", "lang_code", book.languages),
        ("ratings", "rating", [book.rating]),
    ):
        for place, value in enumerate(values):
            if value is not None:
                _link(database, number, kind, column, value, place)
    for kind, value in (book.identifiers or {}).items():
        database.execute("INSERT INTO identifiers (book, type, val) VALUES (?, ?, ?)", (number, kind, value))
    if book.comments is not None:
        database.execute("INSERT INTO comments (book, text) VALUES (?, ?)", (number, book.comments))
    name = f"{book.title[:30].strip('. /')} - {book.authors[0]}"
    for form, content in (book.files or {}).items():
        database.execute(
            "INSERT INTO data (book, format, uncompressed_size, name) VALUES (?, ?, ?, ?)",
            (number, form, len(content), name),
        )
    if ".." in where:
        return
    folder = root / where
    folder.mkdir(parents=True, exist_ok=True)
    for form, content in (book.files or {}).items():
        (folder / f"{name}.{form.lower()}").write_bytes(content)
    if book.cover is not None:
        (folder / "cover.jpg").write_bytes(book.cover)
    if book.opf is not None:
        (folder / "metadata.opf").write_text(book.opf, encoding="utf-8")


def _link(database: sqlite3.Connection, number: int, kind: str, column: str, value: Any, place: int) -> None:
    named = {"languages": "lang_code", "ratings": "rating"}.get(kind, "name")
    database.execute(f"INSERT OR IGNORE INTO {kind} ({named}) VALUES (?)", (value,))
    (other,) = database.execute(f"SELECT id FROM {kind} WHERE {named} = ?", (value,)).fetchone()
    database.execute(f"INSERT INTO books_{kind}_link (book, {column}) VALUES (?, ?)", (number, other))
    if kind == "languages":
        database.execute(
            "UPDATE books_languages_link SET item_order = ? WHERE book = ? AND lang_code = ?", (place, number, other)
        )


def opf(title: str, uuid: str, inner: str = "") -> str:
    """A `metadata.opf` as calibre writes it."""
    return (
        "<?xml version='1.0' encoding='utf-8'?>"
        '<package xmlns="http://www.idpf.org/2007/opf" unique-identifier="uuid_id" version="2.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">'
        '<dc:identifier opf:scheme="calibre" id="calibre_id">7</dc:identifier>'
        f'<dc:identifier opf:scheme="uuid" id="uuid_id">{uuid}</dc:identifier>'
        f"<dc:title>{title}</dc:title>{inner}</metadata>"
        '<guide><reference type="cover" title="Cover" href="cover.jpg"/></guide></package>'
    )
