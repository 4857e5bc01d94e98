"""Reading and changing the library's settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from pynamodb.transactions import TransactGet

from chalicelib import periods
from chalicelib.database import Collision, Transaction, again, found, get
from chalicelib.errors import Invalid
from chalicelib.policy.tables import LIBRARY, Policy


def current() -> Policy:
    """The policy as it stands; the defaults where nothing was ever set."""
    return get(Policy, LIBRARY) or Policy(LIBRARY)


def within(snapshot: TransactGet) -> Any:
    """The policy as part of a snapshot; `settled` gives the policy out of what this returns."""
    return snapshot.get(Policy, LIBRARY)


def settled(future: Any) -> Policy:
    """The policy of a snapshot."""
    return found(future) or Policy(LIBRARY)


def change(changes: dict[str, Any], guard: Callable[[Policy], None]) -> Policy:
    """The policy with `changes`, stored. `guard` sees it as it was and may object.

    Raises Invalid for a period or zone that there is not.
    """
    for field in ("loan_period", "pickup_window"):
        if field in changes:
            checked_period(field, changes[field])
    if "timezone" in changes:
        checked_zone("timezone", changes["timezone"])

    def attempt() -> Policy:
        policy = current()
        guard(policy)
        for name, value in changes.items():
            setattr(policy, name, value)
        read_at, policy.revision = policy.revision, policy.revision + 1
        # One write, and a transaction all the same: its token lets it be sent again when its answer was lost.
        transaction = Transaction()
        transaction.put(policy, Policy.id.does_not_exist() | (Policy.revision == read_at), lambda _: Collision())
        transaction.commit()
        return policy

    return again(attempt)


def checked_period(field: str, text: str) -> str:
    """`text`, if it is a period the library can lend for; else raises Invalid for `field`."""
    try:
        periods.parse(text)
    except ValueError as error:
        raise Invalid.field(field, str(error), "period") from None
    return text


def checked_zone(field: str, zone: str) -> str:
    """`zone`, if it is a time zone of the IANA database; else raises Invalid for `field`."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise Invalid.field(field, "There is no such time zone. Write one such as Europe/Paris.", "zone") from None
    return zone
