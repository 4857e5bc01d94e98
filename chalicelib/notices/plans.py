"""Plans: for each patron the next moment at which there will be something to say, worked out anew whenever that may
have changed, so that patrons to whom there is nothing to say cost nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import get_args

from chalicelib.accounts import service as accounts
from chalicelib.accounts.schemas import Channel, Weekday
from chalicelib.circulation import service as circulation
from chalicelib.database import Collision, Transaction, again, get
from chalicelib.errors import NotFound
from chalicelib.notices import channels, letters, reminding
from chalicelib.notices.reminding import Absence, Had, Wishes
from chalicelib.notices.tables import SHARDS, Plan

WEEKDAYS = get_args(Weekday)


def due(by: datetime) -> Iterator[Plan]:
    """The plans whose time has come by a moment."""
    for shard in range(SHARDS):
        yield from Plan.by_time.query(str(shard), Plan.next_at <= by, page_size=100)


def of(patron_id: str, now: datetime) -> Plan:
    """A patron's plan; where they have none, one of somebody who is here now."""
    return get(Plan, patron_id) or Plan(patron_id, seen_at=now)


def refresh(
    patron_id: str, now: datetime, *, visited_at: datetime | None = None, paused_until: datetime | None = None
) -> None:
    """Work out a patron's plan anew, after a visit, a step of a loan, a change of what they chose. Safe to repeat."""

    def attempt() -> None:
        plan = of(patron_id, visited_at or now)
        if visited_at is not None and visited_at > plan.seen_at:
            plan.seen_at, plan.idle_told = visited_at, 0
        if paused_until is not None:
            plan.paused_until = paused_until
        person = accounts.by_ids([patron_id]).get(patron_id)
        had = what_they_have(circulation.open_of([patron_id]).get(patron_id, ()))
        set_next(plan, person, had, now)
        transaction = Transaction()
        keep(transaction, plan)
        transaction.commit()

    again(attempt)


def forget(patron_id: str) -> None:
    """Let go of a patron's plan."""
    Plan(patron_id).delete()


def set_next(plan: Plan, person: accounts.Account | None, had: list[Had], now: datetime) -> None:
    """Set when a patron is looked at next; never, where they are not to be reminded, or cannot be reached."""
    plan.next_at = None
    if person is not None and person.suspended_at is None and reached_by(person):
        plan.next_at = reminding.next_word(now, wishes(person, plan), had, absence(plan))
    plan.shard = str(sum(plan.patron_id.encode()) % SHARDS) if plan.next_at is not None else None


def keep(transaction: Transaction, plan: Plan) -> None:
    """Keep a plan as part of `transaction`, if nobody changed it since it was read."""
    read_at, plan.revision = plan.revision, plan.revision + 1
    unchanged = Plan.patron_id.does_not_exist() if read_at == 0 else Plan.revision == read_at
    transaction.put(plan, unchanged, lambda _: Collision())


def reached_by(person: accounts.Account) -> list[Channel]:
    """The channels that a patron wants to be reminded by, and can be."""
    to = letters.to_person(person)
    chosen: list[Channel] = person.reminders.channels
    return [channel for channel in chosen if channels.by(channel).reaches(to)]


def wishes(person: accounts.Account, plan: Plan) -> Wishes:
    """What a patron chose."""
    chosen = person.reminders
    return Wishes(
        timezone=person.timezone,
        hour=chosen.hour,
        days_before_due=chosen.days_before_due,
        idle_days=chosen.idle_days,
        quiet=frozenset(map(WEEKDAYS.index, chosen.quiet_days or ())),
        paused_until=plan.paused_until,
    )


def absence(plan: Plan) -> Absence:
    """Since when a patron was not here."""
    return Absence(plan.seen_at, plan.idle_told)


def what_they_have(loans: Iterable[circulation.Loan]) -> list[Had]:
    """The loans that run and the copies that are ready, out of what a patron has open."""
    return [
        Had(loan.public_id, loan.book_id, loan.status, loan.due_at)
        for loan in loans
        if loan.status in ("active", "ready") and loan.due_at is not None
    ]


def own(patron_id: str, now: datetime) -> tuple[accounts.Account, Plan]:
    """A patron and their plan.

    Raises NotFound.
    """
    person = accounts.by_ids([patron_id]).get(patron_id)
    if person is None:
        raise NotFound
    return person, of(patron_id, now)
