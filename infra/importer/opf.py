"""What calibre writes beside each book, `metadata.opf`: used where its database cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chalicelib.catalogue.intake import Refused, text
from infra.importer.candidate import MOST_IDENTIFIERS, calibre_identifier, calibre_rating, isbn, names, tag

LARGEST = 2 * 1024 * 1024
"""Bytes; calibre's own are a few thousand."""


def about(path: Path) -> dict[str, Any]:
    """What the OPF at `path` says of its book, as far as it says something; nothing where it cannot be read."""
    # Imported here: only folders with such a file pay for lxml.
    from chalicelib.catalogue.intake import markup, metadata

    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        root = markup.parse(data) if len(data) <= LARGEST else None
    except (OSError, Refused):
        return {}
    if root is None:
        return {}
    said = metadata.read_metadata(root)
    series, position = said.series()
    languages = (tag(each.text) for each in said.statements.get("language", []))
    identifiers, uuid = _identifiers(said.statements.get("identifier", []))
    found: dict[str, Any] = {
        "title": said.title(),
        "authors": list(said.authors()),
        "description": said.description(),
        "language": next(filter(None, languages), None),
        "series": {"name": series, "position": position} if series else None,
        "publisher": said.publisher(),
        "subjects": list(said.subjects()),
        "identifiers": identifiers,
        "rating": calibre_rating(_number(said.named("calibre:rating"))),
        "origin": f"calibre:{uuid}" if uuid else None,
    }
    return {name: value for name, value in found.items() if value}


def _identifiers(statements: list[Any]) -> tuple[list[str], str | None]:
    """The identifiers, and calibre's own name of the book."""
    found: list[str | None] = []
    uuid = None
    for each in statements:
        scheme, value = each.attributes.get("scheme", "").lower(), each.text.strip()
        if scheme == "uuid":
            uuid = uuid or text.clean(value, 100)
        elif scheme != "calibre":
            found.append(calibre_identifier(scheme, value) or isbn(value) or value)
    return names(filter(None, found), MOST_IDENTIFIERS), uuid


def _number(said: str | None) -> float | None:
    try:
        return float(said or "")
    except ValueError:
        return None
