"""Puts the demo's books on shelves: files by the way that uploads go, texts as what is written in the app."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.cache import Cache
from chalicelib.catalogue import accession, sections
from chalicelib.catalogue.holdings import AlreadyHeld
from infra.local.demo import epub, pdf
from infra.local.demo.texts import PUBLISHER, Text

SECTIONS = {
    "stories": ("Short stories", "A few minutes each, from several corners of the world."),
    "rooms": ("Rooms for reading", "Libraries, lamps, cats and windows: where one reads, and who else does."),
    "places": ("Away from here", "A lighthouse, a market, a river: places to be for the length of a book."),
    "nature": ("Looking closely", "Snow, lichens and the weather, seen from nearby."),
    "hands": ("Made by hand", "Things to do on an afternoon, and what they do to one."),
    "kitchen": ("From the kitchen", "Bread, onions, and the constitution of tea."),
}
BEFORE_ALL_BOOKS = timedelta(days=60)


def fill(demo: Iterable[Text], librarian: str, cache: Cache, now: datetime) -> dict[str, str]:
    """Make what is missing of sections and books; the books' ids by the names of their texts."""
    demo = list(demo)
    ids = _sections(librarian, cache, now - BEFORE_ALL_BOOKS)

    def shelve(text: Text) -> str:
        fields = {
            **text.terms,
            "section_ids": [ids[key] for key in text.sections],
            "origin": f"carrel-demo:{text.name}",
        }
        try:
            return _add(text, fields, librarian, cache, now - text.age)
        except AlreadyHeld as before:
            return before.book_id

    # Nearly all the time goes into the processes that read the files, one for each.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return dict(zip((text.name for text in demo), threads.map(shelve, demo), strict=True))


def _sections(librarian: str, cache: Cache, now: datetime) -> dict[str, str]:
    """The ids of the demo's sections by their keys."""
    there = {section.name: section.id for section in sections.listed(None, "newest", 100, None).items}
    ids: dict[str, str] = {}
    # The last is the newest, and a list of the newest shows them in this order.
    for age, (key, (name, description)) in enumerate(SECTIONS.items()):
        made = now - timedelta(hours=age)
        ids[key] = there.get(name) or sections.add(name, description, librarian, cache, made).id
    return ids


def _add(text: Text, fields: dict[str, Any], librarian: str, cache: Cache, now: datetime) -> str:
    if text.format == "epub":
        return _add_file(text, epub.make(text), fields, librarian, cache, now)
    # Neither a PDF nor Markdown can say these of itself.
    fields["publisher"] = PUBLISHER
    if text.series:
        fields["series"] = dict(zip(("name", "position"), text.series, strict=True))
    if text.format == "pdf":
        return _add_file(text, pdf.make(text), fields, librarian, cache, now)
    fields |= {
        "title": text.title,
        "authors": list(text.authors),
        "description": text.description,
        "language": text.language,
        "subjects": list(text.subjects),
        "content": text.content,
    }
    return accession.add_record(fields, librarian, cache, now).id


def _add_file(text: Text, content: bytes, fields: dict[str, Any], librarian: str, cache: Cache, now: datetime) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{text.name}.{text.format}")
        path.write_bytes(content)
        return accession.add_file(path, fields, librarian, cache, now, alone=True).id
