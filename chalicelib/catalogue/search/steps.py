"""How well a book answers a query: the first of these steps that it is on.

1. the title is what was asked, or an identifier
2. an author is
3. the title begins with it, then contains it as it stands
4. the words are in the title, then in the authors too, then in series, sections, subjects and publisher
5. so they are with the last as the beginning of a word
6. so they are but for slips of typing, one before two: looked for where steps 1 to 5 give few

Every word must be found somewhere, articles aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from tantivy import Query, Searcher

from chalicelib.catalogue.search import fields, words
from chalicelib.catalogue.search.fields import WORDS
from chalicelib.catalogue.search.matching import begins, either, every, known, near, phrase, term, whole
from chalicelib.catalogue.search.words import LEFT_OUT, Word, spelled

FEW = 10
"""With fewer books than this for a word that none has whole, slips of typing are looked for."""

MOST_DOUBTFUL = 4
"""Words of a query in which they are."""


class Step(NamedTuple):
    """Books that answer in one way, without those that answer in a better one; its number among the steps."""

    number: int
    query: Query
    better: list[Query]


class Steps:
    """The steps of a query's words, from the best on.

    `doubtful` says in which of the words slips of typing are looked for, a bit for each: 0 for none.
    """

    def __init__(self, q: str, asked: Sequence[Word]) -> None:
        self.asked = asked
        self.needed = [word for word in asked[:-1] if spelled(word) not in LEFT_OUT] + list(asked[-1:])
        self._author = term("author", words.plain(q))
        self._identifier = either(
            [term("identifier", form) for form in fields.identifier_forms(q)[:1]] or [Query.empty_query()]
        )
        self._exact = either([self._identifier, begins(self.needed, WORDS)]) if asked else Query.empty_query()

    def all(self, doubtful: int) -> Query:
        """What is on any step."""
        return either([self._exact, self._near(doubtful, 2)]) if doubtful else self._exact

    def each(self, doubtful: int, *, without_slips: bool = True) -> Iterator[Step]:
        """The steps; where it is known that nothing is found `without_slips`, the last ones only."""
        better: list[Query] = []
        if without_slips and self.asked:
            for number, (query, better) in enumerate(self._without_slips()):
                yield Step(number, query, better)
            better = [*better, begins(self.needed, WORDS)]
        if doubtful:
            yield Step(_SLIPS, self._near(doubtful, 1), better)
            yield Step(_SLIPS + 1, self._near(doubtful, 2), [*better, self._near(doubtful, 1)])

    def _without_slips(self) -> Iterator[tuple[Query, list[Query]]]:
        """Most steps hold all of the one before, so that little has to be left out."""
        aside = [self._identifier, self._author]
        before, spoken = self._title(), phrase("title", self._spoken)
        yield either([before, self._identifier]), []
        yield self._author, [before, self._identifier]
        begins_so = every([term("title", fields.title_begins(self._spoken[0])), spoken])
        for query in (begins_so, spoken, *map(self._whole, _SCOPES)):
            yield query, [*aside, before]
            before = query
        for scope in _SCOPES:
            yield (query := begins(self.needed, scope)), [*aside, self._whole(WORDS), before]
            before = query

    def _title(self) -> Query:
        sequence = [part for word in self.asked for part in words.closed(word)]
        return every([*(term("title", edge) for edge in fields.whole_title(sequence)), phrase("title", sequence)])

    @cached_property
    def _spoken(self) -> list[str]:
        """The words as they stand. As the beginning of something longer, the last need not end where it does here."""
        return [part for word in self.asked for part in (word.parts if word is self.asked[-1] else words.closed(word))]

    def _whole(self, scope: Sequence[str]) -> Query:
        return every(whole(word, scope) for word in self.needed)

    def _near(self, doubtful: int, most: int) -> Query:
        return every(near(word, WORDS, most if doubtful >> place & 1 else 0) for place, word in enumerate(self.needed))


_SLIPS = 20
"""The number of the first step with slips of typing; there are fewer without."""

_SCOPES = tuple(WORDS[:count] for count in range(1, len(WORDS) + 1))


def doubtful_words(searcher: Searcher, needed: Sequence[Word], found: int) -> int:
    """In which words slips of typing are looked for, when so many books were found without: in those that no book has,
    if there are few, and in any if there are none; up to a few."""
    if found >= FEW:
        return 0
    places = [place for place, word in enumerate(needed) if not known(searcher, word, WORDS)]
    if not found and not places:
        places = list(range(len(needed)))
    return sum(1 << place for place in places[:MOST_DOUBTFUL])
