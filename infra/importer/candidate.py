"""What could come in: one book of whatever kind of source, and the words of sources in the library's terms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib.catalogue.intake import language, text

NOT_RIGHT = "Some of its fields are not right."

MOST_NAMES = 50
MOST_IDENTIFIERS = 20

# An ISBN of 13 or 10 characters, as it is printed: with hyphens or blanks, or in the ="…" that keeps a
# spreadsheet from making a number of it.
_ISBN = re.compile(r"(?:97[89])?\d{9}[\dX]")
_AROUND_ISBN = re.compile(r"[-\s=\"'\u2010-\u2015]|urn:isbn:|^ISBN(?:-1[03])?:?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A book that could come in. `place` is where it was found, as the report says it; `about` what is known of it
    (fields as of ImportedBook, not validated yet); `files` its files, the one to be preferred first; `trouble`, why it
    cannot come in, and `kind` what that is summed under, where each trouble is one of its own."""

    place: str
    about: dict[str, Any] = field(default_factory=dict[str, Any])
    files: tuple[Path, ...] = ()
    cover: Path | None = None
    trouble: str | None = None
    kind: str = ""


def shown(path: Path) -> str:
    """`path` for people; a name may hold bytes that are no text, line breaks, and what would reorder a line."""
    whole = str(path).encode(errors="surrogateescape").decode(errors="replace")
    return text.clean(whole, 4096) or "?"


def names(raw: Iterable[str], most: int = MOST_NAMES) -> list[str]:
    """Authors, subjects and the like: each on one line, in order, none twice."""
    return list(text.clean_all(list(raw), text.LONGEST_NAME, most))


def isbn(raw: str) -> str | None:
    """The identifier that an ISBN makes (RFC 8254), or None where it is none. A wrong check digit is let be: books are
    printed with them."""
    digits = _AROUND_ISBN.sub("", raw).upper()
    return f"urn:isbn:{digits}" if _ISBN.fullmatch(digits) else None


def tag(raw: str | None) -> str | None:
    """A language in the form of BCP 47, or None where it is none."""
    return language.normalise(raw)


def calibre_rating(rating: float | None) -> int | None:
    """One to five of calibre's zero to ten half stars, of which zero says nothing."""
    return min(5, max(1, int(rating + 1) // 2)) if rating and rating > 0 else None


def calibre_identifier(kind: str, value: str) -> str | None:
    """What calibre keeps as type and value, in one; it writes a bar where a comma was."""
    kind, value = kind.strip().lower(), value.strip().replace("|", ",")
    if not kind or not value:
        return None
    if kind == "isbn":
        return isbn(value)
    if kind in ("uri", "url"):
        return value
    return f"urn:uuid:{value}" if kind == "uuid" else f"{kind}:{value}"
