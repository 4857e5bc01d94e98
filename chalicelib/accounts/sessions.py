"""Signing in and out. A session is a device; its refresh token is `session id.secret` and rotates at each use.

An old refresh token that comes back is taken for stolen and ends the session, but for a moment after the
rotation: two tabs that wake together send the same one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib import settings
from chalicelib.accounts import passwords, people
from chalicelib.accounts.tables import Account, Session
from chalicelib.auth import Caller, Role, issue
from chalicelib.cache import Cache
from chalicelib.database import Collision, Transaction, again, get, unless
from chalicelib.errors import Forbidden, NotFound, TooManyAttempts, Unauthenticated, Unavailable
from chalicelib.facts import day_of, fact
from chalicelib.ids import is_id, new_id
from chalicelib.paging import Part, first, position

GRACE = timedelta(seconds=30)
WINDOW = 60
ATTEMPTS_FOR_AN_ACCOUNT = 10
ATTEMPTS_FROM_AN_ADDRESS = 600
OPEN_FOR = 60
"""Seconds for which the cache may say that a session is open without asking the database."""


class WrongCredentials(Unauthenticated):
    title = "User name and password do not belong together"


class AccountSuspended(Forbidden):
    title = "Your account is suspended; please ask the librarian"


class SessionEnded(Unauthenticated):
    title = "You were signed out; please sign in again"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh access token, and the refresh token."""

    access_token: str
    role: Role
    refresh_token: str


def sign_in(login: str, password: str, device: str, address: str, cache: Cache, now: datetime) -> SignedIn:
    """A new session for who knows the password.

    Raises WrongCredentials, TooManyAttempts, AccountSuspended (which a guesser is not told).
    """
    account = people.find(login)
    who = account.id if account else digest(people.claim_of(login))
    limit_guesses(who, address, cache)
    if not passwords.matches(account.password_hash if account else None, password) or account is None:
        raise WrongCredentials
    forgive(who, address, cache)
    if account.suspended_at is not None:
        raise AccountSuspended
    secret = secrets.token_urlsafe(32)
    session = Session(
        id=new_id(now),
        account_id=account.id,
        secret_hash=digest(secret),
        rotated_at=now,
        created_at=now,
        device=device[:200],
        expires_at=_expiry(now),
    )
    transaction = Transaction()
    transaction.put(session)
    # Whoever is suspended or erased in this very moment must not be left with a session.
    good = Account.suspended_at.does_not_exist() & Account.erased_at.does_not_exist()
    transaction.check(account, good, lambda _: AccountSuspended())
    transaction.commit()
    _note_visit(account, now)
    return _signed_in(account, session, secret, now)


def limit_guesses(who: str, address: str, cache: Cache) -> None:
    """Count an attempt to know the password of an account (or of a name that has none).

    Raises TooManyAttempts after 10 in a minute for one account from one address, or 600 from one address, behind
    which a whole school may stand.
    """
    # Counted before the password is looked at, so that guesses sent all at once are counted too.
    for_account = cache.count(_guesses(who, address), WINDOW)
    if for_account > ATTEMPTS_FOR_AN_ACCOUNT or cache.count(f"login:{address}", WINDOW) > ATTEMPTS_FROM_AN_ADDRESS:
        forgive(who, address, cache)  # none was made
        raise TooManyAttempts("Too many attempts to sign in. Wait a minute.", retry_after=WINDOW)


def forgive(who: str, address: str, cache: Cache) -> None:
    """Take back the last attempt that was counted: only failures count, and who knows the password may use it."""
    cache.count(_guesses(who, address), WINDOW, -1)


def limit_newcomers(address: str, cache: Cache) -> None:
    """Count a registration.

    Raises TooManyAttempts after 600 in a minute from one address.
    """
    if cache.count(f"register:{address}", WINDOW) > ATTEMPTS_FROM_AN_ADDRESS:
        raise TooManyAttempts("Too many new accounts from your address. Wait a minute.", retry_after=WINDOW)


def _guesses(who: str, address: str) -> str:
    return f"login:{who}:{address}"


def refresh(token: str, cache: Cache, now: datetime) -> SignedIn:
    """A fresh access token for a refresh token, which is replaced.

    Raises SessionEnded.
    """
    return again(lambda: _refresh(token, cache, now))


def _refresh(token: str, cache: Cache, now: datetime) -> SignedIn:
    session, secret = _session_of(token)
    if session.expires_at <= now:
        raise SessionEnded
    account = get(Account, session.account_id)
    if account is None or account.suspended_at is not None or account.erased_at is not None:
        raise SessionEnded
    # The next secret follows from this one, so that an answer which was lost on its way can be given again.
    following = _following(session.id, secret)
    if digest(following) == session.secret_hash and now - session.rotated_at < GRACE:
        return _signed_in(account, session, following, now)
    if digest(secret) != session.secret_hash:
        end(session.id, cache)
        raise SessionEnded
    with unless(Collision):
        session.update(
            [
                Session.secret_hash.set(digest(following)),
                Session.rotated_at.set(now),
                Session.expires_at.set(_expiry(now)),
            ],
            Session.secret_hash == digest(secret),
        )
    _note_visit(account, now)
    return _signed_in(account, session, following, now)


def _note_visit(account: Account, now: datetime) -> None:
    """Note the first visit of a patron on a day: whoever reads has their token refreshed every few minutes."""
    today = day_of(now)
    if account.role != Role.PATRON or account.seen_on == today:
        return
    transaction = Transaction()
    first = Account.erased_at.does_not_exist() & (Account.seen_on.does_not_exist() | (Account.seen_on < today))
    transaction.update(Account(account.id), [Account.seen_on.set(today)], first, lambda _: Collision())
    visited = fact("account.visited", now, subject=account.id, actor=account.id)
    # Beside the trail of what happened, which a school's visits would bury.
    visited.day = f"visits {visited.day}"
    transaction.put(visited)
    try:
        transaction.commit()
    except (Collision, Unavailable):
        return  # another device was quicker; or the next refresh notes it


def _following(session_id: str, secret: str) -> str:
    """The refresh secret that replaces `secret`."""
    return sealed(f"refresh:{session_id}:{secret}")


def sealed(text: str) -> str:
    """What only who has the library's own secret can tell of `text`."""
    return hmac.new(settings.current().jwt_secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def end(session_id: str, cache: Cache) -> None:
    """End a session: its refresh token is worth nothing from now on, and its access tokens are refused."""
    Session(session_id).delete()
    cache.remember(_note(session_id), "ended", settings.current().access_token_life)


def end_by_token(token: str, cache: Cache) -> None:
    """End the session of a refresh token, if it is one."""
    try:
        session, secret = _session_of(token)
    except SessionEnded:
        return
    if session.secret_hash in {digest(secret), digest(_following(session.id, secret))}:
        end(session.id, cache)


def of_account(account_id: str, limit: int, cursor: str | None) -> Part[Session]:
    """A page of where a person is signed in, newest first."""
    after = position(cursor)
    found = Session.by_account.query(
        account_id, Session.id < after if after else None, scan_index_forward=False, page_size=limit + 1
    )
    return first(found, limit, lambda session: session.id)


def end_one_of(account_id: str, session_id: str, cache: Cache) -> None:
    """End a session of one's own.

    Raises NotFound.
    """
    session = get(Session, session_id)
    if session is None or session.account_id != account_id:
        raise NotFound
    end(session_id, cache)


def end_all(account_id: str, cache: Cache, *, but: str | None = None) -> None:
    """End every session of a person, but the one with the id `but`."""
    for session in Session.by_account.query(account_id):
        if session.id != but:
            end(session.id, cache)


def is_open(session_id: str, cache: Cache) -> bool:
    """Whether a session has not ended. Asked before every request, so the cache answers where it can."""
    note = cache.recall(_note(session_id))
    if note is not None:
        return note == "open"
    if get(Session, session_id) is None:
        return False
    # Only where nothing is noted: a sign-out in this very moment must not be written over.
    cache.remember(_note(session_id), "open", OPEN_FOR, only_new=True)
    return True


def _signed_in(account: Account, session: Session, secret: str, now: datetime) -> SignedIn:
    role = Role(account.role)
    return SignedIn(issue(Caller(account.id, role, session.id), now), role, f"{session.id}.{secret}")


def _session_of(token: str) -> tuple[Session, str]:
    session_id, _, secret = token.partition(".")
    session = get(Session, session_id) if is_id(session_id) else None
    if session is None:
        raise SessionEnded
    return session, secret


def _expiry(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.current().session_life)


def _note(session_id: str) -> str:
    return f"session:{session_id}"


def digest(text: str) -> str:
    """What is kept of a secret that the library made up itself."""
    # The secrets have 256 random bits: a plain hash is enough.
    return hashlib.sha256(text.encode()).hexdigest()
