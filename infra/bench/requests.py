"""What the bench asks a made-up library for, from the books it knows to be there."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from infra.bench import catalogue
from infra.bench.catalogue import LATIN, Row

AMONG = 40
"""Different requests of each kind."""


@dataclass(frozen=True, slots=True)
class Request:
    """A GET of `path` with `query`; `word`, where there is one, should be in a title among what is answered."""

    path: str
    query: tuple[tuple[str, str], ...] = ()
    word: str | None = None

    @property
    def target(self) -> str:
        """Path and query, as they stand in a request to the library."""
        return f"/api{self.path}" + (f"?{urlencode(self.query)}" if self.query else "")


def searches(size: int, seed: int) -> dict[str, list[Request]]:
    """Searches, by their kind: a word, one with a slip, one in another script, with filters, and what is typed."""
    kinds: dict[str, list[Request]] = {kind: [] for kind in ("word", "typo", "other script", "filtered", "completion")}
    chance = random.Random(seed)
    for row in _some(size, seed, chance):
        if row.language in LATIN:
            word = max(_words(row), key=len)
            if len(word) < 6:
                continue
            kinds["word"].append(_search(word))
            kinds["typo"].append(_search(_slipped(word, chance), word))
            kinds["filtered"].append(_search(word, word, language=row.language, format=row.format))
            kinds["completion"].append(Request("/suggest", (("q", word[:4]),)))
        else:
            word = _words(row)[0]
            kinds["other script"].append(_search(word[:2] if row.language in ("zh", "ja") else word))
        if all(len(kind) >= AMONG for kind in kinds.values()):
            break
    return {f"search: {kind}" if kind != "completion" else kind: asked[:AMONG] for kind, asked in kinds.items()}


def _some(size: int, seed: int, chance: random.Random) -> Iterator[Row]:
    for _ in range(AMONG * 20):
        yield catalogue.row(seed, size, chance.randrange(size))


def _words(row: Row) -> list[str]:
    return [word.strip("(),:") for word in row.title.split() if word.strip("(),:")]


def _search(q: str, word: str | None = None, **filters: str) -> Request:
    return Request("/books", (("q", q), *filters.items()), word or q)


def _slipped(word: str, chance: random.Random) -> str:
    """`word` with a letter left out, doubled, or in its neighbour's place."""
    at = chance.randrange(1, len(word) - 1)
    return chance.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )
