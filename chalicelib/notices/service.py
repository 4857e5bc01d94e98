"""What another feature has sent, or tells somebody in the notification centre."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.accounts.schemas import Channel
from chalicelib.database import Collision, unless
from chalicelib.ids import before, id_of, new_id
from chalicelib.notices import letters
from chalicelib.notices.letters import Attachment
from chalicelib.notices.tables import Notice
from chalicelib.paging import Part, first, position

__all__ = ["Attachment", "forget", "read", "read_all", "send", "send_to", "tell", "told", "unread"]

KEPT_FOR = timedelta(days=90)
MOST_COUNTED = 100
"""Unread notices that are counted; "99+" says enough of more."""


def send(
    kind: str,
    account_id: str,
    data: dict[str, Any],
    now: datetime,
    *,
    once: str,
    channel: Channel = "email",
    attachments: Sequence[Attachment] = (),
    page: str | None = None,
    unasked: bool = False,
) -> str:
    """Send somebody a notice, in their language: it is kept, and sent from the queue. Its id.

    `kind` is a folder of `templates/`, `data` (plain values, for JSON) what the templates take, with times as ISO 8601;
    a `link` among it, {page, purpose, text}, becomes `url`, with the text sealed for the purpose (see `seals`).
    Sent again with the same `once`, as "export 01jd…", it is the same notice. `page` is the key in the objects of HTML
    that takes the place of body.html. An `unasked` notice is one that the library sends of its own accord: it can be
    unsubscribed from, and where it is not known whether it went out, it is not sent again.
    """
    return _sent(
        letters.new(
            kind,
            channel,
            once,
            data,
            now,
            account_id=account_id,
            attachments=attachments,
            page=page,
            unasked=unasked,
        )
    )


def send_to(email: str, name: str, language: str, kind: str, data: dict[str, Any], now: datetime, *, once: str) -> str:
    """Mail a notice to somebody who has no account. Its id."""
    to = {"email": email, "name": name, "language": language, "timezone": "UTC"}
    return _sent(letters.new(kind, "email", once, data, now, to=to))


def _sent(letter: letters.Letter) -> str:
    if letters.keep(letter):
        letters.wake(letter.id)
    return letter.id


# ------------------------------------------------------------------------------------------ the notification centre


def tell(account_id: str, kind: str, now: datetime, *, once: str | None = None, **data: Any) -> None:
    """Tell somebody something in the notification centre. `kind` is a word the web app has words for, `data` plain
    values. Told again within the same day with the same `once`, it is told once."""
    notice_id = new_id(now)
    if once is not None:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        notice_id = before(midnight)[:10] + id_of(f"{kind} {once}")[10:]
    tell_as(notice_id, account_id, kind, now, **data)


def tell_as(notice_id: str, account_id: str, kind: str, now: datetime, **data: Any) -> None:
    """Tell somebody something under an identifier, as that of the fact it is about: told again it is told once."""
    notice = Notice(
        account_id,
        notice_id,
        kind=kind,
        at=now,
        data=data,
        unread=notice_id,
        expires_at=(now + KEPT_FOR).replace(microsecond=0),
    )
    try:
        with unless(Collision):
            notice.save(Notice.id.does_not_exist())
    except Collision:
        pass


def told(account_id: str, limit: int, cursor: str | None, now: datetime) -> Part[Notice]:
    """A page of what somebody was told, newest first.

    Raises Invalid for a wrong cursor.
    """
    after = position(cursor)
    found = Notice.query(
        account_id,
        Notice.id < after if after else None,
        # The table lets go of the others by itself, within days.
        filter_condition=Notice.expires_at > now,
        scan_index_forward=False,
        page_size=limit + 1,
        consistent_read=True,
    )
    return first(found, limit, lambda notice: notice.id)


def unread(account_id: str) -> int:
    """How many notices somebody did not read yet, up to a hundred."""
    return Notice.by_unread.count(account_id, limit=MOST_COUNTED, consistent_read=True)


def read(account_id: str, notice_ids: Sequence[str]) -> None:
    """Note that somebody read these notices; passes over what is not theirs."""
    for notice_id in dict.fromkeys(notice_ids):
        try:
            with unless(Collision):
                Notice(account_id, notice_id).update([Notice.unread.remove()], Notice.id.exists())
        except Collision:
            continue


def read_all(account_id: str) -> None:
    """Note that somebody read everything."""
    read(account_id, [notice.id for notice in Notice.by_unread.query(account_id, consistent_read=True)])


def forget(account_id: str) -> None:
    """Let go of all that somebody was told."""
    with Notice.batch_write() as batch:
        for notice in Notice.query(account_id, consistent_read=True):
            batch.delete(notice)
