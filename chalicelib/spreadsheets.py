"""CSV files as spreadsheets open them right (RFC 4180, with UTF-8's mark at the beginning)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

MARK = "\ufeff"
"""By which spreadsheets know UTF-8."""

STARTS_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")


def harmless(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula (OWASP, "CSV Injection"): an apostrophe goes before one
    that would begin as such."""
    return f"'{text}" if text[:1] in STARTS_FORMULA else text


def encoded(rows: Iterable[Sequence[str]]) -> bytes:
    """These rows, each cell made harmless, as a piece of a file."""
    piece = io.StringIO(newline="")
    csv.writer(piece).writerows([harmless(cell) for cell in row] for row in rows)
    return piece.getvalue().encode()
