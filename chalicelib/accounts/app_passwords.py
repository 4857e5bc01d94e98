"""App passwords: what a reading app signs in to the feeds with, in place of its patron's own password.

Each app has its own. It opens the feeds and nothing else, and taking one back leaves the others as they are. The
library makes them up, of 99 random bits, so that a plain hash of one is enough to keep, and checking one on every
request costs no argon2.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from chalicelib.accounts import passwords, people, sessions
from chalicelib.accounts.schemas import AppPasswordShown
from chalicelib.accounts.tables import Account, AppPassword
from chalicelib.auth import Caller, Role
from chalicelib.cache import Cache
from chalicelib.database import get
from chalicelib.decoding import decoded
from chalicelib.errors import NotFound, Rule, Unauthenticated
from chalicelib.ids import new_id
from chalicelib.paging import Part, first, position

GROUPS = 5
"""Groups of four signs in an app password."""

MOST = 20
"""App passwords that one account may have."""

KNOWN_FOR = 60
"""Seconds for which the cache may say whose an app password is without asking the database."""


class TooManyAppPasswords(Rule):
    title = "You have as many app passwords as you may have"


class WrongAppPassword(Unauthenticated):
    title = "User name and app password do not belong together"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose an app password is. `names` are the digests of the names they sign in with."""

    account_id: str
    role: Role
    names: list[str]


def make(account_id: str, name: str, now: datetime) -> tuple[AppPassword, str]:
    """A new app password, called `name`, and its text, which nobody is told again.

    Raises TooManyAppPasswords.
    """
    if AppPassword.by_account.count(account_id, limit=MOST) >= MOST:
        raise TooManyAppPasswords(f"You have {MOST}. Remove one that is no longer used.")
    text = passwords.made_up(GROUPS)
    made = AppPassword(_digest(text), id=new_id(now), account_id=account_id, name=name, created_at=now)
    made.save(AppPassword.id.does_not_exist())
    return made, text


def of_account(account_id: str, limit: int, cursor: str | None) -> Part[AppPassword]:
    """A page of somebody's app passwords, newest first."""
    after = position(cursor)
    before = AppPassword.id < after if after else None
    found = AppPassword.by_account.query(account_id, before, scan_index_forward=False, page_size=limit + 1)
    return first(found, limit, lambda kept: kept.id)


def all_of(account_id: str) -> Iterator[AppPassword]:
    """All of somebody's app passwords."""
    return iter(AppPassword.by_account.query(account_id))


def shown(kept: Iterable[AppPassword]) -> list[AppPasswordShown]:
    """App passwords as the API shows them."""
    return [AppPasswordShown(id=k.id, name=k.name, created_at=k.created_at, used_on=k.used_on) for k in kept]


def revoke(account_id: str, password_id: str, cache: Cache) -> None:
    """Take back an app password of one's own.

    Raises NotFound.
    """
    kept = next(iter(AppPassword.by_account.query(account_id, AppPassword.id == password_id)), None)
    if kept is None:
        raise NotFound("There is no such app password.")
    _remove(kept, cache)


def revoke_all(account_id: str, cache: Cache) -> None:
    """Take back all app passwords of somebody who leaves. Safe to repeat."""
    for kept in all_of(account_id):
        _remove(kept, cache)


def _remove(kept: AppPassword, cache: Cache) -> None:
    kept.delete()
    _forget(kept.secret_hash, cache)


def look_again(account_id: str, cache: Cache) -> None:
    """Let the standing of somebody be read again before one of their app passwords opens anything."""
    for kept in all_of(account_id):
        _forget(kept.secret_hash, cache)


def admit(login: str, text: str, address: str, cache: Cache, now: datetime) -> Caller:
    """Who signs in with this app password. Costs no read while the cache knows it, else two.

    Raises WrongAppPassword, TooManyAttempts, AccountSuspended (which a guesser is not told).
    """
    secret_hash, who = _digest(text), sessions.digest(people.claim_of(login))
    holder = _recalled(secret_hash, cache)
    if holder is None:
        sessions.limit_guesses(who, address, cache)
        holder = _read(secret_hash, cache, now)
        if holder is not None and who in holder.names:
            sessions.forgive(who, address, cache)
    if holder is None or who not in holder.names:
        raise WrongAppPassword
    return Caller(holder.account_id, holder.role, secret_hash)


def still_admits(caller: Caller, cache: Cache, now: datetime) -> bool:
    """Whether the app password a caller was admitted by, whose digest is the caller's session, is still good.

    Raises AccountSuspended.
    """
    holder = _recalled(caller.session_id, cache) or _read(caller.session_id, cache, now)
    return holder is not None and holder.account_id == caller.id


def seal(caller: Caller) -> str:
    """What an app keeps in place of an app password, to come back with when its access token has expired."""
    return f"{caller.session_id}.{_seal(caller.session_id)}"


def admit_sealed(token: str, cache: Cache, now: datetime) -> Caller | None:
    """Who was admitted by the app password that `token` was made of; None where it is none, or was taken back.

    Raises AccountSuspended.
    """
    secret_hash, _, sealed = token.partition(".")
    if not hmac.compare_digest(sealed.encode(), _seal(secret_hash).encode()):
        return None
    holder = _recalled(secret_hash, cache) or _read(secret_hash, cache, now)
    return Caller(holder.account_id, holder.role, secret_hash) if holder else None


def _seal(secret_hash: str) -> str:
    return sessions.sealed(f"app-password:{secret_hash}")


def _recalled(secret_hash: str, cache: Cache) -> Holder | None:
    note = cache.recall(_note(secret_hash))
    return decoded(note, Holder) if note else None


def _read(secret_hash: str, cache: Cache, now: datetime) -> Holder | None:
    """Whose an app password is, from the tables; noted in the cache, and on the password that it was used today."""
    kept = get(AppPassword, secret_hash)
    person = get(Account, kept.account_id) if kept else None
    if kept is None or person is None or person.erased_at is not None:
        return None
    if person.suspended_at is not None:
        raise sessions.AccountSuspended
    today = now.date().isoformat()
    if kept.used_on != today:
        # A day is all a patron needs to know, and no write for each request. One revoked meanwhile stays away.
        kept.update([AppPassword.used_on.set(today)], AppPassword.id.exists())
    claims = [people.username_claim(person.username)] + ([people.email_claim(person.email)] if person.email else [])
    holder = Holder(person.id, Role(person.role), [sessions.digest(claim) for claim in claims])
    # Only where nothing is noted: what was taken back in this very moment must not be written over.
    cache.remember(_note(secret_hash), msgspec.json.encode(holder).decode(), KNOWN_FOR, only_new=True)
    return holder


def _forget(secret_hash: str, cache: Cache) -> None:
    cache.remember(_note(secret_hash), "", KNOWN_FOR)


def _note(secret_hash: str) -> str:
    return f"app-password:{secret_hash}"


def _digest(text: str) -> str:
    """What is kept of an app password, however it was typed: capitals, spaces and dashes do not matter."""
    return sessions.digest("".join(c for c in text.casefold() if c.isalnum()))
