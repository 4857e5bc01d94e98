"""The words of notices in each language: strings with plural forms, dates, direction.

`words/<language>.json` has the same keys in every language. A string that counts something has a form for each of the
language's plural categories (CLDR 48, "Language Plural Rules").
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("words")
ENGLISH = "en"

_ISOLATE, _END = "\u2068", "\u2069"


def _one(n: int) -> str:
    return "one" if n == 1 else "other"


def _up_to_one(n: int) -> str:
    return "one" if n in (0, 1) else "other"


def _french(n: int) -> str:
    return "many" if n and n % 1_000_000 == 0 else _up_to_one(n)


def _arabic(n: int) -> str:
    if n in (0, 1, 2):
        return ("zero", "one", "two")[n]
    if 3 <= n % 100 <= 10:
        return "few"
    return "many" if n % 100 >= 11 else "other"


PLURALS: dict[str, tuple[tuple[str, ...], Callable[[int], str]]] = {
    "en": (("one", "other"), _one),
    "fr": (("one", "many", "other"), _french),
    "hi": (("one", "other"), _up_to_one),
    "ar": (("zero", "one", "two", "few", "many", "other"), _arabic),
}
"""Of each language the categories, and which one a whole number is in."""


class Words:
    """One language's."""

    def __init__(self, language: str, strings: dict[str, Any]) -> None:
        self.language = language
        self.is_rtl: bool = strings["direction"] == "rtl"
        self._strings = strings

    def say(self, key: str, count: int | None = None, **values: object) -> str:
        """The string called `key` with its values, in the form for `count`.

        Raises KeyError where there is no such string, or one of its values is missing.
        """
        found = self._strings[key]
        if count is not None:
            found = found[PLURALS[self.language][1](count)]
            values["count"] = count
        return found.format_map({name: self._apart(str(value)) for name, value in values.items()})

    def day(self, moment: datetime, zone: tzinfo) -> str:
        """The day of `moment`, as "Tuesday 24 November"."""
        there = moment.astimezone(zone)
        weekday, month = self._strings["weekdays"][there.weekday()], self._strings["months"][there.month - 1]
        return self._strings["day"].format(weekday=weekday, day=there.day, month=month)

    def month(self, name: str) -> str:
        """The month called `name`, as "2026-11", as "November 2026"."""
        year, month = name.split("-")
        return self._strings["report.month"].format(month=self._strings["months"][int(month) - 1], year=year)

    def time(self, moment: datetime, zone: tzinfo) -> str:
        """The day and time of `moment`, as "Tuesday 24 November, 18:00"."""
        return self._strings["time"].format(day=self.day(moment, zone), time=f"{moment.astimezone(zone):%H:%M}")

    def listed(self, parts: list[str]) -> str:
        """Several things in a row, as "a, b and c"."""
        if len(parts) < 2:
            return "".join(parts)
        return self._strings["and"].format(some=self._strings["comma"].join(parts[:-1]), last=parts[-1])

    def _apart(self, text: str) -> str:
        """`text`, set apart where it runs the other way, so that it does not turn the sentence round it (UAX 9)."""
        runs_left = next((bidi != "L" for c in text if (bidi := unicodedata.bidirectional(c)) in _STRONG), self.is_rtl)
        return text if runs_left == self.is_rtl else f"{_ISOLATE}{text}{_END}"


_STRONG = frozenset({"L", "R", "AL"})


@cache
def of(tag: str) -> Words:
    """The words for a language tag (BCP 47): those of its language, or English."""
    language = tag.partition("-")[0].lower()
    if language not in PLURALS:
        language = ENGLISH
    return Words(language, json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8")))
