"""Redis in front of the catalogue's hot queries, and the counts behind rate limits.

It fails open: without Redis, or with a slow one, everything is answered from the database (`line.py`).

A cached value carries the *version* of its namespace, a word that every write replaces. A value is fresh if its
word is the namespace's word now, so one MGET both reads and checks, and a slow filler that read before a write stores
its value under a word that no longer counts. What is promised, and what not, is in docs/decisions/0016.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.line import Line

LIFE = 60.0
"""Seconds a value is kept. As long could an answer be too old if the process that wrote what changed it could not
reach Redis, and then was gone."""

VERSION_LIFE = 240
"""Seconds a version is kept after it was last used."""

SETTLING = 5.0
"""Seconds after a write within which an index may not show it yet. AWS speaks of fractions of one."""

SHORT_LIFE = 1.0
"""Seconds a value is kept that was read from an index while it may not have shown the last write."""

FILLING = 2.0
"""Seconds for which one process may be the only one to fill a key."""

WAIT = 0.25
"""Seconds that the others wait for it; then they read for themselves."""

NEWEST = "newest"
RATED = "rated"
POPULAR = "popular"
TITLED = "titled"
SECTIONS = "sections"
STATS = "stats"

LAGGING = frozenset({RATED, POPULAR, TITLED, STATS})
"""The namespaces whose answers are read from indexes, which follow their table a moment later."""


def book_namespace(book_id: str) -> str:
    """The namespace of one book's page."""
    return f"book:{book_id}"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the answer to one query is kept."""

    version: str
    value: str
    lags: bool

    def lock(self, version: bytes) -> str:
        # Who fills what a write has outdated stands in nobody's way.
        return f"{self.value}:{version.decode()}"


class Cache:
    """Read-through cache over the Redis that `connect` gives; with none it caches nothing. `now` gives the time in
    seconds since 1970."""

    def __init__(self, connect: Callable[[], Any] | None, prefix: str, now: Callable[[], float] = time.time) -> None:
        self._line = Line(connect, now) if connect else None
        self._prefix = prefix
        self._now = now

    def through(self, namespace: str, query: str, read: Callable[[], bytes]) -> bytes:
        """The answer to `query`: kept, or else made by `read()` and kept.

        Where several miss the same at once, one reads and the others wait for it. An answer that nears its end is
        made anew by one, while the others are still given the old one: no write has touched it.
        """
        if self._line is None:
            return read()
        # The braces keep both on one node of a cluster, as MGET needs them.
        place = _Place(
            self._key("version", f"{{{namespace}}}"),
            self._key("value", f"{{{namespace}}}", query),
            namespace in LAGGING,
        )
        version, kept = self._line.ask(lambda redis: redis.mget(place.version, place.value)) or (None, None)
        body, young = self._believed(kept, version)
        if body is not None and young:
            return body
        return self._made(self._line, place, version, body, read)

    def _believed(self, kept: bytes | None, version: bytes | None) -> tuple[bytes | None, bool]:
        """The answer that was kept, if it holds, and whether it is far from its end."""
        if kept is None or version is None or self._line is None:
            return None, False
        word, made, until, body = kept.split(b" ", 3)
        # While Redis was out of reach for this process, so it may have been for another, and for what that wrote.
        if word != version or float(made) < self._line.back_at:
            return None, False
        return body, self._now() < float(until)

    def _made(
        self, line: Line, place: _Place, version: bytes | None, ageing: bytes | None, read: Callable[[], bytes]
    ) -> bytes:
        """The answer made anew, by this process or another."""
        if version is None:
            version = line.ask(lambda redis: _agreed(redis, place.version, self._word()))
        if version is None:
            return read()
        claimed, kept = line.ask(lambda redis: _claimed(redis, place.lock(version), place.value)) or (False, None)
        body, young = self._believed(kept, version)
        if not (body is not None and young):
            if claimed:
                return self._fill(line, place, version, read)
            body = ageing or self._filled_by_another(line, place, version)
        elif claimed:
            line.ask(lambda redis: redis.delete(place.lock(version)))
        return body if body is not None else self._fill(line, place, version, read)

    def _fill(self, line: Line, place: _Place, version: bytes, read: Callable[[], bytes]) -> bytes:
        made = self._now()
        unsettled = place.lags and made - _time_of(version) < SETTLING
        life = SHORT_LIFE if unsettled else LIFE
        try:
            body = read()
        except BaseException:
            line.ask(lambda redis: redis.delete(place.lock(version)))
            raise
        # Hot keys must not all near their end at once.
        until = made + life * random.uniform(0.7, 0.9)
        value = b"%s %.3f %.3f %s" % (version, made, until, body)
        line.ask(lambda redis: _stored(redis, place, value, int(life * 1000), place.lock(version)))
        return body

    def _filled_by_another(self, line: Line, place: _Place, version: bytes) -> bytes | None:
        """What the one who fills it kept; None where that takes too long, or comes to nothing."""
        waited, pause = 0.0, 0.002
        while waited < WAIT:
            time.sleep(pause)
            waited += pause
            pause = min(2 * pause, 0.02)
            found = line.ask(lambda redis: redis.mget(place.version, place.value, place.lock(version)))
            if found is None:
                return None
            body, _ = self._believed(found[1], found[0])
            if body is not None or found[2] is None:
                return body
        return None

    def forget(self, *namespaces: str) -> None:
        """Let every kept answer of `namespaces` go; called after the write they depend on is committed.

        If Redis cannot be reached, this process goes without it until it has heard of this.
        """
        if self._line is not None:
            keys = [self._key("version", f"{{{namespace}}}") for namespace in namespaces]
            self._line.tell({key: (self._word(), VERSION_LIFE) for key in keys})

    def remember(self, key: str, value: str, life: int, *, only_new: bool = False) -> None:
        """Keep a small value under `key` for `life` seconds; with `only_new`, unless there is one, or Redis is out of
        reach."""
        if self._line is None:
            return
        note = self._key("note", key)
        if only_new:
            self._line.ask(lambda redis: redis.set(note, value, ex=life, nx=True))
        else:
            self._line.tell({note: (value.encode(), life)})

    def recall(self, key: str) -> str | None:
        """What was kept under `key`, or None."""
        value = self._line.ask(lambda redis: redis.get(self._key("note", key))) if self._line else None
        return value.decode() if value is not None else None

    def count(self, key: str, window: int, step: int = 1) -> int:
        """How much was counted for `key` within the running window of `window` seconds, this `step` included.

        0 where it cannot be known.
        """
        slot = int(self._now()) // window
        counter = self._key("count", key, str(slot))

        def bump(redis: Any) -> int:
            with redis.pipeline(transaction=False) as pipe:
                pipe.incrby(counter, step).expire(counter, window)
                return pipe.execute()[0]

        return (self._line.ask(bump) if self._line else None) or 0

    def alive(self) -> bool:
        """Whether Redis answers now."""
        return bool(self._line and self._line.ask(lambda redis: redis.ping()))

    def _key(self, *parts: str) -> str:
        return self._prefix + ":".join(parts)

    def _word(self) -> bytes:
        """A version that never was, and when it was made."""
        return b"%x-%s" % (int(self._now() * 1000), secrets.token_hex(4).encode())


def _time_of(version: bytes) -> float:
    return int(version.partition(b"-")[0], 16) / 1000


def _agreed(redis: Any, key: str, word: bytes) -> bytes:
    """The version under `key`: `word`, unless somebody was quicker."""
    return word if redis.set(key, word, ex=VERSION_LIFE, nx=True) else redis.get(key)


def _claimed(redis: Any, lock: str, value_key: str) -> tuple[bool, bytes | None]:
    """Whether filling is left to this process, and what was kept until now."""
    with redis.pipeline(transaction=False) as pipe:
        pipe.set(lock, b"1", px=int(FILLING * 1000), nx=True).get(value_key)
        claimed, kept = pipe.execute()
    return bool(claimed), kept


def _stored(redis: Any, place: _Place, value: bytes, life: int, lock: str) -> bool:
    with redis.pipeline(transaction=False) as pipe:
        pipe.set(place.value, value, px=life).expire(place.version, VERSION_LIFE).delete(lock).execute()
    return True
