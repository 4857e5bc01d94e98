"""A small catalogue as its index knows it, in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import tantivy

from chalicelib.catalogue.search import fields
from chalicelib.catalogue.tables import Book, File, Section, Series
from chalicelib.ids import new_id

OPENED = datetime(2026, 1, 1, tzinfo=UTC)


class Catalogue:
    """Books and sections that are indexed as they are added, each a minute after the one before."""

    def __init__(self) -> None:
        self.books: dict[str, Book] = {}
        self.sections: dict[str, str] = {}
        self._index = fields.open_index(None)
        self._writer = self._index.writer(15_000_000, 1)
        self._now = OPENED

    def section(self, name: str) -> str:
        """The id of a new section."""
        section = Section(id=self._id(), name=name)
        self.sections[section.id] = name
        self._writer.add_document(fields.section_document(section))
        return section.id

    def book(self, title: str, *authors: str, series: str | None = None, format: str = "epub", **kept: Any) -> str:
        """The id of a new book."""
        book = Book(
            id=self._id(),
            title=title,
            authors=list(authors),
            series=Series(name=series) if series else None,
            file=File(format=format),
            **kept,
        )
        self.put(book)
        return book.id

    def put(self, book: Book) -> None:
        """Index a book, anew if it was."""
        self.books[book.id] = book
        self._writer.delete_documents_by_term(fields.KEY, fields.book_key(book.id))
        self._writer.add_document(fields.book_document(book, self.sections))

    def searcher(self) -> tantivy.Searcher:
        """The index with all that was added."""
        self._writer.commit()
        self._index.reload()
        return self._index.searcher()

    def titles(self, ids: list[str]) -> list[str]:
        return [self.books[book_id].title for book_id in ids]

    def _id(self) -> str:
        self._now += timedelta(minutes=1)
        return new_id(self._now)
