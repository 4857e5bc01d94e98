"""Patrons added by CSV (RFC 4180, and what spreadsheets make of it).

Sending the same file again makes no doubles: a user name or e-mail address that is taken says so, and a line with
neither is held against the patrons of the same name and group.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.accounts import service as accounts
from chalicelib.auth import Caller
from chalicelib.desk.schemas import Newcomer, RowResult
from chalicelib.errors import FieldError, Invalid, LibraryError, Rule
from chalicelib.problems import problem_of
from chalicelib.validation import validated

MOST_ROWS = 1000

WORK_AT_ONCE = 900
MAKING = 3
LOOKING = 1
"""How long a call may take, in units of about 25 ms where the function has 1 GB and so 0.58 of a processor: a new
account is 38 ms of argon2, a transaction and a query; to look for a namesake, a query and a batch. That is 300 new
accounts in some 20 of the 29 s that API Gateway waits."""

_COLUMNS = {
    "name": "name",
    "fullname": "name",
    "firstname": "first",
    "givenname": "first",
    "lastname": "last",
    "surname": "last",
    "familyname": "last",
    "username": "username",
    "user": "username",
    "login": "username",
    "email": "email",
    "emailaddress": "email",
    "mail": "email",
    "password": "password",
    "group": "group",
    "class": "group",
    "form": "group",
    "note": "group",
}


class NamesakeKnown(Rule):
    title = "There is a patron of this name already"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file: its number, and what it says under the columns that are known."""

    number: int
    said: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a CSV holds, and the columns of it that say nothing to the library."""

    rows: list[Row]
    passed_over: list[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the lines that were dealt with, and the first that was not."""

    results: list[RowResult]
    next_row: int | None


def read(text: str) -> Sheet:
    """The lines of a CSV, separated by commas, semicolons or tabs.

    Raises Invalid where it is not UTF-8, has no columns that are known, or more than 1,000 lines.
    """
    text = text.removeprefix("\ufeff")
    if "\ufffd" in text or "\x00" in text:
        raise Invalid.field("csv", "Save the file as UTF-8; some of its letters cannot be read.", "encoding")
    try:
        lines = list(_lines(text))
    except csv.Error as error:
        raise Invalid.field("csv", f"This is not a CSV: {error}.", "csv") from None
    _, header = lines[0] if lines else (1, [])
    columns = [_COLUMNS.get("".join(c for c in cell.casefold() if c.isalnum())) for cell in header]
    if not {"name", "first", "last", "username"} & set(columns):
        raise Invalid.field(
            "csv", "The first line must name the columns: name, username, email, password, group.", "columns"
        )
    if len(lines) - 1 > MOST_ROWS:
        raise Invalid.field("csv", f"Send at most {MOST_ROWS} patrons at once.", "too-many")
    passed_over = [cell.strip() for cell, column in zip(header, columns, strict=True) if column is None]
    return Sheet([Row(number, _said(columns, cells)) for number, cells in lines[1:]], list(filter(None, passed_over)))


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    first = next(filter(str.strip, text.splitlines()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    number = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield number, cells
        number = reader.line_num + 1


def _said(columns: Sequence[str | None], cells: Sequence[str]) -> dict[str, str]:
    said = {column: cell.strip() for column, cell in zip(columns, cells, strict=False) if column and cell.strip()}
    parts = [said.pop(part) for part in ("first", "last") if part in said]
    if parts:
        said.setdefault("name", " ".join(parts))
    if "username" in said:
        said.setdefault("name", said["username"])
    return said


def add_all(rows: Sequence[Row], librarian: Caller, now: datetime) -> Outcome:
    """Add the patrons of these lines, as many as one call has time for; a result for each."""
    logins = (row.said[column] for row in rows for column in ("username", "email") if column in row.said)
    taken = accounts.taken(logins)
    seen: set[str] = set()
    results: list[RowResult] = []
    work = 0
    for row in rows:
        if work + LOOKING + MAKING > WORK_AT_ONCE:
            return Outcome(results, row.number)
        if not {"username", "email"} & row.said.keys():
            work += LOOKING
        result = _add(row, taken, seen, librarian, now)
        if result.ok:
            work += MAKING
        results.append(result)
    return Outcome(results, None)


def _add(row: Row, taken: set[str], seen: set[str], librarian: Caller, now: datetime) -> RowResult:
    name = row.said.get("name")
    try:
        wanted = validated(Newcomer, row.said)
        # Before a password is hashed, which is what takes long.
        if wanted.username in taken:
            raise accounts.UsernameTaken
        if wanted.email in taken:
            raise accounts.EmailTaken
        if not (wanted.username or wanted.email):
            _refuse_known(wanted, seen)
        made, password = accounts.add(
            wanted.name, wanted.username, wanted.password, wanted.email, wanted.group, librarian, None, now
        )
    except LibraryError as refusal:
        return RowResult(row=row.number, ok=False, name=name, problem=problem_of(refusal))
    seen.add(made.id)
    return RowResult(row=row.number, ok=True, name=name, id=made.id, username=made.username, password=password)


def _refuse_known(wanted: Newcomer, seen: set[str]) -> None:
    """Refuse a name that a patron has already, once for each who has it: two pupils may share a name and a class."""
    known = next((one for one in accounts.namesakes(wanted.name, wanted.group) if one.id not in seen), None)
    if known is not None:
        seen.add(known.id)
        message = f"{known.name} signs in as {known.username}. For somebody else of this name, give a user name."
        raise NamesakeKnown(message, fields=(FieldError("name", message, "taken"),))
