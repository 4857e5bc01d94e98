"""What somebody named on the command line, and the candidates in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from infra.importer import folders, lists
from infra.importer.candidate import Candidate, shown


def count(path: Path) -> int:
    """About how many candidates there are; cheap, for a bar.

    Raises lists.Unreadable.
    """
    if path.is_dir():
        return folders.count(path)
    return lists.count(path) if _is_list(path) else 1


def candidates(path: Path, currency: str) -> Iterator[Candidate]:
    """The candidates of a file, a folder or a list; prices without a currency are in `currency`."""
    if path.is_dir():
        return folders.candidates(path)
    if _is_list(path):
        return lists.candidates(path, currency)
    return iter([Candidate(shown(path), files=(path,))])


def _is_list(path: Path) -> bool:
    return path.suffix.lower() in lists.ENDINGS
