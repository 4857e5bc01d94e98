"""The order of titles and names for readers, as a text that sorts like them.

Letters stand in the order of the Unicode collation's root (UTS #10, CLDR): Latin, Greek, Cyrillic, … , kana, Han; their
order is `collation.txt`, asked of ICU once (`infra/collation.mjs`), since no library that installs everywhere gives its
sort keys. The rest is as librarians file (NISO TR03-1999): numbers before letters and by their value, a space or dash
before every letter, other punctuation ignored. Accents and then capitals tell apart what has the same letters.

Known differences from ICU: Han by code point and not by radical, and several accents on one letter by code point too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

LETTERS = 120
"""How many letters count, and half as many accents and capitals: a key stays under the 1,024 bytes that DynamoDB
allows to one of an index, with an id behind it."""

# What ends a level sorts before a break between words, and that before every letter, whose code points start at
# FIRST. A "#" with an id may follow: it sorts before anything that a longer key of the same beginning goes on with.
LEVEL, BREAK, PLAIN, CAPITAL = " ", "!", ".", "A"
FIRST = 0x30

_TOKEN = re.compile(r"(?P<number>\d+)|(?P<gap>[\s\-/–—‐‒]+)|(?P<other>.)", re.DOTALL)
# Thai and Lao write some vowels before the consonant that they are filed after.
_VOWEL_FIRST = re.compile("([\u0e40-\u0e44\u0ec0-\u0ec4])([\u0e01-\u0e2e\u0e81-\u0eae])")


class _Letters(NamedTuple):
    """For each letter its units, and how it differs from others of the same unit; and the unit of numbers."""

    units: dict[str, str]
    differences: dict[str, str]
    number: str


def key(text: str) -> str:
    """What sorts, by code points and so by UTF-8 bytes, as `text` does for readers."""
    units: list[str] = []
    accents: list[str] = []
    capitals: list[str] = []
    gap = ""
    for unit, accent, capital in _spelled(text):
        if unit == BREAK:
            gap = BREAK if units else ""
        elif unit:
            units.append(gap + unit)
            accents.append(accent or PLAIN)
            capitals.append(capital)
            gap = ""
        elif accents:
            accents[-1] += accent
    levels = "".join(units)[:LETTERS], "".join(accents), "".join(capitals)
    return LEVEL.join([levels[0], *(level[: LETTERS // 2].rstrip(PLAIN) for level in levels[1:])])


def _spelled(text: str) -> Iterator[tuple[str, str, str]]:
    """The units of `text`, each with its accent and case; an accent of its own has no unit."""
    letters = _letters()
    composed = unicodedata.normalize("NFKC", text)
    for token in _TOKEN.finditer(_VOWEL_FIRST.sub(r"\2\1", composed)):
        match token.lastgroup:
            case "number":
                value = token[0].lstrip("0")[:LETTERS]
                value = str(int(value)) if value else ""
                yield letters.number + chr(FIRST + len(value)) + value, "", PLAIN
            case "gap":
                yield BREAK, "", PLAIN
            case _:
                small = token[0].lower()
                case = PLAIN if small == token[0] else CAPITAL
                for unit, accent in _units(small, letters):
                    yield unit, accent, case


def _units(small: str, letters: _Letters) -> Iterator[tuple[str, str]]:
    """The units of one character, or of what it is composed of."""
    for part in small if small in letters.units else unicodedata.normalize("NFD", small):
        if part in letters.units:
            yield letters.units[part], letters.differences.get(part, "")
        elif unicodedata.category(part)[0] in "LN":
            yield part, ""
        elif unicodedata.category(part)[0] == "M":
            yield "", part


@cache
def _letters() -> _Letters:
    lines = Path(__file__).with_name("collation.txt").read_text(encoding="utf-8").splitlines()[1:]
    units: dict[str, str] = {}
    differences: dict[str, str] = {}
    for place, line in enumerate(lines):
        if line[1:2] == "=":
            units[line[0]] = "".join(units[letter] for letter in line[2:])
            differences[line[0]] = CAPITAL
            continue
        for variant, letter in enumerate(line):
            units[letter] = chr(FIRST + place)
            if variant:
                differences[letter] = chr(ord(CAPITAL) + variant)
    return _Letters(units, differences, units["0"])
