"""What is kept of an e-book and of a section in the index: what it is found by, and its place in each order.

| field                                      | what it holds                                                          |
|--------------------------------------------|------------------------------------------------------------------------|
| key                                        | what the writer deletes by                                             |
| title, authors, about                      | words (words.py); and the first and last of a title as such            |
| identifier                                 | ISBNs in both lengths and other identifiers, letters and digits only   |
| author                                     | each name whole, folded                                                |
| turned                                     | the same from each of its words on, as `austen` `TURN` `jane`          |
| section, language, format                  | what is filtered by and counted; a language without its region         |
| tag                                        | a language with its region, and its parts (zh-hant-tw and zh-hant)     |
| newest, low                                | the upper and lower half of the book's id                              |
| rating, popular, titled                    | the place in the other orders                                          |
| name, shown                                | a section's words; its id and name as they are, the only text stored   |

What is shown of a book is read from its table, so nothing else is stored. Three orders are numbers that sort as the
keys of `ranking` do, in a third of the room. Their last bits are the time and some of the chance in the book's id, so
that few are equal however many books are made in one moment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import tantivy

from chalicelib import ids
from chalicelib.catalogue import ranking
from chalicelib.catalogue.search import words
from chalicelib.catalogue.tables import Book, Section

SCHEMA_VERSION = 1
"""An index of another version is made anew."""

KEY = "key"
"""The field that tells documents apart: what is indexed again is deleted by it first."""

WORDS = ("title", "authors", "about")
"""Where words are looked for, where they weigh most first. `about` has series, sections, subjects and publisher: few
fields, since each costs a search for slips of typing its own automaton."""

TURN = "\t"
"""Between the end of a name and its beginning."""

_EXACT = ("identifier", "author", "turned", "tag")
_FACETS = ("section", "language", "format")
_NUMBERS = ("newest", "low", "rating", "popular")


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(KEY, tokenizer_name="raw", index_option="basic")
    for field in (*WORDS, "name"):
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="position")
    for field in _EXACT:
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic")
    for field in (*_FACETS, "titled"):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic", fast=True)
    for field in _NUMBERS:
        builder.add_unsigned_field(field, fast=True)
    builder.add_text_field("shown", tokenizer_name="raw", index_option="basic", stored=True)
    return builder.build()


SCHEMA = _schema()


def open_index(path: str | None) -> tantivy.Index:
    """The index in the directory `path`, made there if it is missing; in memory without one."""
    if path:
        Path(path).mkdir(parents=True, exist_ok=True)
    return tantivy.Index(SCHEMA, path)


def book_key(book_id: str) -> str:
    """The key of an e-book's document."""
    return f"b{book_id}"


def section_key(section_id: str) -> str:
    """The key of a section's document."""
    return f"s{section_id}"


def book_document(book: Book, section_names: Mapping[str, str]) -> tantivy.Document:
    """The document of an e-book; `section_names` are those of its sections by their ids."""
    document = tantivy.Document()
    document.add_text(KEY, book_key(book.id))
    sequence, together = words.indexed(book.title)
    edges = {title_begins(sequence[0]), *whole_title(sequence)} if sequence else set[str]()
    document.add_text("title", " ".join([*sequence, *together, *edges]))
    _add_words(document, "authors", book.authors)
    series = [book.series.name] if book.series else []
    sections = [section_names[section_id] for section_id in book.section_ids if section_id in section_names]
    publisher = [book.publisher] if book.publisher else []
    _add_words(document, "about", [*series, *sections, *book.subjects, *publisher])
    names = [words.plain(author) for author in book.authors]
    exact = {
        "identifier": [form for identifier in book.identifiers for form in identifier_forms(identifier)],
        "author": names,
        "turned": [turned for name in names for turned in _turned(name)],
        "section": book.section_ids,
        "format": [book.file.format] if book.file else [],
    }
    if book.language:
        language, *tags = _tags(book.language)
        exact |= {"language": [language], "tag": tags}
    for field, values in exact.items():
        for value in dict.fromkeys(values):
            document.add_text(field, value)
    for field, value in _numbers(book).items():
        document.add_unsigned(field, value)
    document.add_text("titled", _sortable(ranking.by_name(book.title, book.id)))
    return document


def section_document(section: Section) -> tantivy.Document:
    """The document of a section."""
    document = tantivy.Document()
    document.add_text(KEY, section_key(section.id))
    _add_words(document, "name", [section.name])
    document.add_text("shown", f"{section.id} {section.name}")
    return document


def shown(document: tantivy.Document) -> tuple[str, str]:
    """The id and the name of a section."""
    section_id, _, name = str(document.get_first("shown")).partition(" ")
    return section_id, name


def book_ids(searcher: tantivy.Searcher, addresses: Sequence[tantivy.DocAddress]) -> list[str]:
    """The ids of the e-books at these addresses."""
    upper = searcher.fast_field_values("newest", list(addresses))
    lower = searcher.fast_field_values("low", list(addresses))
    return [_identifier(int(high or 0) << 64 | int(low or 0)) for high, low in zip(upper, lower, strict=True)]


def loans(searcher: tantivy.Searcher, addresses: Sequence[tantivy.DocAddress]) -> list[int]:
    """How often the e-books at these addresses had been lent as they were written."""
    return [int(popular or 0) >> 47 for popular in searcher.fast_field_values("popular", list(addresses))]


def whole_title(sequence: Sequence[str]) -> list[str]:
    """What a title of just these words has, and no other; no word is like it."""
    return [f"^{sequence[0]}$"] if len(sequence) == 1 else [f"^{sequence[0]}", f"{sequence[-1]}$"]


def title_begins(first: str) -> str:
    """What a title has that begins with a word."""
    return f"^{first}"


def language_filter(language: str) -> tuple[str, str]:
    """The field and the term that books in `language` have: "pt" those of "pt-BR" too."""
    field = "tag" if "-" in language else "language"
    return field, language.lower()


def identifier_forms(identifier: str) -> list[str]:
    """How an identifier is looked up: without its scheme and what is between its letters and digits; an ISBN in both
    its lengths (ISO 2108)."""
    bare = words.joined(_SCHEME.sub("", identifier.strip()))
    if _ISBN_10.fullmatch(bare):
        return [bare, _with_check_digit("978" + bare[:9])]
    if _ISBN_13.fullmatch(bare):
        return [bare, _with_check_digit(bare[3:12])] if bare.startswith("978") else [bare]
    return [bare[:LONGEST_IDENTIFIER]] if bare else []


LONGEST_IDENTIFIER = 100
_SCHEME = re.compile(r"^(?:urn:)?(?:isbn(?:-1[03])?[:\s]*|[a-z]{2,9}:)", re.IGNORECASE)
_ISBN_10, _ISBN_13 = re.compile(r"\d{9}[\dx]"), re.compile(r"97[89]\d{10}")


def _with_check_digit(digits: str) -> str:
    """Nine digits as an ISBN-10 (weights 10 to 2, modulo 11), twelve as an ISBN-13 (weights 1 and 3, modulo 10)."""
    if len(digits) == 9:
        check = -sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), digits, strict=True)) % 11
        return digits + ("x" if check == 10 else str(check))
    return digits + str(-sum((3 if place % 2 else 1) * int(digit) for place, digit in enumerate(digits)) % 10)


def _add_words(document: tantivy.Document, field: str, texts: Sequence[str]) -> None:
    for text in texts:
        sequence, together = words.indexed(text)
        document.add_text(field, " ".join([*sequence, *together]))


def _turned(name: str) -> list[str]:
    """A name from each of its words on, and without spaces from each character on."""
    return [f"{name[at:]}{TURN}{name[:at]}" for at in words.starts(name)]


def turned_back(turned: str) -> str:
    """The name that was turned."""
    end, _, beginning = turned.partition(TURN)
    return beginning + end


def _tags(language: str) -> list[str]:
    """A language tag (BCP 47) and all that it is part of, the shortest first."""
    subtags = language.lower().split("-")
    return ["-".join(subtags[: count + 1]) for count in range(len(subtags))]


_EPOCH = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())


def _numbers(book: Book) -> dict[str, int]:
    high, low = divmod(_number(book.id), 1 << 64)
    seconds = min(max((high >> 16) // 1000 - _EPOCH, 0), (1 << 31) - 1)
    moment = seconds << 16 | low & 0xFFFF
    esteem = round((ranking.esteem(book.rating_sum, book.rating_count) - 1) * 10_000)
    return {
        "newest": high,
        "low": low,
        "rating": (esteem << 1 | (book.rating_count > 0)) << 47 | moment,
        "popular": min(book.loan_count, (1 << 17) - 1) << 47 | moment,
    }


def _number(identifier: str) -> int:
    number = 0
    for character in identifier:
        number = number << 5 | ids.ALPHABET.index(character)
    return number


def _identifier(number: int) -> str:
    return "".join(ids.ALPHABET[number >> shift & 31] for shift in range(5 * (ids.LENGTH - 1), -1, -5))


_SORTED = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
"""Letters that a range of tantivy's may be written in, in their order."""


TITLE_LETTERS = 60
"""How much of a title counts in its order: enough for the volumes of a work that begin alike."""


def _sortable(key: str) -> str:
    """`key` in other letters, in the same order: each stands for six bits, as in base 64, whose own are not sorted."""
    named, _, book_id = key.rpartition("#")
    text = f"{named[:TITLE_LETTERS]}#{book_id[-6:]}".encode()
    bits = int.from_bytes(text + b"\0" * (-len(text) % 3))
    count = -(-len(text) * 8 // 6)
    whole = -(-len(text) // 3) * 4
    return "".join(_SORTED[bits >> 6 * (whole - 1 - place) & 63] for place in range(count))
