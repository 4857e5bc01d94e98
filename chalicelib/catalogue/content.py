"""What can be read of a book, in storage: what was written in the app, and contents lists."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from chalicelib import objects
from chalicelib.catalogue.schemas import MEDIA_TYPES, Contents, ContentsLine
from chalicelib.catalogue.tables import File
from chalicelib.decoding import decoded
from chalicelib.errors import Invalid

if TYPE_CHECKING:
    from chalicelib.catalogue import intake


def write(book_id: str, content: str) -> tuple[File, int]:
    """Keep written content, under a key of its own for each version; the file, and its words."""
    from chalicelib.catalogue import intake

    try:
        writing = intake.read_markdown(content)
    except intake.Refused as refusal:
        raise Invalid.field("content", refusal.reason, refusal.code) from None
    body = writing.text.encode()
    stem = object_stem(book_id)
    key = f"{stem}.md"
    objects.put(key, body, MEDIA_TYPES["markdown"])
    contents = keep_contents(stem, writing.contents)
    return File(format="markdown", key=key, size=len(body), contents=contents), writing.words


def object_stem(book_id: str) -> str:
    """What the keys of a version of a book's objects start with."""
    return f"books/{book_id}/{secrets.token_hex(8)}"


def keep_contents(stem: str, contents: Iterable[intake.ContentsEntry]) -> str | None:
    """Keep a contents list beside the file it is of; its key, or None for an empty one."""
    lines = [ContentsLine(title=entry.title, href=entry.href, level=entry.level) for entry in contents]
    if not lines:
        return None
    key = f"{stem}.contents.json"
    objects.put(key, msgspec.json.encode(Contents(items=lines)), "application/json")
    return key


def contents(file: File | None) -> Contents:
    """The contents list of a book's file."""
    body = objects.get(file.contents) if file and file.contents else None
    return decoded(body, Contents) if body else Contents(items=[])
