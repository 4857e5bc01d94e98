"""What a text is found by, in every script: its words without what people leave out or write in more than one way.

A text is decomposed and its case folded (Unicode's NFKD and full case folding). What then falls away, character by
character, is in `_Plain`: accents, points, harakat and nuktas, but never the vowel signs of Indian scripts, nor the
vowels and tones of Thai and Lao, without which a word is another word. Scripts that put no spaces between words, and
Korean, whose particles cling to them, are found by pairs of characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import NamedTuple

LONGEST = 40
"""Characters of a word that count."""

_JOINER = "'"


class Word(NamedTuple):
    """A word of a text. `parts` are what it is made of, as `o` and `brien`; `also` is another form it is found by:
    its parts together, as `obrien`, or an Arabic word without its article. `grams`: the parts are pairs of characters
    that overlap."""

    parts: tuple[str, ...]
    also: str | None = None
    grams: bool = False


class _Plain(dict[int, str]):
    """What becomes of a character of a decomposed and case folded text, for `str.translate`; worked out once each."""

    def __missing__(self, point: int) -> str:
        self[point] = plain = _plain(chr(point))
        return plain


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category in {"Cf", "Cc"} and not character.isspace():
        return ""  # joiners and marks of direction, which nobody sees
    if category[0] == "M":
        # By canonical combining class: 7 nuktas, 10 to 36 points and harakat, from 200 on accents above and below.
        # What remains are vowel signs, viramas, tones and the marks of voiced kana.
        classed = unicodedata.combining(character)
        return "" if classed == 7 or 10 <= classed <= 36 or classed >= 200 else character
    if "\u30a1" <= character <= "\u30f6":
        return chr(ord(character) - 0x60)  # katakana as hiragana, which stand in the same order
    return character if category[0] in "LN" or character in "+#" else " "


def _letters(these: str, those: str) -> dict[int, str]:
    return {ord(this): that for this, that in zip(these, those, strict=True)}


_KEPT = _Plain(
    {
        # Between the parts of one word.
        **dict.fromkeys(map(ord, "'’‘ʼʹʻ`´′-‐‑.·&_׳״־"), _JOINER),
        # Letters that do not decompose, as they are typed where a keyboard lacks them.
        **_letters("ıłøđðħŋə", "iloddhne"),
        **{ord("æ"): "ae", ord("œ"): "oe", ord("þ"): "th"},
        # Arabic, Persian and Urdu: forms of alef, ya, ta marbuta, kaf and ha that are written for one another.
        **_letters("ٱىةکیےہھەۀ", "ايهكييهههه"),
        **dict.fromkeys(map(ord, "ءـ"), ""),
        # Hebrew: the forms at the end of a word.
        **_letters("ךםןףץ", "כמנפצ"),
        # Kana: the mark of a long vowel, set or not (コンピュータ, コンピューター).
        ord("ー"): "",
    }
)

_ARTICLE = "ال"

LEFT_OUT = frozenset(
    {"the", "a", "an", "and", "of"}
    | {"der", "die", "das", "ein", "eine", "und"}
    | {"le", "la", "les", "l", "un", "une", "et", "de", "du", "des"}
    | {"el", "los", "las", "y", "o", "os", "as", "e", "il", "lo", "gli", "i"}
)
"""Articles and such, as people leave them out of a title or put them in."""

# C++ and C# are names; elsewhere these are no letters.
_OPERATORS = re.compile(rf"([a-z0-9][+#]{{1,2}}(?![^\s{_JOINER}]))|[+#]+")

# Scripts of India that share one layout: candrabindu and a nasal before a consonant of its own row are written as
# anusvara too (चाँद चांद, हिन्दी हिंदी).
_INDIC = (0x0900, 0x0980, 0x0A00, 0x0A80, 0x0B00, 0x0C00, 0x0C80)
_VIRAMA, _CANDRABINDU, _ANUSVARA = 0x4D, 0x01, 0x02
_ROWS = ((0x19, 0x15, 0x18), (0x1E, 0x1A, 0x1D), (0x23, 0x1F, 0x22), (0x28, 0x24, 0x27), (0x2E, 0x2A, 0x2D))
_ANY_INDIC = re.compile("[\u0900-\u0cff]")
_NASALS = [
    (
        re.compile(
            "|".join(
                [chr(block + _CANDRABINDU)]
                + [
                    f"{chr(block + nasal)}{chr(block + _VIRAMA)}(?=[{chr(block + first)}-{chr(block + last)}])"
                    for nasal, first, last in _ROWS
                ]
            )
        ),
        chr(block + _ANUSVARA),
    )
    for block in _INDIC
]

# Thai, Lao, Myanmar, Khmer; kana and Han; Hangul; Han of the further planes.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\U00020000-\U0003ffff"
)
_PIECES = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_STARTS = re.compile(rf"(?<!\S)\S|[{_UNSPACED}]")
_OF_UNSPACED = re.compile(f"[{_UNSPACED}]")


def plain(text: str) -> str:
    """The words of `text`, a space between each two: equal for texts that are written the same but for what is left
    out."""
    return " ".join(_folded(text).replace(_JOINER, " ").split())


def joined(text: str) -> str:
    """All letters and digits of `text` in one."""
    return _folded(text).replace(_JOINER, "").replace(" ", "")


def words(text: str) -> list[Word]:
    """The words of `text` in their order. Initials are one word, however they are set: J. R. R., J.R.R., JRR."""
    split = [word for token in _folded(text).split() for word in _words(token)]
    found: list[Word] = []
    for initials, run in groupby(split, lambda word: not word.grams and all(len(part) == 1 for part in word.parts)):
        together = list(run)
        parts = tuple(part for word in together for part in word.parts)
        found += [Word(parts, "".join(parts))] if initials and len(parts) > 1 else together
    return found


def indexed(text: str) -> tuple[list[str], list[str]]:
    """What `text` is kept by: the parts of its words in their order; and other forms of them, and each two parts of
    one (of O'Brien's: obriens, obrien, briens)."""
    of = words(text)
    sequence = [part for word in of for part in closed(word)]
    pairs = [a + b for word in of if not word.grams for a, b in pairwise(word.parts)]
    return sequence, list(dict.fromkeys([word.also for word in of if word.also] + pairs))


def closed(word: Word) -> tuple[str, ...]:
    """The parts of a word as they are kept: behind pairs of characters the last alone, so that each begins one."""
    return (*word.parts, word.parts[-1][1:]) if word.grams and len(word.parts[-1]) == 2 else word.parts


def spelled(word: Word) -> str:
    """A word as it is written."""
    if word.grams:
        return "".join(pair[0] for pair in closed(word))
    return "".join(word.parts)[:LONGEST]


def found_in(text: str, asked: str) -> bool:
    """Whether a short text would be found by `asked`: it contains that, or for each of its words one that begins so,
    but for slips of typing."""
    if (sought := plain(asked)) and sought in plain(text):
        return True
    sequence, together = indexed(text)
    return bool(sought) and all(any(_begins(kept, word) for kept in (*sequence, *together)) for word in words(asked))


def _begins(kept: str, word: Word) -> bool:
    typed = spelled(word)
    return kept.startswith(typed) or slips_between(typed, kept, slips_allowed(word)) is not None


def starts(name: str) -> list[int]:
    """Where words begin in a text that `plain` gave; any character may where no spaces are put."""
    return [found.start() for found in _STARTS.finditer(name)]


def slips_between(one: str, other: str, most: int) -> int | None:
    """How many letters must be changed, added, left out or, two that are neighbours, exchanged to make `other` of
    `one`, or None for more than `most` (the optimal string alignment distance)."""
    if abs(len(one) - len(other)) > most:
        return None
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, expected in enumerate(other, 1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != expected))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == expected:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) > most:
            return None
        before, last = last, current
    return last[-1] if last[-1] <= most else None


def slips_allowed(word: Word) -> int:
    """How many slips of typing a word may hold: none if it is short, or a number, which are near to too many others;
    nor where words are found by pairs of characters."""
    text = spelled(word)
    if word.grams or len(text) < 4 or any(c.isdigit() for c in text):
        return 0
    return 1 if len(text) < 8 else 2


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    composed = unicodedata.normalize("NFC", decomposed.translate(_KEPT))
    folded = _OPERATORS.sub(lambda found: found[1] or " ", composed)
    if _ANY_INDIC.search(folded):
        for nasals, anusvara in _NASALS:
            folded = nasals.sub(anusvara, folded)
    return folded


def _words(token: str) -> Iterator[Word]:
    """The words of what has no space in it."""
    pieces = [piece for part in token.split(_JOINER) for piece in _PIECES.findall(part)]
    for unspaced, run in groupby(pieces, lambda piece: bool(_OF_UNSPACED.match(piece))):
        if unspaced:
            yield from (Word(tuple(map("".join, pairwise(piece))) or (piece,), grams=True) for piece in run)
        else:
            parts = tuple(piece[:LONGEST] for piece in run)
            together = "".join(parts)[:LONGEST]
            yield Word(parts, together if len(parts) > 1 else _without_article(together))


def _without_article(word: str) -> str | None:
    """An Arabic word of three letters or more without its article, which clings to it."""
    return word[len(_ARTICLE) :] if word.startswith(_ARTICLE) and len(word) >= len(_ARTICLE) + 3 else None
