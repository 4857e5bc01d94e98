"""Accession: how a file, or a record of another catalogue, becomes a book of the library.

The file is read in a process of its own (`intake`); what it says of itself, or what is known better, goes on the
book; the file's bytes, covers, contents list and text go to storage; and all of it counts once one transaction has
put the book on the shelves.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

from chalicelib import objects
from chalicelib.cache import Cache
from chalicelib.catalogue import content, holdings, intake, sections, service
from chalicelib.catalogue.intake.text import LONGEST_TITLE, clean
from chalicelib.catalogue.schemas import MEDIA_TYPES
from chalicelib.catalogue.tables import Book, Cover, File
from chalicelib.database import Transaction
from chalicelib.ids import new_id
from chalicelib.policy import service as policy

Also = Callable[[Transaction], None]


def _nothing(_: Transaction) -> None:
    pass


def add_file(
    path: Path,
    about: dict[str, Any],
    actor: str,
    cache: Cache,
    now: datetime,
    *,
    name: str | None = None,
    book_id: str | None = None,
    covers: Sequence[intake.Cover] = (),
    alone: bool = False,
    also: Also = _nothing,
) -> Book:
    """The book made of the EPUB or PDF at `path`. What `about` (as BookAbout) says counts for more than the file, and
    `covers` for more than its cover; where nothing says a title, it is that of the file's `name`. With `alone`, only if
    the library has not this file, nor another book of the same origin. `also` adds to the transaction.

    Raises intake.Refused, Invalid, AlreadyHeld.
    """
    about = dict(about)
    origins = [holdings.digest_of(path), *filter(None, [about.pop("origin", None)])]
    if alone and (known := holdings.held(origins)):
        raise holdings.AlreadyHeld.of(min(known.values()))
    reading = intake.read_book(path)
    book_id = book_id or new_id(now)
    fields = _said(reading) | {"title": reading.title or _title_of(name or path.name)} | about
    made = service.new_book(book_id, {**fields, "origins": origins, "covers": []}, now)
    found = _keep(book_id, path, replace(reading, covers=tuple(covers) or reading.covers))
    with objects.undone_if_refused(*_keys(found)):
        for field, value in found.items():
            setattr(made, field, value)
        return service.put_on_shelves(made, actor, cache, now, alone=alone, also=also)


def add_record(
    fields: dict[str, Any],
    librarian: str,
    cache: Cache,
    now: datetime,
    *,
    covers: Sequence[intake.Cover] = (),
    terms: policy.Policy | None = None,
) -> Book:
    """The book that a record of another catalogue (fields as of ImportedBook) tells of. `terms` are the library's, if
    they were read already.

    Raises Invalid, AlreadyHeld.
    """
    fields = dict(fields)
    names: list[str] = fields.pop("sections", [])
    origin = origin_of(fields)
    fields.pop("origin", None)
    if names:
        if known := holdings.held([origin]):  # before sections are made for it
            raise holdings.AlreadyHeld.of(known[origin])
        fields["section_ids"] = [*fields.get("section_ids", []), *sections.named(names, librarian, cache, now)]
    book_id = new_id(now)
    kept = _keep_covers(book_id, covers)
    with objects.undone_if_refused(*(cover.key for cover in kept)):
        fields |= {"origins": [origin], "covers": kept}
        return service.add_book(fields, librarian, cache, now, book_id=book_id, alone=True, terms=terms)


def origin_of(fields: dict[str, Any]) -> str:
    """What tells the book of a record from others: what the record says, its first identifier, or all its names."""
    if origin := fields.get("origin"):
        return origin
    if identifiers := fields.get("identifiers"):
        return f"identifier:{identifiers[0]}"[:200]
    said = [fields["title"], *fields.get("authors", []), fields.get("language") or ""]
    plain = "\n".join(" ".join(part.split()).casefold() for part in said)
    return f"record:{hashlib.sha256(plain.encode()).hexdigest()}"


def give_file(book_id: str, path: Path, actor: str, cache: Cache, now: datetime, *, also: Also = _nothing) -> Book:
    """The book with the EPUB or PDF at `path` for its file; its title and all that was written of it stay.

    Raises intake.Refused, NotFound.
    """
    found = _keep(book_id, path, intake.read_book(path))
    if not found["covers"]:
        del found["covers"]  # a cover that was there is better than none
    with objects.undone_if_refused(*_keys(found)):
        changes = {**found, "origins": [holdings.digest_of(path)]}
        return service.change_book(book_id, changes, actor, cache, now, also=also)


def give_cover(book_id: str, path: Path, actor: str, cache: Cache, now: datetime, *, also: Also = _nothing) -> Book:
    """The book with the picture at `path` on its cover.

    Raises intake.Refused, NotFound.
    """
    covers = _keep_covers(book_id, intake.read_picture(path))
    with objects.undone_if_refused(*(cover.key for cover in covers)):
        return service.change_book(book_id, {"covers": covers}, actor, cache, now, also=also)


def _said(reading: intake.Reading) -> dict[str, Any]:
    """What a file says of itself, as fields of a book."""
    return {
        "authors": list(reading.authors)[:50],
        "description": reading.description or "",
        "language": reading.language,
        "series": {"name": reading.series, "position": reading.series_index} if reading.series else None,
        "publisher": reading.publisher,
        "subjects": list(reading.subjects),
        "identifiers": list(reading.identifiers),
    }


def _keep(book_id: str, path: Path, reading: intake.Reading) -> dict[str, Any]:
    """Keep a file and what was drawn from it; the fields of a book that tell of it."""
    stem = content.object_stem(book_id)
    key = f"{stem}.{reading.format}"
    objects.keep(key, path, MEDIA_TYPES[reading.format])
    text = f"{stem}.text.gz" if reading.text else None
    if text and reading.text:
        objects.put(text, reading.text, "application/gzip")
    file = File(
        format=reading.format,
        key=key,
        size=path.stat().st_size,
        contents=content.keep_contents(stem, reading.contents),
        text=text,
    )
    covers = _keep_covers(book_id, reading.covers)
    return {"file": file, "covers": covers, "pages": reading.pages, "words": reading.words}


def _keep_covers(book_id: str, covers: Sequence[intake.Cover]) -> list[Cover]:
    stem = f"covers/{book_id}-{secrets.token_hex(6)}"
    kept = [Cover(key=f"{stem}-{cover.width}.jpg", width=cover.width) for cover in covers]
    for cover, place in zip(covers, kept, strict=True):
        objects.put(place.key, cover.jpeg, "image/jpeg", objects.FOREVER)
    return kept


def _keys(found: dict[str, Any]) -> list[str]:
    return [*found["file"].keys, *(cover.key for cover in found.get("covers", []))]


def _title_of(name: str) -> str:
    """A title out of a file's name, where the file itself says none."""
    return clean(PurePath(name).stem.replace("_", " "), LONGEST_TITLE) or "Untitled"
