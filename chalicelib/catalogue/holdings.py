"""Where the library's books came from, so that none of them comes in twice by mistake.

An origin is the digest of a file ("sha256:…") or the name that a book had in another catalogue ("calibre:…").
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from chalicelib.catalogue.tables import Holding
from chalicelib.database import Transaction
from chalicelib.errors import Rule

DIGEST = "sha256:"
"""What the origin of a file begins with."""


class AlreadyHeld(Rule):
    title = "The library has this e-book already"
    book_id: str

    @classmethod
    def of(cls, book_id: str) -> AlreadyHeld:
        """The refusal of a second book beside this one."""
        refusal = cls()
        refusal.book_id = book_id
        return refusal


def digest_of(path: Path) -> str:
    """The origin of a file: what is in it."""
    with path.open("rb") as file:
        return f"{DIGEST}{hashlib.file_digest(file, 'sha256').hexdigest()}"


def held(origins: Iterable[str]) -> dict[str, str]:
    """Those of these origins whose book the library has, and which book that is."""
    found = Holding.batch_get(set(origins), consistent_read=True)
    return {holding.origin: min(holding.book_ids) for holding in found if holding.book_ids}


def note(transaction: Transaction, book_id: str, before: list[str], after: list[str], *, alone: bool = False) -> None:
    """Note where a book came from, or no longer does; with `alone`, only if no other came from there."""
    for origin in set(after) - set(before):
        condition = Holding.book_ids.does_not_exist() if alone else None
        transaction.update(
            Holding(origin=origin), [Holding.book_ids.add({book_id})], condition, _already_held if alone else None
        )
    for origin in set(before) - set(after):
        transaction.update(Holding(origin=origin), [Holding.book_ids.delete({book_id})])


def _already_held(found: Holding) -> AlreadyHeld:
    return AlreadyHeld.of(min(found.book_ids or ()))
