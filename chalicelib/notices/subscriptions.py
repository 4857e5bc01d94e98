"""The browsers that take pushes."""

from __future__ import annotations

from datetime import datetime

from chalicelib import outside
from chalicelib.errors import Invalid
from chalicelib.ids import id_of
from chalicelib.notices.tables import Subscription

MOST = 10
"""Browsers of one person; the oldest makes room."""


def add(account_id: str, endpoint: str, p256dh: str, auth: str, now: datetime) -> Subscription:
    """Let a browser take pushes. The same one again is the same subscription.

    Raises Invalid for an address that the library does not call.
    """
    try:
        outside.checked(endpoint)
    except outside.NotAllowed as error:
        raise Invalid.field("endpoint", str(error), "address") from None
    made = Subscription(account_id, id_of(endpoint), endpoint=endpoint, p256dh=p256dh, auth=auth, created_at=now)
    made.save()
    others = sorted((one for one in of(account_id) if one.id != made.id), key=lambda one: one.created_at)
    for one in others[: max(0, len(others) + 1 - MOST)]:
        one.delete()
    return made


def of(account_id: str) -> list[Subscription]:
    """A person's browsers."""
    return list(Subscription.query(account_id, consistent_read=True))


def remove(account_id: str, subscription_id: str) -> None:
    """Let a browser take no more; nothing where it took none."""
    Subscription(account_id, subscription_id).delete()


def end(account_id: str, endpoint: str | None) -> None:
    """Let the browser at this address take no more, or all of a person's."""
    for browser in of(account_id):
        if endpoint in (None, browser.endpoint):
            remove(account_id, browser.id)
