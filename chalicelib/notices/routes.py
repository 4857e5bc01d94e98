"""Routes of notices: the notification centre, reminders as they would be, pushes, links, and what failed."""

from __future__ import annotations

from typing import Any

from chalicelib import wiring
from chalicelib.accounts import service as accounts
from chalicelib.errors import NotFound
from chalicelib.notices import acting, letters, links, pages, plans, service, subscriptions, words
from chalicelib.notices.schemas import (
    EndedSubscription,
    FailedList,
    FailedNotice,
    FailedNotices,
    LinkToken,
    NewSubscription,
    NextReminder,
    NoticeShown,
    NotificationList,
    Notifications,
    PushKey,
    ReadNotices,
    SubscriptionMade,
    Unread,
)
from chalicelib.policy import service as policy
from chalicelib.routing import Answer, Call, Nothing, Routes, Who

routes = Routes(__name__)


# ------------------------------------------------------------------------------------------ the notification centre


@routes.operation("GET", "/notifications", who=Who.SIGNED_IN, query=NotificationList, returns=Notifications)
def list_notifications(call: Call[Nothing, NotificationList]) -> Notifications:
    """What one is told, newest first."""
    part = service.told(call.caller.id, call.query.limit, call.query.cursor, wiring.now())
    return Notifications(
        items=[
            NoticeShown(id=one.id, kind=one.kind, at=one.at, read=one.unread is None, data=one.data)
            for one in part.items
        ],
        unread=service.unread(call.caller.id),
        next_cursor=part.next_cursor,
    )


@routes.operation("POST", "/notifications/read", who=Who.SIGNED_IN, body=ReadNotices, returns=Unread)
def read_notifications(call: Call[ReadNotices, Nothing]) -> Unread:
    """Note that some of it was read, or all of it."""
    if call.body.all:
        service.read_all(call.caller.id)
    else:
        service.read(call.caller.id, call.body.ids)
    return Unread(unread=service.unread(call.caller.id))


# ------------------------------------------------------------------------------------------------------- reminders


@routes.operation("GET", "/me/reminders/next", who=Who.PATRON, returns=NextReminder)
def show_next_reminder(call: Call[Nothing, Nothing]) -> NextReminder:
    """The next reminder that one's choices and loans would produce."""
    from chalicelib.notices import preview

    return preview.of(call.caller.id, wiring.now())


@routes.operation("GET", "/push/key", who=Who.ANYONE, returns=PushKey)
def show_push_key(call: Call[Nothing, Nothing]) -> PushKey:
    """The key with which a browser subscribes to pushes."""
    from chalicelib.notices.channels import push

    return PushKey(key=push.public_key())


@routes.operation(
    "POST", "/me/push-subscriptions", who=Who.PATRON, body=NewSubscription, returns=SubscriptionMade, status=201
)
def subscribe(call: Call[NewSubscription, Nothing]) -> SubscriptionMade:
    """Let a browser take pushes."""
    wanted, now = call.body, wiring.now()
    made = subscriptions.add(call.caller.id, wanted.endpoint, wanted.keys.p256dh, wanted.keys.auth, now)
    plans.refresh(call.caller.id, now)
    return SubscriptionMade(id=made.id)


@routes.operation("DELETE", "/me/push-subscriptions", who=Who.PATRON, body=EndedSubscription, status=204)
def unsubscribe(call: Call[EndedSubscription, Nothing]) -> None:
    """Let a browser take no more pushes, or none of one's browsers."""
    subscriptions.end(call.caller.id, call.body.endpoint)
    plans.refresh(call.caller.id, wiring.now())


# ----------------------------------------------------------------------------------------------------------- links


@routes.operation("GET", "/act", who=Who.ANYONE, query=LinkToken, returns=str, produces=pages.MEDIA_TYPE)
def show_link(call: Call[Nothing, LinkToken]) -> Answer:
    """The page behind a link of a notice, which asks before it does anything."""
    return _page(call.query.token, done=False)


@routes.operation("POST", "/act", who=Who.ANYONE, query=LinkToken, returns=str, produces=pages.MEDIA_TYPE)
def follow_link(call: Call[Nothing, LinkToken]) -> Answer:
    """Do what a link of a notice does; also the one-click unsubscribing of mail programs (RFC 8058)."""
    return _page(call.query.token, done=True)


def _page(token: str, *, done: bool) -> Answer:
    now, library, spoken = wiring.now(), policy.current().name, words.of(words.ENGLISH)
    headers: dict[str, str | list[str]] = {"Content-Type": pages.MEDIA_TYPE, **pages.SECURITY}
    try:
        link = links.opened(token, now)
        person = accounts.by_ids([link.account_id]).get(link.account_id)
        if person is None:
            raise links.LinkEnded
        spoken = words.of(person.language)
        about = acting.about(link)
        if not done:
            return Answer(pages.asking(link, about, library, spoken), headers)
        return Answer(pages.outcome(link, acting.act(link, now), about, library, spoken), headers)
    except links.LinkEnded as ended:
        return Answer(pages.ended(library, spoken), headers, ended.status)


# ----------------------------------------------------------------------------------------------------- what failed


@routes.operation("GET", "/notices/failed", who=Who.LIBRARIAN, query=FailedList, returns=FailedNotices)
def list_failed_notices(call: Call[Nothing, FailedList]) -> FailedNotices:
    """Notices that did not go out, newest first."""
    part = letters.failures(call.query.limit, call.query.cursor)
    names = accounts.names(one.account_id for one in part.items if one.account_id)
    return FailedNotices(items=[_failed(one, names) for one in part.items], next_cursor=part.next_cursor)


def _failed(letter: letters.Letter, names: dict[str, str]) -> FailedNotice:
    to: dict[str, Any] = letter.to or {}
    return FailedNotice(
        id=letter.id,
        kind=letter.kind,
        channel=letter.channel,
        patron_id=letter.account_id,
        patron=names.get(letter.account_id or ""),
        to=to.get("email"),
        why=letter.why or "",
        tries=letter.tries,
        failed_at=letters.since(letter),
    )


@routes.operation(
    "POST",
    "/notices/{letter_id}/resend",
    who=Who.LIBRARIAN,
    status=202,
    refusals=(NotFound, letters.NotFailed),
)
def send_notice_again(call: Call[Nothing, Nothing], letter_id: str) -> None:
    """Try a notice anew that failed."""
    letters.send_again(letter_id, wiring.now())


@routes.operation(
    "DELETE", "/notices/{letter_id}", who=Who.LIBRARIAN, status=204, refusals=(NotFound, letters.NotFailed)
)
def drop_notice(call: Call[Nothing, Nothing], letter_id: str) -> None:
    """Let a notice be that failed."""
    letters.drop(letter_id)
