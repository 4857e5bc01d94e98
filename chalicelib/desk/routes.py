"""Routes of the patron desk, and of a person's own data: taking it out, being erased."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chalicelib import wiring
from chalicelib.accounts import service as accounts
from chalicelib.circulation import service as circulation
from chalicelib.desk import export, newcomers, service
from chalicelib.desk.schemas import (
    Added,
    Erasure,
    Export,
    LeaverResults,
    Leavers,
    Newcomers,
    NewPassword,
    PatronList,
    PatronPatch,
    Patrons,
    PatronShown,
)
from chalicelib.errors import Invalid, NotFound, TooManyAttempts
from chalicelib.paging import Part
from chalicelib.repeats import Key
from chalicelib.routing import Answer, Call, Nothing, Routes, Who, entity_tag
from chalicelib.validation import changes

routes = Routes(__name__)


def _shown(patrons: Sequence[accounts.Account]) -> list[PatronShown]:
    tallies = circulation.tallies([one.id for one in patrons])
    return [
        PatronShown(
            id=one.id,
            username=one.username,
            name=one.name,
            email=one.email,
            group=one.group,
            created_at=one.created_at,
            suspended=one.suspended_at is not None,
            loans_open=tallies[one.id].open,
            loans_had=tallies[one.id].had,
        )
        for one in patrons
    ]


def _one(patron: accounts.Account) -> PatronShown:
    return _shown([patron])[0]


@routes.operation("GET", "/patrons", who=Who.LIBRARIAN, query=PatronList, returns=Patrons)
def list_patrons(call: Call[Nothing, PatronList]) -> Patrons:
    """All patrons by name, those of a group, or those whom some words find."""
    asked = call.query
    part = accounts.patrons(asked.q, asked.group, asked.suspended, asked.limit, asked.cursor)
    return Patrons(items=_shown(part.items), next_cursor=part.next_cursor)


@routes.operation(
    "POST",
    "/patrons",
    who=Who.LIBRARIAN,
    body=Newcomers,
    returns=Added,
    status=201,
    repeatable=True,
    csv="csv",
    refusals=(accounts.UsernameTaken, accounts.EmailTaken),
)
def add_patrons(call: Call[Newcomers, Nothing]) -> Added:
    """Add a patron, or those of a CSV: up to 1,000 lines, of which 300 new ones are added in one call."""
    wanted, now = call.body, wiring.now()
    if wanted.csv is not None:
        sheet = newcomers.read(wanted.csv)
        rows = [row for row in sheet.rows if row.number >= wanted.from_row]
        outcome = newcomers.add_all(rows, call.caller, now)
        return Added(results=outcome.results, next_row=outcome.next_row, columns_passed_over=sheet.passed_over)
    if wanted.name is None:
        raise Invalid.field("name", "This is needed.", "required")
    text = call.idempotency_key
    said = msgspec.structs.replace(wanted, password=None)  # not even a digest of a password is kept
    key = Key(call.caller.id, text, "add " + entity_tag(msgspec.json.encode(said))) if text else None
    patron, password = accounts.add(
        wanted.name, wanted.username, wanted.password, wanted.email, wanted.group, call.caller, key, now
    )
    return Added(
        id=patron.id,
        username=patron.username,
        name=patron.name,
        email=patron.email,
        group=patron.group,
        created_at=patron.created_at,
        suspended=patron.suspended_at is not None,
        password=password,
    )


@routes.operation("POST", "/patrons/leavers", who=Who.LIBRARIAN, body=Leavers, returns=LeaverResults)
def let_leave(call: Call[Leavers, Nothing]) -> LeaverResults:
    """Suspend those who leave, as at a year's end, and end their loans if asked to; a result for each."""
    wanted, rest = call.body, (call.caller, call.body.end_loans, wiring.cache(), wiring.now())
    if wanted.patron_ids is not None and wanted.group is None:
        part = Part(service.suspend_all(wanted.patron_ids, *rest), None)
    elif wanted.group is not None and wanted.patron_ids is None:
        part = service.suspend_group(wanted.group, wanted.cursor, *rest)
    else:
        raise Invalid.field("patron_ids", "Give the patrons, or a group.", "one-of")
    return LeaverResults(results=part.items, next_cursor=part.next_cursor)


@routes.operation("GET", "/patrons/{patron_id}", who=Who.LIBRARIAN, returns=PatronShown, refusals=(NotFound,))
def show_patron(call: Call[Nothing, Nothing], patron_id: str) -> PatronShown:
    """A patron."""
    return _one(accounts.patron(patron_id))


@routes.operation(
    "PATCH",
    "/patrons/{patron_id}",
    who=Who.LIBRARIAN,
    body=PatronPatch,
    returns=PatronShown,
    guarded=True,
    refusals=(NotFound, accounts.UsernameTaken, accounts.EmailTaken),
)
def change_patron(call: Call[PatronPatch, Nothing], patron_id: str) -> PatronShown:
    """Change a patron. Who is suspended is signed out everywhere and cannot sign in or borrow."""
    return _one(
        accounts.change_patron(
            patron_id,
            changes(call.body),
            lambda patron: call.require_match(_one(patron)) if call.header("if-match") else None,
            call.caller.id,
            wiring.cache(),
            wiring.now(),
        )
    )


@routes.operation("POST", "/patrons/{patron_id}/password", who=Who.LIBRARIAN, returns=NewPassword, refusals=(NotFound,))
def give_password(call: Call[Nothing, Nothing], patron_id: str) -> NewPassword:
    """Give a patron who lost theirs a made-up password; it ends their sessions."""
    password = accounts.give_password(patron_id, call.caller.id, wiring.cache(), wiring.now())
    return NewPassword(password=password)


@routes.operation("DELETE", "/patrons/{patron_id}", who=Who.LIBRARIAN, status=204, refusals=(NotFound,))
def erase_patron(call: Call[Nothing, Nothing], patron_id: str) -> None:
    """Erase a patron: loans end, words and names go, counts stay. It cannot be undone."""
    service.erase(patron_id, call.caller.id, wiring.cache(), wiring.now())


@routes.operation("DELETE", "/me", who=Who.PATRON, body=Erasure, status=204, refusals=(TooManyAttempts,))
def erase_oneself(call: Call[Erasure, Nothing]) -> None:
    """Be erased: loans end, words and names go, counts stay. It cannot be undone."""
    accounts.confirm(call.caller.id, call.body.password, call.address, wiring.cache())
    service.erase(call.caller.id, call.caller.id, wiring.cache(), wiring.now())


@routes.operation("GET", "/me/export", who=Who.SIGNED_IN, returns=Export)
def take_data_out(call: Call[Nothing, Nothing]) -> Answer:
    """Everything the library keeps about oneself, as a file."""
    headers: dict[str, str | list[str]] = {"Content-Disposition": 'attachment; filename="carrel-my-data.json"'}
    return Answer(export.of(call.caller.id, wiring.now()), headers)
