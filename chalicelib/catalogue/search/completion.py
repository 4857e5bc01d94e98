"""What somebody who types may mean: titles and sections with words that begin so, and authors, by any of their names.

Titles are those lent most often, authors those of most books. Where nothing begins as it was typed, the words of the
index that are nearest stand in. The answer names books and not texts: those are read from the table, as they are now.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, zip_longest
from typing import NamedTuple

from tantivy import Query, Searcher

from chalicelib.catalogue.schemas import Suggestion
from chalicelib.catalogue.search import fields, words
from chalicelib.catalogue.search.matching import begins, corrected, shortened, term
from chalicelib.catalogue.tables import Book

MOST_AUTHORS = 3
MOST_SECTIONS = 2
_TYPED = ("title", "authors", "name")
_TURNS = 12
"""Turned names that are looked at: one author may be several of them."""


class Candidates(NamedTuple):
    """What may be meant: books by their titles; authors by their folded names, each with a book that shows the name;
    sections as they are shown."""

    titles: list[str]
    authors: dict[str, str]
    sections: list[Suggestion]

    def book_ids(self) -> set[str]:
        """The books to be read."""
        return {*self.titles, *self.authors.values()}


def candidates(searcher: Searcher, text: str, limit: int) -> Candidates:
    """What somebody who has typed `text` may mean, the likeliest of each kind first."""
    found = _beginning(searcher, text, limit)
    if not any(found) and (instead := corrected(searcher, words.words(text), _TYPED, still_typing=True)):
        return _beginning(searcher, instead, limit)
    return found


def suggestions(found: Candidates, books: Mapping[str, Book], limit: int) -> list[Suggestion]:
    """Suggestions of each kind in turn, no text twice; of books that are no longer there, none."""
    titles = {words.plain(b.title): b for i in reversed(found.titles) if (b := books.get(i))}
    titled = [Suggestion(kind="title", text=b.title, id=b.id) for b in reversed(titles.values())]
    named = [
        Suggestion(kind="author", text=author, id=author)
        for name, book_id in found.authors.items()
        if book_id in books
        for author in books[book_id].authors
        if words.plain(author) == name
    ]
    in_turn = chain.from_iterable(zip_longest(titled, named, found.sections))
    return [suggestion for suggestion in in_turn if suggestion][:limit]


def _beginning(searcher: Searcher, text: str, limit: int) -> Candidates:
    asked = shortened(words.words(text))
    if not asked:
        return Candidates([], {}, [])
    sections = searcher.search(begins(asked, ["name"]), MOST_SECTIONS, count=False).hits
    shown = [fields.shown(searcher.doc(address)) for _, address in sections]
    return Candidates(
        # Editions of one title are one suggestion.
        _most_borrowed(searcher, begins(asked, ["title"]), 2 * limit),
        _authors(searcher, words.plain(text)),
        [Suggestion(kind="section", text=name, id=section_id) for section_id, name in shown],
    )


def _authors(searcher: Searcher, typed: str) -> dict[str, str]:
    turned = searcher.terms_with_prefix("turned", typed, limit=_TURNS)
    names = list(dict.fromkeys(fields.turned_back(name) for name, _ in turned))[:MOST_AUTHORS]
    found = {name: _most_borrowed(searcher, term("author", name), 1) for name in names}
    return {name: book_ids[0] for name, book_ids in found.items() if book_ids}


def _most_borrowed(searcher: Searcher, query: Query, limit: int) -> list[str]:
    hits = searcher.search(query, limit, count=False, order_by_field="popular").hits
    return fields.book_ids(searcher, [address for _, address in hits])
