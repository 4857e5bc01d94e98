"""The demo's texts as they lie in `books/`: Markdown under a head of `name: value` lines.

Of Markdown they use little, and nothing else is read here: one `# title`, `## chapters`, paragraphs, lists of `- ` and
`1. `, `*emphasis*`, `**strength**`, and a `\\` at the end of a line that is to stay one. Where the head names several
of something, semicolons stand between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypeAlias

BOOKS = Path(__file__).with_name("books")
PUBLISHER = "Carrel"

MARKS = re.compile(r"\*\*(?P<strong>.+?)\*\*|\*(?P<em>.+?)\*")
NUMBER = re.compile(r"[0-9]+\. ")

Style: TypeAlias = Literal["", "em", "strong"]
Line: TypeAlias = "tuple[tuple[Style, str], ...]"
"""Runs of words, each in one style."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of lines, or a list of items."""

    kind: Literal["paragraph", "bullets", "steps"]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """What stands under one heading. The first is what the book opens with, under its title."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """One of the demo's books. `name` is that of its file; `filed` are the authors as a catalogue files them; `age` is
    how long the library has it; `terms` are its terms of lending, as in NewBook."""

    name: str
    title: str
    authors: tuple[str, ...]
    filed: tuple[str, ...]
    language: str
    description: str
    format: Literal["markdown", "epub", "pdf"]
    direction: Literal["ltr", "rtl"]
    vertical: bool
    sections: tuple[str, ...]
    subjects: tuple[str, ...]
    series: tuple[str, int] | None
    age: timedelta
    terms: dict[str, Any]
    content: str

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        """The content, chapter by chapter."""
        return tuple(_chapter(part) for part in re.split(r"^##? ", self.content, flags=re.MULTILINE)[1:])

    @property
    def pages_turn(self) -> Literal["ltr", "rtl"]:
        """Which way its pages follow each other: lines that run downwards are set from the right."""
        return "rtl" if self.vertical else self.direction


def read(path: Path) -> Text:
    """The text at `path`."""
    said, _, content = path.read_text(encoding="utf-8").partition("\n---\n")
    lines = (line.partition(":") for line in said.splitlines())
    head = {name.strip(): value.strip() for name, _, value in lines}
    text = Text(
        name=path.stem,
        title=head.pop("title"),
        authors=_several(head.pop("authors")),
        filed=_several(head.pop("file-as")),
        language=head.pop("language"),
        description=head.pop("description"),
        format=_one_of(head.pop("format"), "markdown", "epub", "pdf"),
        direction=_one_of(head.pop("direction", "ltr"), "ltr", "rtl"),
        vertical=_one_of(head.pop("writing", "horizontal"), "horizontal", "vertical") == "vertical",
        sections=_several(head.pop("sections")),
        subjects=_several(head.pop("subjects")),
        series=(head.pop("series"), int(head.pop("number"))) if "series" in head else None,
        age=timedelta(days=int(head.pop("added"))),
        terms=dict(_terms(head)),
        content=content.strip() + "\n",
    )
    if head:
        raise ValueError(f"{path.name}: nothing is known of {', '.join(head)}")
    return text


def everything() -> list[Text]:
    """All of the demo's texts, in the order of their names."""
    return [read(path) for path in sorted(BOOKS.glob("*.md"))]


def _terms(head: dict[str, str]) -> Iterator[tuple[str, Any]]:
    yield "grant", _one_of(head.pop("grant"), "librarian", "automatic")
    yield "loan_period", head.pop("period")
    if "copies" in head:
        yield "copies", int(head.pop("copies"))
    if "price" in head:
        amount, currency = head.pop("price").split()
        yield "price", {"amount": int(Decimal(amount) * 100), "currency": currency}


def _several(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(";"))


def _one_of(value: str, *choices: Any) -> Any:
    if value not in choices:
        raise ValueError(f"{value!r} is none of {', '.join(choices)}")
    return value


def _chapter(part: str) -> Chapter:
    title, _, body = part.partition("\n")
    return Chapter(title.strip(), tuple(_block(chunk) for chunk in re.split(r"\n{2,}", body.strip()) if chunk))


def _block(chunk: str) -> Block:
    lines = chunk.split("\n")
    if all(line.startswith("- ") for line in lines):
        return Block("bullets", tuple(_runs(line[2:]) for line in lines))
    if all(NUMBER.match(line) for line in lines):
        return Block("steps", tuple(_runs(NUMBER.sub("", line, count=1)) for line in lines))
    return Block("paragraph", tuple(_runs(line.replace("\n", " ")) for line in chunk.split("\\\n")))


def _runs(line: str) -> Line:
    runs: list[tuple[Style, str]] = []
    end = 0
    for mark in MARKS.finditer(line):
        runs.append(("", line[end : mark.start()]))
        runs.append(("strong", mark["strong"]) if mark["strong"] else ("em", mark["em"]))
        end = mark.end()
    runs.append(("", line[end:]))
    return tuple(run for run in runs if run[1])
