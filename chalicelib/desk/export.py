"""What the library keeps about a person, as one file for that person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TypeVar

import msgspec

from chalicelib.accounts import service as accounts
from chalicelib.catalogue import service as catalogue
from chalicelib.circulation import service as circulation
from chalicelib.desk.schemas import ActionKept, Export, LeftOut, LoanKept, ReviewKept, SessionKept
from chalicelib.facts import Fact
from chalicelib.reviews import service as reviews

BIGGEST = 4_000_000
"""Bytes of the file. A function's answer may have 6 MB, in which every quotation mark takes two."""

AT_ONCE = 100

K = TypeVar("K", LoanKept, ReviewKept, ActionKept)


def of(account_id: str, now: datetime) -> Export:
    """Everything that is kept about a person, newest first; what there is no room for is named.

    Raises NotFound.
    """
    account, sessions = accounts.own(account_id)
    devices = [
        SessionKept(device=one.device, created_at=one.created_at, refreshed_at=one.rotated_at) for one in sessions
    ]
    file = _File(BIGGEST - len(msgspec.json.encode(devices)))
    return Export(
        made_at=now,
        profile=accounts.shown(account),
        group=account.group,
        registered_at=account.created_at,
        sessions=devices,
        app_passwords=accounts.app_passwords.shown(accounts.app_passwords.all_of(account_id)),
        loans=file.part("loans", _loans(account_id, now)),
        reviews=file.part("reviews", _reviews(account_id, now)),
        actions=file.part("actions", _actions(account_id)),
        left_out=file.left_out,
    )


class _File:
    """A file with room for so many bytes."""

    def __init__(self, room: int) -> None:
        self._room = room
        self.left_out: list[LeftOut] = []

    def part(self, name: str, items: Iterable[K]) -> list[K]:
        """As many of `items` as there is room for."""
        included: list[K] = []
        for item in items:
            self._room -= len(msgspec.json.encode(item)) + 1
            if self._room < 0:
                self.left_out.append(LeftOut(part=name, included=len(included)))
                break
            included.append(item)
        return included


def _loans(patron_id: str, now: datetime) -> Iterator[LoanKept]:
    loans = circulation.history(patron_id, now)
    while some := list(islice(loans, AT_ONCE)):
        books = catalogue.by_ids(loan.book_id for loan, _ in some)
        for loan, status in some:
            yield LoanKept(
                id=loan.public_id,
                book_id=loan.book_id,
                title=books[loan.book_id].title,
                status=status.value,
                requested_at=loan.requested_at,
                granted_at=loan.granted_at,
                due_at=loan.due_at,
                ended_at=loan.ended_at,
                reason=loan.reason,
            )


def _reviews(patron_id: str, now: datetime) -> Iterator[ReviewKept]:
    written = reviews.of_person(patron_id, now)
    books = catalogue.by_ids(review.book_id for review in written)
    for review in sorted(written, key=lambda one: one.written_at, reverse=True):
        yield ReviewKept(
            book_id=review.book_id,
            title=books[review.book_id].title,
            rating=review.rating,
            text=review.text,
            hidden=review.hidden,
            written_at=review.written_at,
            changed_at=review.changed_at,
        )


def _actions(account_id: str) -> Iterator[ActionKept]:
    for one in Fact.by_actor.query(account_id, scan_index_forward=False):
        yield ActionKept(at=one.at, kind=one.kind, subject=one.subject, details=one.details.as_dict())
