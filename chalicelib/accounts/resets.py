"""Passwords that were forgotten: a link, mailed to the address that is known, sets a new one, once and within an hour.

Whoever asks is answered alike, with or without such an account, and as much is written. The link's secret follows from
its id and the library's own secret: only its hash is kept, and who writes the mail can tell it again.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from chalicelib import seals, settings
from chalicelib.accounts import people
from chalicelib.accounts.sessions import ATTEMPTS_FROM_AN_ADDRESS, WINDOW, digest
from chalicelib.accounts.tables import Reset
from chalicelib.cache import Cache
from chalicelib.database import Transaction, get
from chalicelib.errors import Forbidden, TooManyAttempts
from chalicelib.facts import fact
from chalicelib.ids import is_id, new_id

GOOD_FOR = timedelta(hours=1)
ASKED_AT_MOST = 3
"""Times a minute for one name from one address."""


class ResetEnded(Forbidden):
    title = "This link was used, or has ended; ask for another"


def ask(login: str, address: str, cache: Cache, now: datetime) -> None:
    """Let who has this user name or e-mail address be mailed a link, if somebody has, and an address is known.

    Raises TooManyAttempts.
    """
    asked = cache.count(f"forgot:{digest(people.claim_of(login))}:{address}", WINDOW)
    if asked > ASKED_AT_MOST or cache.count(f"forgot:{address}", WINDOW) > ATTEMPTS_FROM_AN_ADDRESS:
        raise TooManyAttempts("You asked for this a moment ago. Wait a minute.", retry_after=WINDOW)
    account = people.find(login)
    if account is not None and (account.email is None or account.suspended_at is not None):
        account = None
    reset_id = new_id(now)
    reset = Reset(
        id=reset_id,
        account_id=account.id if account else None,
        secret_hash=digest(_secret(reset_id)),
        expires_at=(now + GOOD_FOR).replace(microsecond=0),
    )
    transaction = Transaction()
    transaction.put(reset)
    if account is not None:
        transaction.put(fact("account.reset-asked", now, subject=account.id, reset=reset_id))
    transaction.commit()


def address_of(reset_id: str) -> str:
    """The address at which a new password is set."""
    return f"{settings.current().public_url}/forgot?token={reset_id}.{_secret(reset_id)}"


def of_token(token: str, now: datetime) -> Reset:
    """The reset whose token this is.

    Raises ResetEnded.
    """
    reset_id, _, secret = token.partition(".")
    kept = get(Reset, reset_id) if is_id(reset_id) else None
    if (
        kept is None
        or kept.account_id is None
        or kept.expires_at <= now
        or not hmac.compare_digest(kept.secret_hash, digest(secret))
    ):
        raise ResetEnded
    return kept


def use(transaction: Transaction, reset: Reset) -> None:
    """Use a reset up, as part of the transaction that sets the password.

    Fails with ResetEnded where it was used meanwhile.
    """
    transaction.delete(reset, Reset.id.exists(), lambda _: ResetEnded())


def _secret(reset_id: str) -> str:
    return seals.secret_for("password reset", reset_id)
