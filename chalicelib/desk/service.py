"""The patron desk: what the librarian does with patrons across the library, and a patron's leaving it for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chalicelib.accounts import service as accounts
from chalicelib.auth import Caller
from chalicelib.cache import Cache
from chalicelib.circulation import service as circulation
from chalicelib.desk.schemas import LeaverResult
from chalicelib.errors import LibraryError
from chalicelib.paging import Part
from chalicelib.problems import problem_of
from chalicelib.reviews import service as reviews

LEAVERS_OF_A_GROUP = 50
"""So many of a group leave in one call: each is a handful of round trips, and more with loans to end."""

LEFT = "You have left the library."
ERASED = "The account was erased."


def suspend_all(
    patron_ids: Sequence[str], librarian: Caller, end_loans: bool, cache: Cache, now: datetime
) -> list[LeaverResult]:
    """Suspend these patrons, and end their loans and requests if `end_loans`; a result for each. Safe to repeat."""

    def one(patron_id: str) -> LeaverResult:
        try:
            accounts.change_patron(patron_id, {"suspended": True}, lambda _: None, librarian.id, cache, now)
            ended = circulation.end_all(patron_id, librarian.id, LEFT, now) if end_loans else 0
        except LibraryError as refusal:
            return LeaverResult(id=patron_id, ok=False, problem=problem_of(refusal))
        return LeaverResult(id=patron_id, ok=True, loans_ended=ended)

    return [one(patron_id) for patron_id in dict.fromkeys(patron_ids)]


def suspend_group(
    group: str, cursor: str | None, librarian: Caller, end_loans: bool, cache: Cache, now: datetime
) -> Part[LeaverResult]:
    """Suspend a part of a group, from `cursor` on.

    Raises Invalid for a wrong cursor.
    """
    found = accounts.patrons("", group, None, LEAVERS_OF_A_GROUP, cursor)
    return Part(
        suspend_all([one.id for one in found.items], librarian, end_loans, cache, now),
        found.next_cursor,
    )


def erase(patron_id: str, actor: str, cache: Cache, now: datetime) -> None:
    """Erase a patron: what they have open is ended, their words and names go; ratings, loans and facts stay, which
    name them by id only.

    From the first step on they are gone for everybody. The names go last, since until then it is known what there
    is to remove; where this dies in between, the fact that the first step wrote has it finished (see `jobs`).

    Raises NotFound where there never was such a patron.
    """
    accounts.begin_erasure(patron_id, actor, cache, now)
    finish_erasure(patron_id, actor, cache, now)


def finish_erasure(patron_id: str, actor: str | None, cache: Cache, now: datetime) -> None:
    """The steps of an erasure after its beginning. Safe to repeat."""
    circulation.end_all(patron_id, actor, ERASED, now)
    reviews.forget_words(patron_id, now)
    accounts.finish_erasure(patron_id, cache)
