"""The demo: a few short e-books written for this project, on shelves, so that a new library is not empty.

Each file of `books/` is Markdown under a head of `name: value` lines. A library that already has a book is left
as it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from chalicelib import wiring
from chalicelib.catalogue import sections
from chalicelib.catalogue import service as catalogue

BOOKS = Path(__file__).with_name("books")

SECTIONS = {
    "stories": ("Short stories", "A few minutes each, from several corners of the world."),
    "nature": ("Nature and science", "Looking closely at things."),
    "library": ("About libraries", "Why rooms full of books exist, and how to be quiet in them."),
}


def put_on_shelves(librarian_id: str, now: datetime) -> int:
    """Fill an empty library; how many e-books were added."""
    if catalogue.newest(1, None).items:
        return 0
    cache = wiring.cache()
    ids = {
        key: sections.add(name, description, librarian_id, cache, now).id
        for key, (name, description) in SECTIONS.items()
    }
    files = sorted(BOOKS.glob("*.md"))
    for age, path in enumerate(reversed(files)):
        head, content = _read(path)
        fields = {
            "title": head["title"],
            "authors": [head["author"]],
            "description": head["description"],
            "language": head["language"],
            "section_ids": [ids[key.strip()] for key in head["sections"].split(",")],
            "copies": int(head["copies"]) if "copies" in head else None,
            "grant": head.get("grant", "automatic"),
            "content": content,
        }
        # A second apart, so that the newest list has an order.
        catalogue.add_book(fields, librarian_id, cache, now - timedelta(seconds=len(files) - age))
    return len(files)


def _read(path: Path) -> tuple[dict[str, str], str]:
    """The head of a file by name, and its text."""
    head, _, text = path.read_text(encoding="utf-8").partition("\n---\n")
    lines = (line.partition(":") for line in head.splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}, text.strip() + "\n"
