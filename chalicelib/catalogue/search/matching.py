"""Which books have the words of a query: whole, as a beginning, or but for slips of typing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tantivy import Occur, Query, Searcher

from chalicelib.catalogue.search.fields import SCHEMA
from chalicelib.catalogue.search.words import Word, slips_allowed, slips_between, spelled

MOST_PARTS = 16
"""Parts of words that count in a query; what is behind them narrows nothing."""


def shortened(asked: Sequence[Word]) -> list[Word]:
    """The first words of a query, so that its work is bounded."""
    kept: list[Word] = []
    room = MOST_PARTS
    for word in asked:
        if room <= 0:
            break
        kept.append(word if len(word.parts) <= room else Word(word.parts[:room], None, word.grams))
        room -= len(word.parts)
    return kept


def known(searcher: Searcher, word: Word, scope: Sequence[str]) -> bool:
    """Whether any of these fields has a word in any book, though that may have been removed since."""

    def is_term(text: str) -> bool:
        return any(searcher.doc_freq(field, text) for field in scope)

    return word.grams or all(map(is_term, word.parts)) or bool(word.also and is_term(word.also))


MOST_CORRECTED = 8
"""Words of a query that are corrected where it finds nothing."""

MOST_CANDIDATES = 100
"""Words of the index that one word is compared with."""


def corrected(searcher: Searcher, asked: Sequence[Word], scope: Sequence[str], *, still_typing: bool = False) -> str:
    """A query as it may have been meant: words that are in none of these fields as the nearest that is, or left out
    where none is near. The last one may not be complete if somebody is `still_typing`."""
    instead: list[str] = []
    for place, word in enumerate(asked[:MOST_CORRECTED], 1):
        if known(searcher, word, scope):
            instead.append(spelled(word))
        elif nearest := _nearest(searcher, word, scope, prefix=still_typing and place == len(asked)):
            instead.append(nearest)
    return " ".join(instead)


def _nearest(searcher: Searcher, word: Word, scope: Sequence[str], *, prefix: bool) -> str | None:
    """The word of these fields that is nearest to `word`, and of those the most frequent; one more letter may be
    wrong than where books are searched. It begins with the first or the second letter of `word`."""
    text = spelled(word)
    if word.grams or len(text) < 3:
        return None
    most = min(slips_allowed(word) + 1, 2)
    found: list[tuple[int, int, str]] = []
    for field in scope:
        books = Query.fuzzy_term_query(SCHEMA, field, text, most, prefix=prefix)
        for first in dict.fromkeys(text[:2]):
            for candidate, count in searcher.terms_with_prefix(field, first, books, MOST_CANDIDATES):
                compared = candidate[: len(text)] if prefix else candidate
                if (slips := slips_between(text, compared, most)) is not None:
                    found.append((slips, -count, candidate))
    return min(found)[2] if found else None


def term(field: str, text: str) -> Query:
    return Query.term_query(SCHEMA, field, text, "basic")


def beginning(field: str, text: str) -> Query:
    return Query.fuzzy_term_query(SCHEMA, field, text, 0, prefix=True)


def phrase(field: str, terms: Sequence[str]) -> Query:
    return Query.phrase_query(SCHEMA, field, list(terms)) if len(terms) > 1 else term(field, terms[0])


def every(queries: Iterable[Query], without: Iterable[Query] = ()) -> Query:
    """What all of these give, and none of those."""
    together = [(Occur.Must, query) for query in queries] + [(Occur.MustNot, query) for query in without]
    return together[0][1] if len(together) == 1 else Query.boolean_query(together)


def either(queries: Iterable[Query]) -> Query:
    """What any of these gives."""
    together = [(Occur.Should, query) for query in queries]
    return together[0][1] if len(together) == 1 else Query.boolean_query(together)


def whole(word: Word, scope: Sequence[str]) -> Query:
    """Books with a word in any of the fields of `scope`: its parts, wherever each is, or its other form."""
    if word.grams:
        if len(word.parts[0]) == 1:
            return either(beginning(field, word.parts[0]) for field in scope)
        return either(phrase(field, word.parts) for field in scope)
    parts = every(either(term(field, part) for field in scope) for part in word.parts)
    return either([parts, *(term(field, word.also) for field in scope)]) if word.also else parts


def begun(word: Word, scope: Sequence[str]) -> Query:
    """Books with a word that begins so; of several parts the last does."""
    if word.grams:
        return whole(word, scope)
    *first, last = word.parts
    ends = either(beginning(field, last) for field in scope)
    parts = every([*(either(term(field, part) for field in scope) for part in first), ends])
    return either([parts, *(beginning(field, word.also) for field in scope)]) if word.also else parts


def begins(asked: Sequence[Word], scope: Sequence[str]) -> Query:
    """Books with all words in these fields, the last one as a beginning."""
    *first, last = asked
    return every([*(whole(word, scope) for word in first), begun(last, scope)])


def near(word: Word, scope: Sequence[str], most: int) -> Query:
    """Books with this word, or with one that is this but for `most` slips of typing at most."""
    if word.grams and most and len(word.parts) >= PAIRS_THAT_FORGIVE:
        return either(_most_of(field, word.parts) for field in scope)
    edits = min(most, slips_allowed(word))
    if not edits:
        return whole(word, scope)
    forms = {spelled(word), word.also or spelled(word)}
    close = [Query.fuzzy_term_query(SCHEMA, field, form, edits) for form in forms for field in scope]
    return either([*close, whole(word, scope)] if word.also else close)


PAIRS_THAT_FORGIVE = 5
"""With so many pairs of characters two may be missing: those that one wrong character is in."""


def _most_of(field: str, pairs: Sequence[str]) -> Query:
    together = [(Occur.Should, term(field, pair)) for pair in pairs]
    return Query.boolean_query(together, minimum_number_should_match=len(pairs) - 2)
