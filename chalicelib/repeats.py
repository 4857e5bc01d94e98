"""Requests that are sent twice and done once: what became of each that came with an Idempotency-Key, for a day.

| access pattern          | key                     | cost                              |
|-------------------------|-------------------------|-----------------------------------|
| was this done before    | Repeat caller and key   | 1 read, where a key was sent      |
| note that it is done    | with its change         | one more write in the transaction |
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from pynamodb.attributes import TTLAttribute, UnicodeAttribute

from chalicelib.database import Place, Table, Transaction, get, named
from chalicelib.errors import Invalid, Rule

T = TypeVar("T")

KEPT_FOR = timedelta(days=1)


class DoneBefore(Rule):
    title = "This was done already"


class Repeat(Table):
    class Meta(Place):
        table_name = named("repeats")

    key = UnicodeAttribute(hash_key=True)
    what = UnicodeAttribute()
    result = UnicodeAttribute()
    expires_at = TTLAttribute()


@dataclass(frozen=True, slots=True)
class Key:
    """The name of one request: `text` as `caller` sent it, for `what`."""

    caller: str
    text: str
    what: str

    def part(self, name: str) -> Key:
        """The name of one part of a request that does several things."""
        return Key(self.caller, f"{self.text}#{name}", self.what)

    def note(self, transaction: Transaction, result: str, now: datetime) -> None:
        """Note, as part of `transaction`, that the request is done, and the id of what came of it."""
        done = Repeat(key=self._hash, what=self.what, result=result, expires_at=now + KEPT_FOR)
        # One whose day is over may still be there.
        transaction.put(done, Repeat.key.does_not_exist() | (Repeat.expires_at <= now), lambda _: DoneBefore())

    def result(self, now: datetime) -> str | None:
        """The id of what came of the request when it was done before, or None.

        Raises Invalid where the key was sent with another request.
        """
        kept = get(Repeat, self._hash)
        if kept is None or kept.expires_at <= now:
            return None
        if kept.what != self.what:
            raise Invalid.field("Idempotency-Key", "This key was sent with another request.", "reused")
        return kept.result

    @property
    def _hash(self) -> str:
        return hashlib.sha256(f"{self.caller}\n{self.text}".encode()).hexdigest()


def once(key: Key | None, now: datetime, act: Callable[[], T], recall: Callable[[str], T]) -> T:
    """What `act` returns; or, where the request of this key was done before, what `recall` makes of its result.

    `act` notes the key in its transaction.
    """
    if key is None:
        return act()
    if (done := key.result(now)) is not None:
        return recall(done)
    try:
        return act()
    except Rule:
        # Sent twice at once, the other was quicker, and this one was refused for what the other did.
        if (done := key.result(now)) is not None:
            return recall(done)
        raise
