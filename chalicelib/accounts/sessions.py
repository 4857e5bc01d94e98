"""Signing in and out. A session is a device; its refresh token is `session id.secret` and rotates at each use.

An old refresh token that comes back is taken for stolen and ends the session, but for a moment after the
rotation: two tabs that wake together send the same one.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib import settings
from chalicelib.accounts import passwords, service
from chalicelib.accounts.tables import Account, Session
from chalicelib.auth import Caller, Role, issue
from chalicelib.cache import Cache
from chalicelib.database import get, unless
from chalicelib.errors import NotFound, TooManyAttempts, Unauthenticated
from chalicelib.ids import is_id, new_id

GRACE = timedelta(seconds=30)
WINDOW = 60
ATTEMPTS_FOR_A_LOGIN = 10
ATTEMPTS_FROM_AN_ADDRESS = 600
OPEN_FOR = 60
"""Seconds for which the cache may say that a session is open without asking the database."""


class WrongCredentials(Unauthenticated):
    title = "User name and password do not belong together"


class SessionEnded(Unauthenticated):
    title = "You were signed out; please sign in again"


class _RotatedMeanwhile(SessionEnded):
    pass


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh access token, and the refresh token where a new one was given out."""

    access_token: str
    role: Role
    refresh_token: str | None


def sign_in(login: str, password: str, device: str, address: str, cache: Cache, now: datetime) -> SignedIn:
    """A new session for who knows the password.

    Raises WrongCredentials, or TooManyAttempts after 10 in a minute for one login from one address, or 600
    from one address, behind which a whole school may stand.
    """
    for_login = cache.count(f"login:{_digest(login.casefold())}:{address}", WINDOW)
    if for_login > ATTEMPTS_FOR_A_LOGIN or cache.count(f"login:{address}", WINDOW) > ATTEMPTS_FROM_AN_ADDRESS:
        raise TooManyAttempts("Too many attempts to sign in. Wait a minute.", retry_after=WINDOW)
    account = service.find(login)
    if not passwords.matches(account.password_hash if account else None, password) or account is None:
        raise WrongCredentials
    secret = secrets.token_urlsafe(32)
    session = Session(
        id=new_id(now),
        account_id=account.id,
        secret_hash=_digest(secret),
        rotated_at=now,
        created_at=now,
        device=device[:200],
        expires_at=_expiry(now),
    )
    session.save()
    return _signed_in(account, session, secret, now)


def refresh(token: str, cache: Cache, now: datetime) -> SignedIn:
    """A fresh access token for a refresh token, which is replaced.

    Raises SessionEnded.
    """
    session, secret = _session_of(token)
    if session.expires_at <= now:
        raise SessionEnded
    given = _digest(secret)
    if given != session.secret_hash:
        if given == session.previous_hash and now - session.rotated_at < GRACE:
            return _signed_in(service.account(session.account_id), session, None, now)
        end(session.id, cache)
        raise SessionEnded
    account = service.account(session.account_id)
    fresh = secrets.token_urlsafe(32)
    try:
        with unless(_RotatedMeanwhile):
            session.update(
                [
                    Session.secret_hash.set(_digest(fresh)),
                    Session.previous_hash.set(given),
                    Session.rotated_at.set(now),
                    Session.expires_at.set(_expiry(now)),
                ],
                Session.secret_hash == given,
            )
    except _RotatedMeanwhile:
        return _signed_in(account, session, None, now)
    return _signed_in(account, session, fresh, now)


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
    if _digest(secret) in (session.secret_hash, session.previous_hash):
        end(session.id, cache)


def of_account(account_id: str) -> list[Session]:
    """Where a person is signed in, newest first; at most 100."""
    return list(Session.by_account.query(account_id, scan_index_forward=False, limit=100))


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


def _signed_in(account: Account, session: Session, secret: str | None, now: datetime) -> SignedIn:
    role = Role(account.role)
    token = issue(Caller(account.id, role, session.id), now)
    return SignedIn(token, role, f"{session.id}.{secret}" if secret else None)


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


def _digest(text: str) -> str:
    # The secrets have 256 random bits: a plain hash is enough.
    return hashlib.sha256(text.encode()).hexdigest()
