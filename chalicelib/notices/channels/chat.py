"""Google Chat: a message to a space's webhook, the patron's own or else the library's.

https://developers.google.com/workspace/chat/quickstart/webhooks

Others read the library's space: what goes there names the patron, and none of their books.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from chalicelib import outside, settings
from chalicelib.notices import words
from chalicelib.notices.channels import File, InDoubt, Later, Person, Refused
from chalicelib.notices.composition import Message

LONGEST = 4_000
"""Characters of a message; Google Chat takes 4,096."""


def reaches(person: Person) -> bool:
    """Whether there is a space, the patron's or the library's."""
    if person.chat_webhook:
        return "chat" not in person.stopped
    return bool(settings.current().google_chat_webhook)


def deliver(message: Message, person: Person, files: Sequence[File], letter_id: str, now: datetime) -> None:
    """Post a notice. Raises Refused, Later, InDoubt."""
    if person.chat_webhook:
        url, text = person.chat_webhook, f"*{message.subject}*\n\n{message.text}"
    else:
        url = settings.current().google_chat_webhook or ""
        text = words.of(message.language).say("chat.for", name=person.name, url=message.url)
    body = msgspec.json.encode({"text": text[:LONGEST]})
    try:
        answer = outside.post(url, body, {"Content-Type": "application/json; charset=UTF-8"})
    except outside.NotAllowed as error:
        raise Refused(str(error), dead=bool(person.chat_webhook)) from None
    except outside.NoAnswer as error:
        raise (InDoubt if error.sent else Later)(str(error)) from None
    if answer.status // 100 == 2:
        return
    why = f"Google Chat answers {answer.status}."
    if answer.status in (400, 401, 403, 404, 410):
        raise Refused(why, dead=bool(person.chat_webhook) and answer.status != 400)
    raise Later(why)
