"""Mails that came back, and complaints, as SES tells of them
(https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from chalicelib.decoding import decoded
from chalicelib.notices import jobs

COMPLAINED = "Its owner marked a mail of the library as spam."


class _Recipient(msgspec.Struct, rename="camel"):
    email_address: str
    diagnostic_code: str = ""


class _Bounce(msgspec.Struct, rename="camel"):
    bounce_type: str
    bounced_recipients: list[_Recipient] = []


class _Complaint(msgspec.Struct, rename="camel"):
    complained_recipients: list[_Recipient] = []


class _Event(msgspec.Struct, rename="camel"):
    event_type: str
    bounce: _Bounce | None = None
    complaint: _Complaint | None = None


def take(body: str, now: datetime) -> None:
    """Act on one event of SES: addresses that are dead for good, or whose owners want no mail, are mailed no more."""
    event = decoded(body, _Event)
    if event.bounce is not None and event.bounce.bounce_type == "Permanent":
        for one in event.bounce.bounced_recipients:
            jobs.bounced(one.email_address, one.diagnostic_code or "The mail came back: there is no such address.", now)
    if event.complaint is not None:
        for one in event.complaint.complained_recipients:
            jobs.bounced(one.email_address, COMPLAINED, now)
