"""Patrons as the librarian sees and keeps them, and what a patron takes out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.accounts.schemas import AppPasswordShown, Email, Password, PersonName, Profile, Username
from chalicelib.circulation.schemas import LoanStatus
from chalicelib.ids import Id
from chalicelib.paging import Page
from chalicelib.policy.schemas import SAYS_SOMETHING
from chalicelib.problems import Problem

MOST_LEAVERS = 100

Group: TypeAlias = Annotated[
    str,
    Meta(min_length=1, max_length=100, pattern=SAYS_SOMETHING, description="A class, a year, a note", examples=["7b"]),
]


class PatronShown(msgspec.Struct, frozen=True, kw_only=True):
    """A patron: who they are, and how much they have and had."""

    id: str
    username: str
    name: str
    email: str | None
    group: str | None
    created_at: datetime
    suspended: bool
    loans_open: Annotated[int, Meta(description="Loans and requests")]
    loans_had: int


class Patrons(msgspec.Struct, frozen=True, kw_only=True):
    """A page of patrons, by name. It may be short before the end of the list, where several words are asked for."""

    items: list[PatronShown]
    next_cursor: str | None


class PatronList(Page, frozen=True, kw_only=True):
    """Which patrons: each word of `q` begins a word of the name, the user name or the e-mail address."""

    q: Annotated[str, Meta(max_length=100)] = ""
    suspended: bool | None = None
    group: Group | None = None


class PatronPatch(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of a patron (RFC 7396)."""

    suspended: bool | UnsetType = UNSET
    name: PersonName | UnsetType = UNSET
    username: Username | UnsetType = UNSET
    email: Email | None | UnsetType = UNSET
    group: Group | None | UnsetType = UNSET


class Newcomer(msgspec.Struct, frozen=True, kw_only=True):
    """A patron to be added. User name and password are made up where they are not given."""

    name: PersonName
    username: Username | None = None
    email: Email | None = None
    password: Password | None = None
    group: Group | None = None


class Newcomers(msgspec.Struct, frozen=True, kw_only=True):
    """One patron to be added, or several: `csv`, whose first line names the columns (name, or first name and last name;
    username, email, password, group), from the line `from_row` on."""

    name: PersonName | None = None
    username: Username | None = None
    email: Email | None = None
    password: Password | None = None
    group: Group | None = None
    csv: Annotated[str, Meta(min_length=1, max_length=1_000_000)] | None = None
    from_row: Annotated[int, Meta(ge=2)] = 2


class RowResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a line of the CSV; `password` if it was made up, told only now."""

    row: Annotated[int, Meta(description="The line of the file; the one that names the columns is 1")]
    ok: bool
    name: str | None
    id: str | None = None
    username: str | None = None
    password: str | None = None
    problem: Problem | None = None


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """The patron that was added, with the password if it was made up, told only now; or, for a CSV, `results`.

    Where not all of the CSV could be dealt with in one call, `next_row` is the `from_row` to send it again with.
    """

    id: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    email: str | None | UnsetType = UNSET
    group: str | None | UnsetType = UNSET
    created_at: datetime | UnsetType = UNSET
    suspended: bool | UnsetType = UNSET
    password: str | None | UnsetType = UNSET
    results: list[RowResult] | UnsetType = UNSET
    next_row: int | None | UnsetType = UNSET
    columns_passed_over: list[str] | UnsetType = UNSET


class NewPassword(msgspec.Struct, frozen=True, kw_only=True):
    """A made-up password, told only now."""

    password: str


class Leavers(msgspec.Struct, frozen=True, kw_only=True):
    """Who leaves: these patrons, or everybody of a group, a part at a time."""

    patron_ids: Annotated[list[Id], Meta(min_length=1, max_length=MOST_LEAVERS)] | None = None
    group: Group | None = None
    end_loans: bool = False
    cursor: Annotated[str, Meta(max_length=512)] | None = None


class LeaverResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one who leaves."""

    id: str
    ok: bool
    loans_ended: int = 0
    problem: Problem | None = None


class LeaverResults(msgspec.Struct, frozen=True, kw_only=True):
    """A result for each who leaves; with `next_cursor` the rest of a group is done."""

    results: list[LeaverResult]
    next_cursor: str | None


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """One's password, since it cannot be undone."""

    password: Annotated[str, Meta(min_length=1, max_length=200)]


class SessionKept(msgspec.Struct, frozen=True, kw_only=True):
    """A device one is signed in on."""

    device: str
    created_at: datetime
    refreshed_at: datetime


class LoanKept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A request or loan of one's own; what is not set is left out."""

    id: str
    book_id: str
    title: str
    status: LoanStatus
    requested_at: datetime
    granted_at: datetime | None = None
    due_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None


class ReviewKept(msgspec.Struct, frozen=True, kw_only=True):
    """What one said of an e-book."""

    book_id: str
    title: str
    rating: int
    text: str
    hidden: bool
    written_at: datetime
    changed_at: datetime


class ActionKept(msgspec.Struct, frozen=True, kw_only=True):
    """Something one did."""

    at: datetime
    kind: str
    subject: str
    details: dict[str, str | int]


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A part that is not complete, since the file would be too large: the newest are in it."""

    part: str
    included: int


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the library keeps about oneself. Of a password only a hash is kept, which is not in it."""

    made_at: datetime
    profile: Profile
    group: str | None
    registered_at: datetime
    sessions: list[SessionKept]
    app_passwords: list[AppPasswordShown]
    loans: list[LoanKept]
    reviews: list[ReviewKept]
    actions: list[ActionKept]
    left_out: list[LeftOut]
