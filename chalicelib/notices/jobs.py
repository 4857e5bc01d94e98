"""Jobs of notices: the reminders of an hour, and letters to be sent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any, TypeAlias

from chalicelib import settings
from chalicelib.accounts import service as accounts
from chalicelib.accounts.schemas import Channel
from chalicelib.catalogue import lists
from chalicelib.catalogue import service as catalogue
from chalicelib.circulation import service as circulation
from chalicelib.database import Collision, Transaction
from chalicelib.errors import Rule
from chalicelib.notices import letters, plans, reminding, service
from chalicelib.notices.composition import NotComposed
from chalicelib.notices.reminding import Had, Say, Wishes
from chalicelib.notices.tables import Letter, Plan

REMINDER = "reminder"

SUGGESTED = 3
"""New e-books that are named to who was not here for a while."""

MOST_AT_HAND = 5
"""E-books of which somebody is likely to have no more at a time, to look past them."""

AT_ONCE = 25
"""Patrons read together."""

LATE = timedelta(hours=4)
"""By so much a reminder may come after its hour where the schedule was down: later than that is at night."""

APART = timedelta(hours=1)
"""To a schedule, the time a run is as of and the time it runs at are the same. Where they are further apart, somebody
asks for a run as of another time: it speaks to those whose hour it then is, and leaves the plans as they are."""


Books: TypeAlias = Mapping[str, catalogue.Book]
Newest: TypeAlias = Callable[[], list[catalogue.Book]]


@dataclass(frozen=True, slots=True)
class Told:
    """A reminder as it was, or would be, sent."""

    name: str
    channel: str
    subject: str
    text: str


def remind(at: datetime, now: datetime) -> int:
    """Remind every patron whose hour it is, as of `at`, of all there is to say; how many letters that makes.

    Reads who is due and no more. Safe to run twice, in parallel, or again after it died: the day's letter of a patron
    and channel is kept by who is first, with the plan of their next one.
    """
    planned = abs(at - now) < APART
    fresh = cache(newest)
    made, failure = 0, None
    for due in _looked_at(at):
        try:
            made += _remind(due, at, now, planned, fresh)
        except Exception as error:  # one patron who cannot be reminded holds up no other
            logging.getLogger(__name__).exception("patron %s was not reminded", due.plan.patron_id)
            failure = error
    letters.wake_forgotten(now)
    if failure:
        raise failure
    return made


def rehearse(at: datetime, now: datetime) -> Iterator[Told]:
    """What `remind` would send as of `at`. Nothing is sent, and nothing changed."""
    planned = abs(at - now) < APART
    fresh = cache(newest)
    for due in _looked_at(at):
        for letter in _letters(due, at, now, planned, fresh):
            yield shown(letter, due.person, now)


def shown(letter: Letter, person: accounts.Account | None, now: datetime) -> Told:
    """A letter as it would be sent."""
    assert person is not None
    try:
        message = letters.written(letter, letters.to_person(person), now)
        return Told(person.name, letter.channel, message.subject, message.text)
    except NotComposed as error:
        return Told(person.name, letter.channel, f"({error})", "")


@dataclass(frozen=True, slots=True)
class _Due:
    """A patron whose time may have come, with all it takes to tell."""

    plan: Plan
    person: accounts.Account | None
    had: list[Had]
    books: Books

    def is_time(self, at: datetime, planned: bool) -> bool:
        """Whether it is the patron's hour, or was, and the schedule missed it."""
        if self.person is None or self.person.suspended_at is not None:
            return False
        slot = reminding.last_slot(at, plans.wishes(self.person, self.plan))
        return at - slot < (LATE if planned else reminding.HOUR)


def _looked_at(at: datetime) -> Iterator[_Due]:
    found = plans.due(at)
    while some := list(islice(found, AT_ONCE)):
        ids = [plan.patron_id for plan in some]
        people, loans = accounts.by_ids(ids), circulation.open_of(ids)
        had = {patron_id: plans.what_they_have(loans.get(patron_id, ())) for patron_id in ids}
        books = catalogue.by_ids(one.book_id for some_had in had.values() for one in some_had)
        for plan in some:
            yield _Due(plan, people.get(plan.patron_id), had[plan.patron_id], books)


def _remind(due: _Due, at: datetime, now: datetime, planned: bool, newest: Newest) -> int:
    made = _letters(due, at, now, planned, newest)
    if made and made[0].data["idle"] is not None:
        due.plan.idle_told += 1
    kept = _kept(made, due, at if planned else None)
    for letter in kept:
        letters.wake(letter.id)
    return len(kept)


def _letters(due: _Due, at: datetime, now: datetime, planned: bool, newest: Newest) -> list[Letter]:
    """What there is to say to a patron whose time it is, as a letter for each channel."""
    if due.person is None or not due.is_time(at, planned):
        return []
    wishes = plans.wishes(due.person, due.plan)
    slot = reminding.last_slot(at, wishes)
    say = reminding.what_to_say(slot, wishes, due.had, plans.absence(due.plan))
    return day_letters(due.person, wishes, slot, contents(say, due.had, due.books, newest), now) if say else []


class _KeptBefore(Rule):
    title = "One of these letters is kept already"


def _kept(made: list[Letter], due: _Due, planned_at: datetime | None) -> list[Letter]:
    """Those of these letters that are not kept yet, kept in one transaction with the patron's next plan."""
    if planned_at is None:
        return [letter for letter in made if letters.keep(letter)]
    plans.set_next(due.plan, due.person, due.had, planned_at)
    try:
        _keep(due.plan, made)
    except _KeptBefore:
        # As of another time, say: the plan goes on without them, and what is missing is kept alone.
        due.plan.revision -= 1
        _keep(due.plan, [])
        return [letter for letter in made if letters.keep(letter)]
    except Collision:
        return []  # somebody else is at this patron, or something just changed: it is looked at again
    return made


def _keep(plan: Plan, made: list[Letter]) -> None:
    transaction = Transaction()
    plans.keep(transaction, plan)
    for letter in made:
        transaction.put(letter, Letter.id.does_not_exist(), lambda _: _KeptBefore())
    transaction.commit()


def day_letters(
    person: accounts.Account, wishes: Wishes, slot: datetime, data: dict[str, Any], now: datetime
) -> list[Letter]:
    """A patron's letters of one day, by each of their channels that reaches them."""
    day = reminding.day_of_slot(slot, wishes).isoformat()
    return [
        letters.new(REMINDER, channel, f"{person.id} {day}", data, now, account_id=person.id, unasked=True)
        for channel in plans.reached_by(person)
    ]


def contents(say: Say, had: list[Had], books: Books, newest: Newest) -> dict[str, Any]:
    """What a reminder is made of: plain values, as its templates take them."""
    at_hand = {one.book_id for one in had}
    unread = [book for book in newest() if book.id not in at_hand] if say.idle is not None else []

    def told(one: Had) -> dict[str, Any]:
        book = books[one.book_id]
        return {"id": one.id, "title": book.title, "authors": list(book.authors), "until": one.until.isoformat()}

    return {
        "due": [told(one) for one in say.due],
        "ready": [told(one) for one in say.ready],
        "idle": say.idle,
        "newest": [_suggested(book) for book in unread[:SUGGESTED]],
        "url": settings.current().public_url + ("/me/loans" if say.due or say.ready else ""),
    }


def newest() -> list[catalogue.Book]:
    """New e-books, for who was not here for a while."""
    return lists.newest(SUGGESTED + MOST_AT_HAND, None).items


def _suggested(book: catalogue.Book) -> dict[str, Any]:
    return {"id": book.id, "title": book.title, "authors": list(book.authors)}


def send(letter_id: str, now: datetime) -> None:
    """See to a letter that the queue names."""
    letters.see_to(letter_id, lambda letter, why, dead: _failed(letter, why, dead, now), now)


def _failed(letter: Letter, why: str, dead: bool, now: datetime) -> None:
    """Tell of a letter that will not go out: the librarian, once a day, and whose address is dead."""
    if dead and letter.account_id is not None:
        stop(letter.account_id, letter.channel, None, why, now)
    if librarian := accounts.librarian_id():
        service.tell(librarian, "letters-failed", now, once=letter.kind, letter=letter.kind, reason=why)


def stop(account_id: str, channel: Channel, address: str | None, why: str, now: datetime) -> None:
    """Stop a channel of somebody whom it no longer reaches, and tell them."""
    accounts.stop_channel(account_id, channel, address, why, now)
    service.tell(account_id, "channel-stopped", now, once=channel, channel=channel, reason=why)


def bounced(address: str, why: str, now: datetime) -> None:
    """Stop mailing an address that mail came back from, if somebody has it."""
    account_id = accounts.id_of_email(address)
    if account_id is not None:
        stop(account_id, "email", address, why, now)
