"""Letters: notices on their way. Each is kept first and then sent by who the queue wakes, so that none is lost.

    waiting ──▶ sending ──▶ sent
       ▲          │  │
       └── later ─┘  └──▶ failed ── (the librarian) ──▶ waiting

The letter is the truth, and a message of the queue only wakes who looks after it: one that is lost is made up for by
`wake_forgotten`, one that comes twice finds the letter sent. Whoever begins to send says so first. Where that is all
there is to be found, the attempt died before or after the notice was handed over, and nobody can tell which: what the
library sends of its own accord (`unasked`) is then not sent again but listed as failed, what somebody waits for is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chalicelib import objects, queues, seals, settings
from chalicelib.accounts import service as accounts
from chalicelib.accounts.schemas import Channel
from chalicelib.database import Collision, get, unless
from chalicelib.errors import NotFound, Rule
from chalicelib.ids import id_of
from chalicelib.notices import channels, composition, links
from chalicelib.notices.channels import File, InDoubt, Later, Person, Refused
from chalicelib.notices.tables import Letter
from chalicelib.paging import Part, first, key_at, place
from chalicelib.policy import service as policy

QUEUE = "letters"

KEPT_FOR = timedelta(days=30)

RESTS = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 3600, 4 * 3600))
"""How long a letter waits after its first, second, … attempt that failed; after the last it has failed for good."""

HELD_FOR = timedelta(minutes=3)
"""As long is somebody taken to be at a letter; longer than the function that sends may take."""

FORGOTTEN_AFTER = timedelta(minutes=5)
MOST_AT_ONCE = 1_000
LONGEST_DELAY = timedelta(minutes=15)
"""For which a queue keeps a message to itself."""

WAITING, FAILED = "waiting", "failed"

UNTOLD = "It is not known whether this went out: the attempt died. It may be there twice if it is sent again."


class NotFailed(Rule):
    title = "This notice did not fail, or is on its way again"


class Wake(msgspec.Struct, frozen=True):
    """Look after this letter."""

    letter_id: str


class Attachment(msgspec.Struct, frozen=True):
    """A file that goes with a letter: its name, its media type, and under which key the objects hold it."""

    name: str
    type: str
    key: str


def new(
    kind: str,
    channel: Channel,
    once: str,
    data: dict[str, Any],
    now: datetime,
    *,
    account_id: str | None = None,
    to: dict[str, str] | None = None,
    attachments: Sequence[Attachment] = (),
    page: str | None = None,
    unasked: bool = False,
) -> Letter:
    """A letter that is not kept yet. The same `once` is the same letter."""
    letter_id = id_of(f"{kind} {channel} {once}")
    return Letter(
        id=letter_id,
        kind=kind,
        channel=channel,
        account_id=account_id,
        to=to,
        data=data,
        attachments=[msgspec.structs.asdict(one) for one in attachments],
        page=page,
        unasked=unasked,
        pile=WAITING,
        place=_place(now, letter_id),
        created_at=now,
        expires_at=(now + KEPT_FOR).replace(microsecond=0),
    )


def keep(letter: Letter) -> bool:
    """Keep a new letter; false where it is kept already."""
    try:
        with unless(Collision):
            letter.save(Letter.id.does_not_exist())
    except Collision:
        return False
    return True


def wake(letter_id: str, delay: timedelta = timedelta(0)) -> None:
    """Have a letter looked after."""
    queues.send(QUEUE, Wake(letter_id), int(delay.total_seconds()))


def wake_forgotten(now: datetime) -> int:
    """Wake letters that should have been looked after and were not, and those whose rest is over; how many."""
    late = Letter.open.query(WAITING, Letter.place <= _place(now - FORGOTTEN_AFTER, ""), limit=MOST_AT_ONCE)
    woken = 0
    for letter in late:
        wake(letter.id)
        woken += 1
    return woken


# ------------------------------------------------------------------------------------------------------ sending


def see_to(letter_id: str, failed: Callable[[Letter, str, bool], None], now: datetime) -> None:
    """Send a letter, if it is to be sent. `failed` is told of one that will not go out, why, and whether its address is
    dead. Raises only where the letter itself cannot be read or written: the queue then brings it again."""
    letter = get(Letter, letter_id)
    if letter is None or not _is_due(letter, now):
        return
    if letter.state == "sending" and letter.unasked:
        _fail(letter, InDoubt(UNTOLD), failed, now)
        return
    try:
        _begin(letter, now)
    except Collision:
        return  # somebody else is at it
    try:
        handed_over = _hand_over(letter, now)
    except InDoubt as reason:
        untold = InDoubt(f"{reason} {UNTOLD}")
        (_fail if letter.unasked else _rest)(letter, untold, failed, now)
    except (Refused, composition.NotComposed) as reason:
        _fail(letter, reason, failed, now)
    except Exception as reason:  # one letter that breaks something holds up no other
        if not isinstance(reason, Later):
            logging.getLogger(__name__).exception("letter %s (%s) was not sent", letter.id, letter.kind)
        _rest(letter, reason, failed, now)
    else:
        _note(letter, handed_over, now)


def _is_due(letter: Letter, now: datetime) -> bool:
    """Whether nobody is at a letter that is to be sent, and it need not rest any longer."""
    if letter.state == "sending":
        return now - letter.began_at >= HELD_FOR
    return letter.state == "waiting" and letter.place <= _place(now + timedelta(seconds=1), "")


def _note(letter: Letter, handed_over: bool, now: datetime) -> None:
    """Note that a letter went out; one that nobody is there for is let go of."""
    if not handed_over:
        letter.delete()
        return
    # What it said is needed no longer.
    done = (Letter.pile, Letter.place, Letter.why, Letter.data, Letter.to, Letter.began_at)
    letter.update([Letter.state.set("sent"), Letter.sent_at.set(now), *(one.remove() for one in done)])


def _begin(letter: Letter, now: datetime) -> None:
    with unless(Collision):
        letter.update(
            [
                Letter.state.set("sending"),
                Letter.began_at.set(now),
                Letter.tries.set(letter.tries + 1),
                Letter.place.set(_place(now + HELD_FOR, letter.id)),
            ],
            (Letter.state == letter.state) & (Letter.tries == letter.tries),
        )


def _hand_over(letter: Letter, now: datetime) -> bool:
    """Send a letter; false where there is nobody any more to send it to. Raises NotSent, NotComposed."""
    person = _addressee(letter)
    if person is None:
        return False
    way = channels.by(letter.channel)
    if not way.reaches(person):
        raise Refused(f"There is no address for {letter.channel}.")
    way.deliver(written(letter, person, now), person, _files(letter), letter.id, now)
    return True


def written(letter: Letter, person: Person, now: datetime) -> composition.Message:
    """What a letter says.

    Raises NotComposed.
    """
    home = settings.current().public_url
    act: composition.Act = links.maker(person.id, now) if person.id else _no_links
    leave = act("unsubscribe", letter.channel) if letter.unasked and person.id else None
    reader = composition.Reader(person.name, person.language, person.timezone)
    data = {**letter.data, **_secrets(letter)}
    message = composition.compose(letter.kind, data, reader, policy.current().name, home, act, leave)
    if letter.page is None:
        return message
    page = objects.get(letter.page)
    if page is None:
        raise composition.NotComposed("The page that was made for this notice is gone.")
    return composition.with_page(message, page.decode())


def _secrets(letter: Letter) -> dict[str, str]:
    """What is told in a letter and kept nowhere."""
    if letter.kind == "password-reset":
        return {"url": accounts.reset_address(letter.data["reset_id"])}
    if letter.kind == "invitation":
        return {"url": accounts.invitation_address(letter.data["invitation_id"])}
    if link := letter.data.get("link"):
        token = seals.sealed(link["purpose"], link["text"])
        return {"url": f"{settings.current().public_url}{link['page']}?token={token}"}
    return {}


def _no_links(action: str, subject: str) -> str:
    raise composition.NotComposed(f"Who has no account has no link to {action}.")


def _files(letter: Letter) -> list[File]:
    files: list[File] = []
    for one in letter.attachments or ():
        body = objects.get(one["key"])
        if body is None:
            raise Refused(f"The file {one['name']} is gone.")
        files.append(File(one["name"], one["type"], body))
    return files


def _addressee(letter: Letter) -> Person | None:
    if letter.account_id is None:
        return Person(None, **letter.to)
    return person(letter.account_id)


def person(account_id: str) -> Person | None:
    """Whom notices to this account go to, and where; None for who is gone."""
    kept = accounts.by_ids([account_id]).get(account_id)
    return to_person(kept) if kept else None


def to_person(account: accounts.Account) -> Person:
    """An account as channels see it."""
    return Person(
        id=account.id,
        name=account.name,
        language=account.language,
        timezone=account.timezone,
        email=account.email,
        phone=account.phone,
        chat_webhook=account.chat_webhook,
        stopped=frozenset(account.stopped or ()),
    )


def _rest(letter: Letter, reason: Exception, failed: Callable[[Letter, str, bool], None], now: datetime) -> None:
    if letter.tries > len(RESTS):
        _fail(letter, reason, failed, now)
        return
    rest = RESTS[letter.tries - 1]
    letter.update(
        [
            Letter.state.set("waiting"),
            Letter.why.set(str(reason)[:500]),
            Letter.place.set(_place(now + rest, letter.id)),
            Letter.began_at.remove(),
        ],
        Letter.tries == letter.tries,
    )
    if rest <= LONGEST_DELAY:  # after a longer one, `wake_forgotten` does it
        wake(letter.id, rest)


def _fail(letter: Letter, reason: Exception, failed: Callable[[Letter, str, bool], None], now: datetime) -> None:
    letter.update(
        [
            Letter.state.set("failed"),
            Letter.why.set(str(reason)[:500]),
            Letter.pile.set(FAILED),
            Letter.place.set(_place(now, letter.id)),
            Letter.began_at.remove(),
        ],
        Letter.tries == letter.tries,
    )
    logging.getLogger(__name__).warning("letter %s (%s) failed: %s", letter.id, letter.kind, reason)
    failed(letter, str(reason), isinstance(reason, Refused) and reason.dead)


def _place(moment: datetime, letter_id: str) -> str:
    return f"{moment.astimezone(UTC).isoformat(timespec='milliseconds')}#{letter_id}"


# ------------------------------------------------------------------------------------- what the librarian sees of it


def failures(limit: int, cursor: str | None) -> Part[Letter]:
    """A page of the letters that failed, newest first.

    Raises Invalid for a wrong cursor.
    """
    after = key_at(cursor)
    below = Letter.place < after if after else None
    found = Letter.open.query(FAILED, below, scan_index_forward=False, limit=limit + 1)
    return first(found, limit, lambda letter: place(letter.place))


def since(letter: Letter) -> datetime:
    """When a letter failed."""
    return datetime.fromisoformat(letter.place.partition("#")[0])


def send_again(letter_id: str, now: datetime) -> None:
    """Let a letter that failed be tried anew.

    Raises NotFound, NotFailed.
    """
    letter = get(Letter, letter_id)
    if letter is None:
        raise NotFound("There is no such notice.")
    with unless(NotFailed):
        letter.update(
            [
                Letter.state.set("waiting"),
                Letter.pile.set(WAITING),
                Letter.place.set(_place(now, letter_id)),
                Letter.tries.set(0),
                Letter.why.remove(),
            ],
            Letter.state == "failed",
        )
    wake(letter_id)


def drop(letter_id: str) -> None:
    """Let a letter that failed be.

    Raises NotFound, NotFailed.
    """
    letter = get(Letter, letter_id)
    if letter is None:
        raise NotFound("There is no such notice.")
    with unless(NotFailed):
        letter.delete(Letter.state == "failed")
