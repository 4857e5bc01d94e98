"""Routes of the audit trail."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib import wiring
from chalicelib.accounts import service as accounts
from chalicelib.audit import service
from chalicelib.audit.schemas import Asked, BookNamed, Entries, Entry, Somebody
from chalicelib.catalogue import service as catalogue
from chalicelib.facts import Fact
from chalicelib.routing import Call, Nothing, Routes, Who

routes = Routes(__name__)


@routes.operation("GET", "/audit", who=Who.LIBRARIAN, query=Asked, returns=Entries)
def show_trail(call: Call[Nothing, Asked]) -> Entries:
    """Who did what, newest first."""
    asked = call.query
    part = service.trail(asked.subject, asked.actor, asked.kind, asked.limit, asked.cursor, wiring.now())
    return Entries(items=_shown(part.items), next_cursor=part.next_cursor)


def _shown(happened: Sequence[Fact]) -> list[Entry]:
    """Facts with the names of people and the titles of books, each in one batch."""
    names = accounts.names(person for one in happened for person in (_patron_of(one), one.actor) if person)
    books = catalogue.by_ids(book_id for one in happened if (book_id := _book_of(one)))
    return [
        Entry(
            id=one.id,
            at=one.at,
            kind=one.kind,
            actor=_somebody(one.actor, names),
            subject=one.subject,
            details=one.details.as_dict(),
            patron=_somebody(_patron_of(one), names),
            book=BookNamed(id=book.id, title=book.title) if (book := books.get(_book_of(one) or "")) else None,
        )
        for one in happened
    ]


def _patron_of(one: Fact) -> str | None:
    return one.subject if one.kind.startswith("account.") else one.details.as_dict().get("patron_id")


def _book_of(one: Fact) -> str | None:
    of_book = one.kind.startswith(("book.", "review."))
    return one.subject if of_book else one.details.as_dict().get("book_id")


def _somebody(person: str | None, names: dict[str, str]) -> Somebody | None:
    return Somebody(id=person, name=names.get(person)) if person else None
