"""A made-up catalogue, the same at every run: book `i` depends on the seed, the size and `i` alone.

What matters to cost is like a real library's: ten languages in seven scripts, titles with a long tail of rare words,
authors and sections of whom few have most of the books (Zipf), descriptions of 25 to 70 words, ratings and loans that
gather on few.
"""

from __future__ import annotations

import bisect
import itertools
import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Tongue:
    """How often a language occurs among a hundred books, and its words; `joint` stands between them."""

    share: int
    nouns: list[str]
    given: list[str]
    family: list[str]
    joint: str


def _tongue(kept: dict[str, Any]) -> Tongue:
    lists = (kept[name].split() for name in ("nouns", "given", "family"))
    return Tongue(kept["share"], *lists, joint=kept.get("joint", " "))


_WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
TONGUES = {language: _tongue(kept) for language, kept in _WORDS["tongues"].items()}
SECTIONS: list[str] = _WORDS["sections"]
_PATTERNS: list[str] = _WORDS["patterns"]
# Descriptions are English, whatever the language of the book: it is their length that costs.
_PROSE: list[str] = _WORDS["prose"].split()
_SYLLABLES: list[str] = _WORDS["syllables"].split()

OPENED = datetime(2020, 1, 6, 8, tzinfo=UTC)
"""When the first book came; the last came SPAN later, whatever the size."""

SPAN = timedelta(days=2_200)
RARE_NAMES = 60_000
LATIN = frozenset({"en", "es", "fr", "de"})


@dataclass(frozen=True, slots=True)
class Row:
    """A book of the catalogue; `sections` are places in SECTIONS, `copies` is None for as many as are asked."""

    number: int
    title: str
    authors: tuple[str, ...]
    language: str
    description: str
    subjects: tuple[str, ...]
    sections: tuple[int, ...]
    pages: int
    format: str
    price: int | None
    copies: int | None
    points: int
    voices: int
    loans: int
    series: tuple[str, int] | None
    added: datetime


def rows(size: int, seed: int = 1) -> Iterator[Row]:
    """The books, in the order in which they were added."""
    return (row(seed, size, number) for number in range(size))


def row(seed: int, size: int, number: int) -> Row:
    """Book `number` of a library of `size` books."""
    chance = random.Random(f"{seed}/{size}/{number}")
    language = _language(chance)
    popularity = chance.paretovariate(1.2)
    voices = int(popularity * chance.random())
    return Row(
        number=number,
        title=_title(chance, language),
        authors=tuple(dict.fromkeys(_author(chance, seed, size) for _ in range(chance.choice((1, 1, 1, 1, 2, 3))))),
        language=language,
        description=" ".join(chance.choice(_PROSE) for _ in range(chance.randint(25, 70))).capitalize() + ".",
        subjects=tuple(dict.fromkeys(chance.choice(SECTIONS) for _ in range(chance.randint(0, 3)))),
        sections=tuple(dict.fromkeys(_zipf(chance, len(SECTIONS), 0.8) for _ in range(chance.choice((1, 1, 1, 2))))),
        pages=max(20, int(chance.lognormvariate(5.5, 0.6))),
        format=chance.choice(("epub", "epub", "epub", "pdf")),
        price=chance.choice((299, 499, 999, 1499)) if chance.random() < 0.3 else None,
        copies=chance.randint(1, 5) if chance.random() < 0.2 else None,
        points=sum(min(5, max(1, round(chance.gauss(3.8, 1)))) for _ in range(min(voices, 500))),
        voices=min(voices, 500),
        loans=int(popularity * 3),
        series=(f"The {_rare(chance)} Books", chance.randint(1, 9)) if chance.random() < 0.1 else None,
        added=OPENED + SPAN * (number / size) + timedelta(milliseconds=number % 1_000),
    )


def _language(chance: random.Random) -> str:
    return chance.choices(list(TONGUES), [tongue.share for tongue in TONGUES.values()])[0]


def _title(chance: random.Random, language: str) -> str:
    tongue = TONGUES[language]
    if language == "en":
        title = chance.choice(_PATTERNS).format(a=chance.choice(tongue.nouns), b=chance.choice(tongue.nouns))
    else:
        title = tongue.joint.join(chance.choice(tongue.nouns) for _ in range(chance.randint(2, 4)))
        title = title[0].upper() + title[1:]
    if language in LATIN and chance.random() < 0.4:
        title = f"{title} {chance.choice(('of', 'in', '—', '&'))} {_rare(chance)}"
    match chance.random():
        case lot if lot < 0.1:
            return f"{title}, Vol. {chance.randint(1, 20)}"
        case lot if lot < 0.14:
            return f"{title} ({chance.randint(1850, 2026)})"
        case _:
            return title


def _rare(chance: random.Random) -> str:
    """A name; the first few of them are common, most occur once."""
    name = random.Random(int(RARE_NAMES ** chance.random()))
    return "".join(name.choice(_SYLLABLES) for _ in range(name.randint(2, 4))).capitalize()


def _author(chance: random.Random, seed: int, size: int) -> str:
    place = _zipf(chance, max(50, size // 4), 1.05)
    person = random.Random(f"{seed}/author/{place}")
    language = _language(person)
    tongue = TONGUES[language]
    given, family = person.choice(tongue.given), person.choice(tongue.family)
    if not tongue.joint:
        return f"{family}{given}"
    if language in LATIN and place >= 40:
        return f"{given} {_rare(person)}"
    return f"{given} {person.choice(tongue.given)} {family}" if place >= 40 else f"{given} {family}"


@cache
def _shares(count: int, slope: float) -> list[float]:
    return list(itertools.accumulate(1 / place**slope for place in range(1, count + 1)))


def _zipf(chance: random.Random, count: int, slope: float) -> int:
    """One of `count` places, the first the likeliest: the n-th by 1 / n ** slope."""
    shares = _shares(count, slope)
    return min(count - 1, bisect.bisect(shares, chance.random() * shares[-1]))
