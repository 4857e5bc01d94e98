"""Registering, the profile, the librarian's care of patrons, and the one librarian.

Who somebody is, is in `people`, how they are found in `roll`; signing in is in `sessions`.
"""

from __future__ import annotations

import copy
import random
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib import outside, repeats, settings
from chalicelib.accounts import app_passwords, invitations, passwords, people, resets, roll, sessions
from chalicelib.accounts.schemas import Channel, Profile
from chalicelib.accounts.tables import LIBRARIAN, Account, Reminders, Session
from chalicelib.auth import Caller, Role
from chalicelib.cache import Cache
from chalicelib.database import Collision, Transaction, again, get
from chalicelib.decoding import converted
from chalicelib.errors import FieldError, Forbidden, Invalid, LibraryError, NotFound, Rule
from chalicelib.facts import day_of, fact
from chalicelib.ids import made_at, new_id
from chalicelib.paging import Part
from chalicelib.policy import service as policy
from chalicelib.repeats import Key

LIBRARIANS_NAME = "librarian"

SHORTEST_USERNAME = 3
NAMES_TRIED = 9
"""User names that are tried for a name (ada.lovelace, ada.lovelace2 …) before one with a number at random."""


class UsernameTaken(Rule):
    title = "Somebody has this user name already"

    def __init__(self) -> None:
        super().__init__(fields=(FieldError("username", self.title, "taken"),))


class EmailTaken(Rule):
    title = "There is an account with this e-mail address already"

    def __init__(self) -> None:
        super().__init__(fields=(FieldError("email", self.title, "taken"),))


class RegistrationClosed(Forbidden):
    title = "The librarian adds new patrons here; please ask at the desk"


class LibrarianExists(Rule):
    title = "The library has its librarian"


class PatronSuspended(Rule):
    title = "This patron is suspended"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who an account is opened for."""

    username: str
    password: str
    email: str | None = None
    name: str | None = None
    group: str | None = None


# --------------------------------------------------------------------------------------- opening an account


def register(newcomer: Newcomer, invitation: str | None, now: datetime) -> Account:
    """A new patron, who registers; where registration is by invitation, with an `invitation`'s token.

    Raises RegistrationClosed, InvitationEnded, UsernameTaken, EmailTaken, Invalid.
    """
    if _is_reserved(newcomer.username):
        raise UsernameTaken
    library = policy.current()
    if library.registration == "closed":
        raise RegistrationClosed
    if invitation is None:
        if library.registration != "open":
            raise RegistrationClosed("The librarian invites new patrons here; ask for an invitation at the desk.")
        return _open_account(Role.PATRON, newcomer, None, library.timezone, now)
    invited = invitations.of_token(invitation, now)
    welcome = Newcomer(
        newcomer.username, newcomer.password, newcomer.email or invited.email, newcomer.name or invited.name
    )
    return _open_account(
        Role.PATRON,
        welcome,
        None,
        library.timezone,
        now,
        lambda transaction, _: invitations.use(transaction, invited, now),
    )


def add(
    name: str,
    username: str | None,
    password: str | None,
    email: str | None,
    group: str | None,
    librarian: Caller,
    key: Key | None,
    now: datetime,
) -> tuple[Account, str | None]:
    """A new patron, whom the librarian adds; with the password that was made up where none was given.

    Added again with the same `key` it is the same patron, and the password is not told again: it is not kept.

    Raises UsernameTaken, EmailTaken, Invalid.
    """
    if username and _is_reserved(username):
        raise UsernameTaken
    made_up = None if password else passwords.made_up()
    zone = policy.current().timezone

    def noted(transaction: Transaction, account: Account) -> None:
        if key:
            key.note(transaction, account.id, now)

    def open_as(candidate: str) -> Account:
        newcomer = Newcomer(candidate, password or made_up or "", email, name, group)
        return _open_account(Role.PATRON, newcomer, librarian.id, zone, now, noted)

    def act() -> tuple[Account, str | None]:
        if username:
            return open_as(username), made_up
        for candidate in _usernames_for(name):
            try:
                return open_as(candidate), made_up
            except UsernameTaken:
                continue
        raise UsernameTaken

    return repeats.once(key, now, act, lambda account_id: (people.account(account_id), None))


def _usernames_for(name: str) -> Iterator[str]:
    """User names for somebody of this name that seem to be free; which one is, its transaction tells."""
    base = _username_of(name)
    first = [base, *(f"{base}{number}" for number in range(2, NAMES_TRIED + 1))]
    taken = people.held(map(people.username_claim, first))
    yield from (one for one in first if people.username_claim(one) not in taken and not _is_reserved(one))
    for _ in range(NAMES_TRIED):
        yield f"{base}{random.randint(100, 99_999)}"


def _username_of(name: str) -> str:
    """The words of a name joined by dots, without case and without the accents of Latin letters."""
    words = ("".join(map(_plain, unicodedata.normalize("NFC", word).casefold())) for word in name.split())
    base = ".".join(filter(None, words))[:30].strip(".")
    return base if len(base) >= SHORTEST_USERNAME else f"{base}.patron".lstrip(".")


def _plain(letter: str) -> str:
    bare = unicodedata.normalize("NFKD", letter)[0]
    if bare.isascii():
        return bare if bare.isalnum() else ""
    return letter if unicodedata.category(letter)[0] in "LMN" else ""


def make_librarian(email: str, password: str, now: datetime) -> bool:
    """Make the library's one librarian; false where there is one already, also when starts race."""
    if people.holder_of(LIBRARIAN) is not None:
        return False
    keeper = Newcomer(LIBRARIANS_NAME, password, email, "Librarian")
    try:
        _open_account(Role.LIBRARIAN, keeper, None, policy.current().timezone, now)
    except LibrarianExists:
        return False
    return True


def _is_reserved(username: str) -> bool:
    # Also before the librarian is made.
    return people.username_claim(username) == people.username_claim(LIBRARIANS_NAME)


def _open_account(
    role: Role,
    newcomer: Newcomer,
    actor: str | None,
    zone: str,
    now: datetime,
    also: Callable[[Transaction, Account], None] | None = None,
) -> Account:
    """The account of `newcomer`, stored together with what `also` adds to the transaction; `actor` is who opens it,
    where they do not do it themselves."""
    username, email = newcomer.username, newcomer.email
    _refuse_weak(newcomer.password, username, email)
    account = Account(
        id=new_id(now),
        username=unicodedata.normalize("NFC", username),
        email=email,
        name=newcomer.name or username,
        role=role.value,
        password_hash=passwords.hashed(newcomer.password),
        timezone=zone,
        group=newcomer.group,
        created_at=now,
        seen_on=day_of(now) if actor is None else None,
    )
    transaction = Transaction()
    if role is Role.LIBRARIAN:
        people.claim(transaction, LIBRARIAN, account.id, LibrarianExists)
    people.claim(transaction, people.username_claim(username), account.id, UsernameTaken)
    if email:
        people.claim(transaction, people.email_claim(email), account.id, EmailTaken)
    transaction.put(account)
    if role is Role.PATRON:
        roll.enter(transaction, account)
    transaction.put(fact("account.opened", now, subject=account.id, actor=actor or account.id, role=account.role))
    if also:
        also(transaction, account)
    transaction.commit()
    return account


def _refuse_weak(password: str, username: str, email: str | None) -> None:
    said = password.casefold()
    if said in {username.casefold(), (email or "").casefold()} or len(set(password)) < 3:
        raise Invalid.field("password", "Choose a password that is harder to guess.", "weak")


# ------------------------------------------------------------------------------------------------ the profile


def shown(account: Account) -> Profile:
    """An account as its owner sees it."""
    stopped = [{"channel": channel, **why} for channel, why in sorted((account.stopped or {}).items())]
    kept = {
        **dict.fromkeys(("email", "phone", "chat_webhook")),
        **account.attribute_values,
        "reminders": account.reminders.as_dict(),
        "email_confirmed": account.email is not None and account.confirmed_email == account.email,
        "stopped": stopped,
    }
    return converted(kept, Profile)


def names(account_ids: Iterable[str]) -> dict[str, str]:
    """What each of these people is called, in one batch; who was erased is called nothing."""
    return {person.id: person.name for person in Account.batch_get(set(account_ids)) if person.erased_at is None}


def change(account_id: str, wanted: dict[str, Any], guard: Callable[[Account], None], now: datetime) -> Account:
    """One's own account with what is `wanted` of the profile, stored. `guard` sees it as it was and may object.

    Raises NotFound, UsernameTaken, EmailTaken, Invalid.
    """
    if "timezone" in wanted:
        policy.checked_zone("timezone", wanted["timezone"])
    if wanted.get("chat_webhook"):
        _check_webhook(wanted["chat_webhook"])

    def attempt() -> Account:
        person = people.account(account_id)
        guard(person)
        changes = dict(wanted)
        current_password = changes.pop("current_password", "")
        if "password" in changes:
            password = changes.pop("password")
            if not passwords.matches(person.password_hash, current_password):
                raise Invalid.field("current_password", "This is not your password.", "wrong")
            _refuse_weak(password, changes.get("username", person.username), person.email)
            changes["password_hash"] = passwords.hashed(password)
        if person.role == Role.LIBRARIAN and changes.get("email", person.email) is None:
            raise Invalid.field("email", "The librarian needs an e-mail address.", "required")
        if "reminders" in changes:
            changes["reminders"] = Reminders(**(person.reminders.as_dict() | changes["reminders"]))
        # Who gives an address again wants it tried again.
        given = {channel for channel, field in _ADDRESSES.items() if field in changes}
        if given & (person.stopped or {}).keys():
            left = {channel: why for channel, why in person.stopped.items() if channel not in given}
            changes["stopped"] = left or None
        return _store(person, changes, account_id, "account.changed", now)

    return again(attempt)


GOOGLE_CHAT = "chat.googleapis.com"

_ADDRESSES: dict[Channel, str] = {"email": "email", "chat": "chat_webhook", "sms": "phone"}
"""Where the address of a channel is kept. Browsers that take pushes are not kept with the account."""


def _check_webhook(url: str) -> None:
    """Hold the address of a space to what the library calls.

    Raises Invalid.
    """
    try:
        host = outside.checked(url).hostname
    except outside.NotAllowed as error:
        raise Invalid.field("chat_webhook", str(error), "address") from None
    if host != GOOGLE_CHAT and not settings.current().is_local:
        raise Invalid.field("chat_webhook", f"Give the webhook of a space, at https://{GOOGLE_CHAT}.", "address")


def _store(
    person: Account,
    changes: dict[str, Any],
    actor: str,
    kind: str,
    now: datetime,
    also: Callable[[Transaction], None] | None = None,
) -> Account:
    """`person` with `changes`, stored with a fact of this `kind` and what `also` adds to the transaction, if nobody
    changed them since they were read."""
    before = copy.copy(person)
    before.attribute_values = dict(person.attribute_values)
    transaction = Transaction()
    for field, claim_for, refusal in (
        ("username", people.username_claim, UsernameTaken),
        ("email", people.email_claim, EmailTaken),
    ):
        if field in changes:
            people.move(transaction, claim_for, person.id, getattr(person, field), changes[field], refusal)
    for field, value in changes.items():
        setattr(person, field, value)
    read_at, person.revision = person.revision, person.revision + 1
    transaction.put(person, Account.revision == read_at, lambda _: Collision())
    if person.role == Role.PATRON:
        roll.enter(transaction, person, before)
    transaction.put(fact(kind, now, subject=person.id, actor=actor, fields=",".join(sorted(changes))))
    if also:
        also(transaction)
    transaction.commit()
    return person


def reset_password(token: str, password: str, cache: Cache, now: datetime) -> None:
    """Set the password of whom the link was mailed to; it ends their sessions, and no link does it twice.

    Raises ResetEnded, Invalid.
    """
    reset = resets.of_token(token, now)

    def attempt() -> None:
        kept = get(Account, str(reset.account_id))
        if kept is None or kept.erased_at is not None or kept.suspended_at is not None:
            raise resets.ResetEnded
        _refuse_weak(password, kept.username, kept.email)
        # Who holds the link reads the mail.
        changes = {"password_hash": passwords.hashed(password), "confirmed_email": kept.email}
        _store(kept, changes, kept.id, "account.password-reset", now, lambda t: resets.use(t, reset))

    again(attempt)
    sessions.end_all(str(reset.account_id), cache)


# ----------------------------------------------------------------------------------------------- being reached


def by_ids(account_ids: Iterable[str]) -> dict[str, Account]:
    """The accounts of these people, in one batch; who was erased is not among them."""
    kept = Account.batch_get(set(account_ids), consistent_read=True)
    return {person.id: person for person in kept if person.erased_at is None}


def id_of_email(email: str) -> str | None:
    """Whose address this is, or None."""
    return people.holder_of(people.email_claim(email))


def librarian_id() -> str | None:
    """The id of the library's one librarian, or None where there is none yet."""
    return people.holder_of(LIBRARIAN)


def invited(invitation_id: str, now: datetime) -> invitations.Invitation | None:
    """An invitation, or None where it has ended."""
    return invitations.by_id(invitation_id, now)


def invitation_address(invitation_id: str) -> str:
    """Where who is invited registers."""
    return invitations.address_of(invitation_id)


def reset_address(reset_id: str) -> str:
    """Where somebody who forgot their password sets a new one."""
    return resets.address_of(reset_id)


def stop_channel(account_id: str, channel: Channel, address: str | None, why: str, now: datetime) -> None:
    """Let a channel rest that notices come back from, unless its address is no longer this one. Safe to repeat."""

    def attempt() -> None:
        person = people.account(account_id)
        stopped = person.stopped or {}
        field = _ADDRESSES.get(channel)
        if channel in stopped or (field and address is not None and getattr(person, field) != address):
            return
        said = {"reason": why[:300], "at": now.isoformat()}
        _store(person, {"stopped": {**stopped, channel: said}}, account_id, "account.channel-stopped", now)

    again(attempt)


def leave_channel(account_id: str, channel: str, now: datetime) -> bool:
    """Let somebody have no reminders by a channel; whether they had. Safe to repeat.

    Raises NotFound.
    """

    def attempt() -> bool:
        person = people.account(account_id)
        left = [one for one in person.reminders.channels if one != channel]
        if len(left) == len(person.reminders.channels):
            return False
        reminders = Reminders(**(person.reminders.as_dict() | {"channels": left}))
        _store(person, {"reminders": reminders}, account_id, "account.changed", now)
        return True

    return again(attempt)


def confirm_email(account_id: str, email: str, now: datetime) -> bool:
    """Note that mail to this address is read by its owner; false where the account has another by now. Safe to repeat.

    Raises NotFound.
    """

    def attempt() -> bool:
        person = people.account(account_id)
        if person.email == email and person.confirmed_email != email:
            _store(person, {"confirmed_email": email}, account_id, "account.email-confirmed", now)
        return person.email == email

    return again(attempt)


def confirm(account_id: str, password: str, address: str, cache: Cache) -> None:
    """Hold a signed-in person to their password, before what cannot be undone.

    Raises Invalid, TooManyAttempts.
    """
    sessions.limit_guesses(account_id, address, cache)
    if not passwords.matches(people.account(account_id).password_hash, password):
        raise Invalid.field("password", "This is not your password.", "wrong")
    sessions.forgive(account_id, address, cache)


def own(account_id: str) -> tuple[Account, list[Session]]:
    """An account and all its sessions, newest first, for who takes their data out.

    Raises NotFound.
    """
    return people.account(account_id), list(Session.by_account.query(account_id, scan_index_forward=False))


# ---------------------------------------------------------------------------------- the librarian's patrons


def patron(account_id: str) -> Account:
    """The account of a patron.

    Raises NotFound.
    """
    kept = get(Account, account_id)
    if kept is None or kept.erased_at is not None or kept.role != Role.PATRON:
        raise NotFound("There is no such patron.")
    return kept


def patrons(asked: str, group: str | None, suspended: bool | None, limit: int, cursor: str | None) -> Part[Account]:
    """A page of patrons; see `roll.find`.

    Raises Invalid for a wrong cursor.
    """
    found = roll.find(asked, group, suspended, limit, cursor)
    accounts = {kept.id: kept for kept in Account.batch_get(found.items, consistent_read=True)}
    # One who was erased, or suspended, a moment ago may still be on an index.
    shown = (accounts[one] for one in found.items if one in accounts and accounts[one].erased_at is None)
    return Part([one for one in shown if suspended in (None, one.suspended_at is not None)], found.next_cursor)


def namesakes(name: str, group: str | None) -> list[Account]:
    """The patrons of this name in a group, or in the library where there is no group, first come first."""
    return sorted(Account.batch_get(roll.namesakes(name, group), consistent_read=True), key=lambda one: one.id)


def taken(logins: Iterable[str]) -> set[str]:
    """Those of these user names and e-mail addresses that somebody has."""
    claims = {login: people.claim_of(login) for login in logins}
    held = people.held(claims.values())
    return {login for login, claim in claims.items() if claim in held}


def change_patron(
    patron_id: str,
    wanted: dict[str, Any],
    guard: Callable[[Account], None],
    librarian_id: str,
    cache: Cache,
    now: datetime,
) -> Account:
    """A patron with what is `wanted`: name, user name, e-mail address, group, `suspended`. `guard` may object.

    Who is suspended is signed out everywhere at once and cannot sign in, borrow or be lent anything.

    Raises NotFound, UsernameTaken, EmailTaken.
    """

    def attempt() -> Account:
        person = patron(patron_id)
        guard(person)
        changes = dict(wanted)
        kind = "account.changed"
        suspended = changes.pop("suspended", None)
        if suspended is not None and suspended != (person.suspended_at is not None):
            changes["suspended_at"] = now if suspended else None
            kind = "account.suspended" if suspended else "account.restored"
        return _store(person, changes, librarian_id, kind, now) if changes else person

    changed = again(attempt)
    if changed.suspended_at is not None:
        _shut_out(patron_id, cache)
    return changed


def _shut_out(account_id: str, cache: Cache) -> None:
    """Let nothing be opened any more by who was signed in, or by their reading apps."""
    sessions.end_all(account_id, cache)
    app_passwords.look_again(account_id, cache)


def give_password(patron_id: str, librarian_id: str, cache: Cache, now: datetime) -> str:
    """A new, made-up password for a patron who lost theirs; it ends their sessions.

    Raises NotFound.
    """
    password = passwords.made_up()
    kept = passwords.hashed(password)
    again(lambda: _store(patron(patron_id), {"password_hash": kept}, librarian_id, "account.password-reset", now))
    sessions.end_all(patron_id, cache)
    return password


def not_borrowing(account_ids: Iterable[str]) -> dict[str, LibraryError]:
    """Those of these people who cannot be lent anything, and why; in one batch."""
    wanted = set(account_ids)
    kept = {person.id: person for person in Account.batch_get(wanted, consistent_read=True)}
    refused: dict[str, LibraryError] = {}
    for account_id in wanted:
        person = kept.get(account_id)
        if person is None or person.role != Role.PATRON or person.erased_at is not None:
            refused[account_id] = NotFound("There is no such patron.")
        elif person.suspended_at is not None:
            refused[account_id] = PatronSuspended()
    return refused


def hold_to_standing(transaction: Transaction, patron_id: str) -> None:
    """Let a transaction that lends something fail with PatronSuspended where the patron is suspended or erased."""
    good = Account.id.exists() & Account.suspended_at.does_not_exist() & Account.erased_at.does_not_exist()
    transaction.check(Account(patron_id), good, lambda _: PatronSuspended())


def end_sessions_of_suspended(patron_id: str, cache: Cache) -> None:
    """End the sessions of who is suspended; repeated by the fact, for a sign-in that crossed it."""
    kept = get(Account, patron_id)
    if kept is not None and kept.suspended_at is not None:
        _shut_out(patron_id, cache)


# ----------------------------------------------------------------------------------------------- being erased


def begin_erasure(patron_id: str, actor: str, cache: Cache, now: datetime) -> None:
    """Let a patron be gone from this moment: they resolve to no name, cannot sign in, and can be lent nothing.

    What is kept of them is removed by `finish_erasure`, after the rest of the library let go of them; the fact that is
    written here makes sure of it. Safe to repeat.

    Raises NotFound where there never was such a patron.
    """

    def attempt() -> None:
        kept = get(Account, patron_id)
        if kept is None or kept.role != Role.PATRON:
            raise NotFound("There is no such patron.")
        if kept.erased_at is not None:
            return
        transaction = Transaction()
        transaction.update(
            kept,
            [Account.erased_at.set(now), Account.revision.add(1)],
            Account.revision == kept.revision,
            lambda _: Collision(),
        )
        transaction.put(fact("account.erased", now, subject=patron_id, actor=actor))
        transaction.commit()

    again(attempt)
    _shut_out(patron_id, cache)


def finish_erasure(patron_id: str, cache: Cache) -> None:
    """Remove what is kept of a patron whose erasure has begun: sessions, app passwords, unique names, lines of the
    roll, the profile. Safe to repeat."""
    sessions.end_all(patron_id, cache)
    app_passwords.revoke_all(patron_id, cache)

    def attempt() -> None:
        kept = get(Account, patron_id)
        # The profile goes with the names and lines that are told by it, in one transaction: none is left behind.
        if kept is None or kept.erased_at is None or "username" not in kept.attribute_values:
            return
        transaction = Transaction()
        people.give_up(transaction, people.username_claim(kept.username), patron_id)
        if kept.email:
            people.give_up(transaction, people.email_claim(kept.email), patron_id)
        roll.strike(transaction, roll.lines_of(kept))
        transaction.update(
            kept,
            [*(attribute.remove() for attribute in _PERSONAL), Account.revision.add(1)],
            Account.revision == kept.revision,
            lambda _: Collision(),
        )
        transaction.commit()

    again(attempt)


_PERSONAL = (
    Account.username,
    Account.email,
    Account.name,
    Account.password_hash,
    Account.timezone,
    Account.language,
    Account.reminders,
    Account.report_format,
    Account.group,
    Account.phone,
    Account.chat_webhook,
    Account.confirmed_email,
    Account.stopped,
    Account.seen_on,
    Account.suspended_at,
)


# ----------------------------------------------------------------------------------------------- the librarian


def opened_at() -> datetime | None:
    """When the library got its librarian, or None where it has none yet."""
    librarian = people.holder_of(LIBRARIAN)
    return made_at(librarian) if librarian else None


def reset_librarian(password: str, now: datetime) -> Account:
    """Give the librarian another password.

    Raises NotFound where there is no librarian yet, Invalid.
    """
    librarian = people.the_librarian()
    _refuse_weak(password, librarian.username, librarian.email)
    librarian.password_hash = passwords.hashed(password)
    transaction = Transaction()
    transaction.update(
        librarian,
        [Account.password_hash.set(librarian.password_hash), Account.revision.add(1)],
        Account.id.exists(),
        lambda _: NotFound(),
    )
    transaction.put(fact("account.password-reset", now, subject=librarian.id))
    transaction.commit()
    return librarian
