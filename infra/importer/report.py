"""What came of each book, as a CSV file that grows while the run goes, and as the sums at its end."""

from __future__ import annotations

import csv
import os
import threading
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import IO

from chalicelib.spreadsheets import MARK, harmless

COLUMNS = ("path", "outcome", "reason", "book id", "title")
HEADER = MARK + ",".join(COLUMNS)


def may_go_to(path: Path) -> bool:
    """Whether a report may be written there: a file of another kind would be lost."""
    try:
        if not path.exists():
            return path.parent.is_dir() and os.access(path.parent, os.W_OK)
        if not os.access(path, os.W_OK) or path.is_dir():
            return False
        if not path.is_file() or path.stat().st_size == 0:
            return True
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.readline(len(HEADER) + 1).rstrip("\n") == HEADER
    except OSError:
        return False


class Outcome(StrEnum):
    ADDED = "added"
    WITHOUT_FILE = "added without a file"
    HELD = "here before"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one candidate. `reason` says why it was refused, or what of it was left out."""

    place: str
    outcome: Outcome
    title: str = ""
    book_id: str = ""
    reason: str = ""


class Report:
    """The report of one run, written to `file` line by line: a run that is killed leaves what was done. It may be told
    by several threads."""

    def __init__(self, file: IO[str] | None, *, dry: bool) -> None:
        self._file = file
        self._dry = dry
        self._lock = threading.Lock()
        self.outcomes: Counter[Outcome] = Counter()
        self.refusals: Counter[str] = Counter()
        self._writer = csv.writer(file) if file else None
        if file:
            file.write(HEADER + "\r\n")

    def __enter__(self) -> Report:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file:
            self._file.close()

    @property
    def total(self) -> int:
        """How many were dealt with."""
        return self.outcomes.total()

    def tell(self, result: Result, kind: str = "") -> None:
        """Add a line. `kind` is what refusals are summed by, where their reasons differ from one to the next."""
        with self._lock:
            self.outcomes[result.outcome] += 1
            if result.outcome is Outcome.REFUSED:
                self.refusals[kind or result.reason] += 1
            if self._writer and self._file:
                row = (result.place, self._said(result.outcome), result.reason, result.book_id, result.title)
                self._writer.writerow([harmless(cell) for cell in row])
                self._file.flush()

    def sums(self) -> str:
        """What the person who asked for the run wants to know at its end."""
        lines = [f"{self.outcomes[each]:>8,}  {self._said(each)}" for each in Outcome if self.outcomes[each]]
        lines += [f"{count:>14,}  {reason}" for reason, count in self.refusals.most_common()]
        return "\n".join(lines) or "  Nothing was found that could be a book."

    def _said(self, outcome: Outcome) -> str:
        return f"would be {outcome}" if self._dry and outcome.startswith("added") else str(outcome)
