"""Lists of books: CSV with a line of column names, or JSON, one object a line. What a line says wrongly keeps out that
line only."""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import msgspec

from chalicelib.catalogue.intake import text
from chalicelib.catalogue.schemas import ImportedBook
from infra.importer.candidate import MOST_IDENTIFIERS, NOT_RIGHT, Candidate, isbn, names, shown, tag

ENDINGS = frozenset({".csv", ".tsv", ".jsonl", ".ndjson"})
LONGEST_LINE = 1024 * 1024
"""Bytes; a line is the one thing that is held in memory whole."""

_DELIMITERS = (",", ";", "\t")
_NO_TEXT = re.compile("[\ud800-\udfff]")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

# Other names of what ImportedBook calls otherwise, and of what only lists have.
_ALSO_CALLED = {
    **dict.fromkeys(("name", "book_title"), "title"),
    **dict.fromkeys(("author", "author_s", "creator", "creators", "additional_authors"), "authors"),
    **dict.fromkeys(("lang", "languages"), "language"),
    **dict.fromkeys(("section", "shelf", "shelves", "bookshelves", "category", "categories"), "sections"),
    **dict.fromkeys(("series_index", "series_number", "volume"), "series_position"),
    **dict.fromkeys(("subject", "tags", "tag", "keywords", "genre", "genres"), "subjects"),
    **dict.fromkeys(("identifier",), "identifiers"),
    **dict.fromkeys(("isbn10", "isbn13", "isbn_10", "isbn_13"), "isbn"),
    **dict.fromkeys(("comments", "summary", "abstract"), "description"),
    **dict.fromkeys(("number_of_copies",), "copies"),
    **dict.fromkeys(("page_count", "number_of_pages"), "pages"),
    **dict.fromkeys(("my_rating", "stars"), "rating"),
    **dict.fromkeys(("filename", "path"), "file"),
}
_ONLY_IN_LISTS = ("series_position", "isbn", "currency", "id", "file")
_KNOWN = {*ImportedBook.__struct_fields__, *_ONLY_IN_LISTS}

# How many digits stand behind the point (ISO 4217), where it is not two.
_DECIMALS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_PRICE = re.compile(r"([A-Z]{3})? ?(\d{1,9})(?:[.,](\d{1,3}))? ?([A-Z]{3})?")


class Unreadable(Exception):
    """Why nothing of a list can be taken: one sentence."""


class _Wrong(Exception):
    """Which field of a line is wrong, and how."""


def count(path: Path) -> int:
    """About how many books a list has.

    Raises Unreadable where it is no text, or has no columns to take books from.
    """
    lines = sum(1 for _ in _checked_lines(path))
    return max(0, lines - 1) if _is_csv(path) else lines


def candidates(path: Path, currency: str) -> Iterator[Candidate]:
    """The books of a list, line by line; prices without a currency are in `currency`."""
    try:
        with path.open(encoding=_encoding(path), newline="") as file:
            for line, raw in _csv_rows(file, path) if _is_csv(path) else _json_rows(file):
                place = f"{shown(path)}:{line}"
                if isinstance(raw, str):
                    yield Candidate(place, trouble=f"Line {line}: {raw}", kind=NOT_RIGHT)
                    continue
                try:
                    yield _candidate(place, raw, path.parent, currency)
                except _Wrong as wrong:
                    yield Candidate(place, {"title": raw.get("title")}, trouble=f"Line {line}: {wrong}", kind=NOT_RIGHT)
    except Unreadable as error:
        yield Candidate(shown(path), trouble=str(error))
    except (OSError, UnicodeError) as error:
        yield Candidate(shown(path), trouble=f"It cannot be read further: {error}.")


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() in (".csv", ".tsv")


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        return "utf-16" if file.read(2) in _UTF_16 else "utf-8-sig"


def _checked_lines(path: Path) -> Iterator[None]:
    """As often as the list has lines, if all of it is text."""
    encoding, number = _encoding(path), 0
    # Surrogates stand for the bytes that are no text, so that their line is found; UTF-16 tells it nearly.
    with path.open(encoding=encoding, errors="surrogateescape" if encoding == "utf-8-sig" else "strict") as file:
        while True:
            number += 1
            try:
                line = file.readline(LONGEST_LINE)
            except UnicodeError:
                line = "\ud800"
            if not line:
                return
            if _NO_TEXT.search(line):
                wanted = "UTF-8" if encoding == "utf-8-sig" else "UTF-16"
                raise Unreadable(f"{shown(path)}, line {number}: this is not {wanted}; save it as UTF-8.")
            if len(line) >= LONGEST_LINE:
                raise Unreadable(f"{shown(path)}, line {number}: this line is longer than a book's can be.")
            if number == 1 and _is_csv(path):
                _columns(line, path)
            yield


def _columns(first: str, path: Path) -> tuple[str, list[str | None]]:
    """What divides the cells, and which column is which, by the line of names; None for those not used.

    Raises Unreadable where no column is named title.
    """

    def named(delimiter: str) -> list[str | None]:
        return [_canonical(name) for name in next(csv.reader([first], delimiter=delimiter), [])]

    delimiter = max(_DELIMITERS, key=lambda each: len(list(filter(None, named(each)))))
    columns = named(delimiter)
    if "title" not in columns:
        raise Unreadable(
            f"{shown(path)}, line 1: no column is named title; the first line names the columns, such as"
            " title, authors, language."
        )
    return delimiter, columns


def _canonical(name: str) -> str | None:
    key = re.sub(r"\W+", "_", name.strip().casefold()).strip("_")
    key = _ALSO_CALLED.get(key, key)
    return key if key in _KNOWN else None


class _Lines:
    """The lines of a file, for a reader that may take more of them for one row than there should be."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._ahead: deque[str] = deque()
        self._taken: list[str] = []
        self.next_number = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else next(self._file)
        self._taken.append(line)
        return line

    def accept(self) -> None:
        """What was taken is one row."""
        self.next_number += len(self._taken)
        self._taken.clear()

    def accept_first(self) -> None:
        """Only the first line of what was taken is a row, a wrong one; the others are to be read again."""
        self._ahead.extendleft(reversed(self._taken[1:]))
        self.next_number += 1
        self._taken.clear()


_Row = tuple[int, "dict[str, Any] | str"]


def _csv_rows(file: IO[str], path: Path) -> Iterator[_Row]:
    """The rows by the number of their first line; for one that is wrong, what is wrong with it."""
    lines = _Lines(file)
    delimiter, columns = _columns(next(lines, ""), path)
    lines.accept()
    while True:
        # A reader for each row: one that met an open quotation mark would go on with it.
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        number = lines.next_number
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.accept_first()
            yield number, f"this line is not quoted as CSV is ({error})."
            continue
        if any(cell.strip() for cell in row[len(columns) :]):
            lines.accept_first()
            yield number, f"this line has {len(row)} cells, and the first line names {len(columns)} columns."
            continue
        lines.accept()
        if any(cell.strip() for cell in row):
            yield number, _gathered(zip(columns, row, strict=False))


def _json_rows(file: IO[str]) -> Iterator[_Row]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            raw = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            yield number, f"this is not JSON ({error})."
            continue
        if isinstance(raw, dict):
            yield number, _gathered((_canonical(str(name)), value) for name, value in raw.items())
        else:
            yield number, "this is not an object with a title."


def _gathered(cells: Iterable[tuple[str | None, Any]]) -> dict[str, Any]:
    """The cells by what they are; several columns of one kind are one list."""
    found: dict[str, Any] = {}
    for name, value in cells:
        if name is None or value is None or (isinstance(value, str) and not value.strip()):
            continue
        if name not in found:
            found[name] = value
        elif name in ("authors", "subjects", "sections", "identifiers", "isbn"):
            found[name] = _listed(name, found[name]) + _listed(name, value)
    return found


def _candidate(place: str, raw: Mapping[str, Any], folder: Path, currency: str) -> Candidate:
    """Raises _Wrong."""
    about = {name: _SHAPED.get(name, _as_it_is)(raw[name]) for name in raw if name not in _ONLY_IN_LISTS}
    if isinstance(series := raw.get("series"), str):
        position = _number(raw.get("series_position"))
        about["series"] = {"name": text.clean(series, text.LONGEST_NAME), "position": position}
    if not isinstance(price := raw.get("price", {}), dict):
        about["price"] = _price(price, str(raw.get("currency") or currency))
    if "isbn" in raw:
        printed = [_isbn(said) for said in _listed("isbn", raw["isbn"])]
        about["identifiers"] = names([*printed, *about.get("identifiers", [])], MOST_IDENTIFIERS)
    if "origin" not in raw and "id" in raw:
        about["origin"] = _origin(str(raw["id"]), str(about.get("title", "")))
    return Candidate(place, about, (_beside(folder, str(raw["file"])),) if "file" in raw else ())


def _listed(field: str, value: Any) -> list[str]:
    """A list, as JSON has it, or as cells have it, divided by semicolons. Raises _Wrong."""
    if isinstance(value, (int, float)):
        value = str(value)
    if isinstance(value, str):
        return value.split(";")
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    raise _Wrong(f"{field}: this must be text, or a list of it.")


def _number(value: Any) -> Any:
    """The number that a cell holds; what is none is left for validation to say so."""
    if not isinstance(value, str):
        return value
    try:
        number = float(value.strip().replace(",", "."))
    except ValueError:
        return value
    return int(number) if number.is_integer() else number


def _rating(value: Any) -> Any:
    """Whole stars; None for nought, which says that nobody rated it."""
    number = _number(value)
    if isinstance(number, (int, float)) and math.isfinite(number):
        return int(number + 0.5) or None
    return number


def _line(longest: int) -> Callable[[Any], Any]:
    """A text on one line; what is none is left for validation to say so."""
    return lambda value: (text.clean(str(value), longest) or "") if isinstance(value, (str, int, float)) else value


def _as_it_is(value: Any) -> Any:
    return value


def _description(value: Any) -> Any:
    return (text.plain(value, text.LONGEST_DESCRIPTION) or "") if isinstance(value, str) else value


def _language(value: Any) -> str:
    found = tag(value.split(";")[0]) if isinstance(value, str) else None
    if found is None:
        raise _Wrong(f"language: {_quoted(value)} is no language; write a tag such as en, pt-BR or zh-Hant.")
    return found


def _isbn(said: str) -> str:
    found = isbn(said)
    if found is None:
        raise _Wrong(f"isbn: {_quoted(said)} is no ISBN; a spreadsheet may have made a number of it.")
    return found


def _price(value: Any, currency: str) -> dict[str, Any] | None:
    said = _PRICE.fullmatch(str(value).strip().upper())
    if said is None:
        raise _Wrong(f"price: {_quoted(value)} is no price; write one such as 4.99 or 4.99 EUR.")
    before, whole, fraction, after = said.groups()
    currency = before or after or currency.strip().upper()
    decimals = _DECIMALS.get(currency, 2)
    if len(fraction := (fraction or "").rstrip("0")) > decimals:
        raise _Wrong(f"price: {_quoted(value)} has more decimals than {currency} has.")
    amount = int(whole + fraction.ljust(decimals, "0"))
    return {"amount": amount, "currency": currency} if amount else None


def _origin(number: str, title: str) -> str:
    """What tells a line's book from others. The number alone does not: most lists begin with 1."""
    said = f"{number.strip()}\n{title.casefold()}"
    return f"record:{hashlib.sha256(said.encode()).hexdigest()}"


def _beside(folder: Path, name: str) -> Path:
    try:
        path = (folder / name.strip().replace("\\", "/")).resolve(strict=True)
        if path.is_file() and path.is_relative_to(folder.resolve()):
            return path
    except (OSError, ValueError, RuntimeError):
        pass
    raise _Wrong(f"file: {_quoted(name)} is not there, in the folder of this list or below.")


def _quoted(value: Any) -> str:
    return repr(text.clean(str(value), 60) or "")


_SHAPED: dict[str, Callable[[Any], Any]] = {
    "title": _line(text.LONGEST_TITLE),
    "authors": lambda value: names(_listed("authors", value)),
    "subjects": lambda value: names(_listed("subjects", value)),
    "sections": lambda value: names(_listed("sections", value)),
    "identifiers": lambda value: names(_listed("identifiers", value), MOST_IDENTIFIERS),
    "publisher": _line(text.LONGEST_NAME),
    "description": _description,
    "copies": _number,
    "pages": _number,
    "rating": _rating,
    "language": _language,
}
