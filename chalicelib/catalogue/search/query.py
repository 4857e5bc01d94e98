"""What is asked, as tantivy takes it, and what comes back.

Books are in an order of the lists; by relevance, in that of the steps that they are on (steps.py), and on one step the
most borrowed first, then the newest. Scores as of BM25 are not used: they change for all books with each book that is
added, so that pages would skip and repeat. A step and the key of an order are a book's own, and a cursor is both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from tantivy import FieldType, Index, Order, Query, Searcher

from chalicelib.catalogue.schemas import BookList, BookOrder
from chalicelib.catalogue.search import fields, words
from chalicelib.catalogue.search.facets import Overview
from chalicelib.catalogue.search.facets import overview as overview_of
from chalicelib.catalogue.search.fields import SCHEMA, WORDS
from chalicelib.catalogue.search.matching import corrected, every, shortened, term
from chalicelib.catalogue.search.steps import MOST_DOUBTFUL, Step, Steps, doubtful_words
from chalicelib.catalogue.search.words import Word
from chalicelib.ids import is_id
from chalicelib.paging import wrong_cursor

_ALIKE = {"newest": 32, "popular": 32, "rating": 32, "titled": 2}
"""How many books more are read to find the place of those whose keys are equal, which is rare: see fields.py."""

_FIELDS: dict[BookOrder, str] = {
    "relevance": "popular",
    "popular": "popular",
    "newest": "newest",
    "rating": "rating",
    "title": "titled",
}


class Results(NamedTuple):
    """The ids of a page of books; with the first page an overview, and if nothing was found what would be."""

    ids: list[str]
    next_cursor: str | None
    overview: Overview | None = None
    did_you_mean: str | None = None


class _Place(NamedTuple):
    """Where a page ended: on which step, and the key and id of its last book; in which words slips of
    typing were looked for."""

    doubtful: int
    step: int
    key: int | str
    book_id: str


def find(searcher: Searcher, wanted: BookList, order: BookOrder) -> Results:
    """A page of the books that are wanted.

    Raises Invalid for a cursor of another list.
    """
    asked = words.words(wanted.q) if wanted.q and wanted.q.strip() else None
    if asked is None and order == "relevance":
        order = "newest"
    after = _place(wanted.cursor, order)
    filters = _filters(wanted)
    if asked is None:
        rows = _in_order(searcher, every([_EVERY_BOOK, *filters.values()]), order, after, wanted.limit + 1)
        overview = None if after else overview_of(searcher, _EVERY_BOOK, filters)
        return _results(rows, order, 0, wanted.limit, overview)
    steps = Steps(wanted.q or "", shortened(asked))
    overview = None if after else overview_of(searcher, steps.all(0), filters)
    found = overview.total if overview else None
    doubtful = doubtful_words(searcher, steps.needed, found) if found is not None else after.doubtful if after else 0
    if overview and doubtful:
        overview = overview_of(searcher, steps.all(doubtful), filters)
    if order == "relevance":
        most = min(wanted.limit + 1, overview.total) if overview else wanted.limit + 1
        rows = _by_step(searcher, steps.each(doubtful, without_slips=found != 0), filters, after, most)
    else:
        rows = _in_order(searcher, every([steps.all(doubtful), *filters.values()]), order, after, wanted.limit + 1)
    results = _results(rows, order, doubtful, wanted.limit, overview)
    if overview and not overview.total:
        return results._replace(did_you_mean=_instead(searcher, steps.asked, filters))
    return results


class _Row(NamedTuple):
    step: int
    key: int | str
    book_id: str


def _results(rows: list[_Row], order: BookOrder, doubtful: int, limit: int, overview: Overview | None) -> Results:
    last = rows[limit - 1] if len(rows) > limit else None
    cursor = f"{order}.{doubtful}.{last.step}.{last.key}.{last.book_id}" if last else None
    return Results([row.book_id for row in rows[:limit]], cursor, overview)


_CURSOR = re.compile(r"([a-z]+)\.(\d{1,5})\.(\d{1,2})\.([-\w]{1,400})\.(\w{26})", re.ASCII)
_MOST = 1 << 64


def _place(cursor: str | None, order: BookOrder) -> _Place | None:
    if cursor is None:
        return None
    read = _CURSOR.fullmatch(cursor)
    if not read or read[1] != order or not is_id(read[5]):
        raise wrong_cursor()
    key = read[4]
    if key.startswith("-") if order == "title" else not key.isdecimal() or int(key) >= _MOST:
        raise wrong_cursor()
    if int(read[2]).bit_count() > MOST_DOUBTFUL:
        raise wrong_cursor()
    return _Place(int(read[2]), int(read[3]), key if order == "title" else int(key), read[5])


# Orders and pages


def _by_step(
    searcher: Searcher, steps: Iterable[Step], filters: Mapping[str, Query], after: _Place | None, limit: int
) -> list[_Row]:
    """The first books behind a place, those of each step by how often they were lent."""
    rows: list[_Row] = []
    for step in steps:
        if len(rows) == limit:
            break
        if after and step.number < after.step:
            continue
        query = every([step.query, *filters.values()], without=step.better)
        behind = after if after and step.number == after.step else None
        rows += _in_order(searcher, query, "relevance", behind, limit - len(rows), step.number)
    return rows


def _in_order(
    searcher: Searcher, query: Query, order: BookOrder, after: _Place | None, limit: int, step: int = 0
) -> list[_Row]:
    """The first books behind a place in an order.

    Books of equal keys are in the order of their ids: what is read from the place itself on, with `_ALIKE` more than
    are wanted, is sorted so.
    """
    field, upwards = _FIELDS[order], order == "title"
    if after:
        query = every([query, _from(field, after.key)])
    found = searcher.search(
        query,
        limit + _ALIKE[field],
        count=False,
        order_by_field=field,
        order=Order.Asc if upwards else Order.Desc,
    )
    found_ids = fields.book_ids(searcher, [address for _, address in found.hits])
    keyed = [(key, book_id) for (key, _), book_id in zip(found.hits, found_ids, strict=True)]
    keyed.sort(reverse=not upwards)
    if after:
        at = (after.key, after.book_id)
        keyed = [one for one in keyed if (one > at if upwards else one < at)]
    return [_Row(step, key, book_id) for key, book_id in keyed[:limit]]


def _from(field: str, key: int | str) -> Query:
    """What stands at a place in an order or behind it: the title's goes up, the others down."""
    if isinstance(key, int):
        return Query.range_query(SCHEMA, field, FieldType.Unsigned, upper_bound=key)
    # Only the parser makes a range of texts; the key is in letters that mean nothing to it.
    return _parser().parse_query(f"{field}:[{key} TO *]")


@cache
def _parser() -> Index:
    return fields.open_index(None)


# Filters


def _filters(wanted: BookList) -> dict[str, Query]:
    """What narrows the list, each by its name."""
    filters: dict[str, Query] = {}
    if wanted.section:
        filters["section"] = term("section", wanted.section)
    if wanted.author:
        filters["author"] = term("author", words.plain(wanted.author))
    if wanted.language:
        filters["language"] = term(*fields.language_filter(wanted.language))
    if wanted.format:
        filters["format"] = term("format", wanted.format)
    return filters


_EVERY_BOOK = Query.exists_query("newest")


def _instead(searcher: Searcher, asked: Sequence[Word], filters: Mapping[str, Query]) -> str | None:
    """What is near to a query that found nothing, if it would find something."""
    text = corrected(searcher, asked, WORDS)
    steps = Steps(text, shortened(words.words(text)))
    return text if searcher.search(every([steps.all(0), *filters.values()]), 1).hits else None
