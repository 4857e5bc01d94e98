"""A post office for the tests: what SES, SNS, the queue of letters and the facts' stream do, in the test's hands."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from chalicelib.facts import Fact, day_of
from chalicelib.notices import jobs, telling


@dataclass
class PostOffice:
    """Takes mails and text messages, and hands over what the queue holds when asked to."""

    now: Callable[[], datetime]
    mails: list[EmailMessage] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    queue: list[str] = field(default_factory=list)
    trouble: Callable[[EmailMessage], None] = lambda _: None
    _told: set[str] = field(default_factory=set)

    def send_email(self, **request: Any) -> None:
        mail = BytesParser(EmailMessage, policy=policy.default).parsebytes(request["Content"]["Raw"]["Data"])
        self.trouble(mail)
        self.mails.append(mail)

    def publish(self, **request: Any) -> None:
        self.texts.append(request)

    def enqueue(self, queue: str, message: Any, delay: int = 0) -> None:
        if queue == "letters":
            self.queue.append(message.letter_id)

    def tell(self) -> None:
        """Tell of the facts of the clock's day that were not told yet."""
        fresh: list[Fact] = []
        for day in (day_of(self.now()), f"visits {day_of(self.now())}"):
            fresh += [one for one in Fact.query(day) if one.id not in self._told]
        for happened in sorted(fresh, key=lambda one: one.id):
            self._told.add(happened.id)
            telling.on_fact(happened, self.now())
        telling.plan_anew(fresh, self.now())

    def deliver(self) -> None:
        """See to the letters that the queue names."""
        waiting, self.queue[:] = list(self.queue), []
        for letter_id in waiting:
            jobs.send(letter_id, self.now())

    def settle(self) -> None:
        """Tell, and deliver."""
        self.tell()
        self.deliver()

    def to(self, address: str, kind: str | None = None) -> list[EmailMessage]:
        """The mails to an address, of a kind."""
        return [mail for mail in self.mails if mail["To"] == address and kind in (None, mail["X-Carrel-Kind"])]


def text_of(mail: EmailMessage) -> str:
    """What a mail says, as text."""
    part = mail.get_body(("plain",))
    assert part is not None
    return part.get_content()


def html_of(mail: EmailMessage) -> str:
    """What a mail says, as HTML."""
    part = mail.get_body(("html",))
    assert part is not None
    return part.get_content()


def bounce(address: str, kind: str = "Permanent") -> str:
    """What SES tells of a mail that came back."""
    recipients = [{"emailAddress": address, "action": "failed", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]
    return json.dumps({"eventType": "Bounce", "bounce": {"bounceType": kind, "bouncedRecipients": recipients}})


def complaint(address: str) -> str:
    """What SES tells of somebody who marked a mail as spam."""
    recipients = [{"emailAddress": address}]
    return json.dumps({"eventType": "Complaint", "complaint": {"complainedRecipients": recipients}})
