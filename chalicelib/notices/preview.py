"""The next reminder that somebody would have, made as it would be."""

from __future__ import annotations

from datetime import datetime

from chalicelib.accounts.schemas import Channel
from chalicelib.catalogue import service as catalogue
from chalicelib.circulation import service as circulation
from chalicelib.notices import jobs, plans, reminding
from chalicelib.notices.schemas import NextReminder, Unreachable


def of(patron_id: str, now: datetime) -> NextReminder:
    """A patron's next reminder, as far as is known now.

    Raises NotFound.
    """
    person, plan = plans.own(patron_id, now)
    had = plans.what_they_have(circulation.open_of([patron_id]).get(patron_id, ()))
    wishes, absence = plans.wishes(person, plan), plans.absence(plan)
    reached = plans.reached_by(person)
    slot = reminding.next_word(now, wishes, had, absence) if reached else None
    told = None
    if slot is not None:
        say = reminding.what_to_say(slot, wishes, had, absence)
        books = catalogue.by_ids(one.book_id for one in had)
        data = jobs.contents(say, had, books, jobs.newest)
        told = next((jobs.shown(one, person, now) for one in jobs.day_letters(person, wishes, slot, data, now)), None)
    chosen: list[Channel] = person.reminders.channels
    stopped = person.stopped or {}
    return NextReminder(
        at=slot,
        channels=reached,
        unreachable=[
            Unreachable(
                channel=channel, reason=stopped[channel]["reason"] if channel in stopped else NO_ADDRESS[channel]
            )
            for channel in chosen
            if channel not in reached
        ],
        subject=told.subject if told else None,
        text=told.text if told else None,
        paused_until=plan.paused_until if plan.paused_until is not None and plan.paused_until > now else None,
    )


NO_ADDRESS: dict[Channel, str] = {
    "email": "You gave no e-mail address.",
    "chat": "You gave no webhook of a space in Google Chat.",
    "sms": "You gave no phone number.",
    "push": "No browser of yours takes pushes.",
}
