"""Redis in front of the catalogue's hot queries, and the counts behind rate limits.

It fails open: without Redis, or with a slow one, everything is answered from the database.

A cached value carries the *version* of its namespace, a random word that every write replaces. A value is fresh
if its word is the namespace's word now, so one MGET both reads and checks, and a slow filler that read before a
write stores its value under a word that no longer counts.
"""

from __future__ import annotations

import logging
import random
import secrets
import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from chalicelib.decoding import decoded

LIFE = 60
"""Seconds a value is kept, up to a quarter less so that hot keys do not all expire at once. As long could an answer
be too old if Redis was out of reach for the write that changed it, and then came back."""

REST = 5.0
"""Seconds for which Redis is left alone after it failed."""

T = TypeVar("T")

NEWEST = "newest"
RATED = "rated"
POPULAR = "popular"
SECTIONS = "sections"


def book_namespace(book_id: str) -> str:
    """The namespace of one book's page."""
    return f"book:{book_id}"


class Cache:
    """Read-through cache over the Redis that `connect` gives; with none it caches nothing."""

    def __init__(self, connect: Callable[[], Any] | None, prefix: str) -> None:
        self._connect = connect
        self._prefix = prefix
        self._redis: Any = None
        self._resting_until = 0.0

    def through(self, namespace: str, query: str, shape: type[T], read: Callable[[], T]) -> T:
        """The answer to `query`, of type `shape`: kept, or else made by `read()` and kept."""
        version_key, value_key = self._key("version", namespace), self._key("value", namespace, query)
        version, kept = self._try(lambda redis: redis.mget(version_key, value_key)) or (None, None)
        if version is not None and kept is not None:
            stamp, _, body = kept.partition(b" ")
            if stamp == version:
                return decoded(body, shape)
        if version is None:
            version = self._try(lambda redis: self._stamp(redis, version_key, nx=True))
        answer = read()
        if version is not None:
            life = int(LIFE * random.uniform(0.75, 1))
            body = version + b" " + msgspec.json.encode(answer)
            self._try(lambda redis: redis.set(value_key, body, ex=life))
        return answer

    def forget(self, *namespaces: str) -> None:
        """Let every kept answer of `namespaces` go; called after the write they depend on is committed."""
        for namespace in namespaces:
            key = self._key("version", namespace)
            self._try(lambda redis, key=key: self._stamp(redis, key))

    def remember(self, key: str, value: str, life: int, *, only_new: bool = False) -> None:
        """Keep a small value under `key` for `life` seconds; with `only_new`, unless there is one."""
        self._try(lambda redis: redis.set(self._key("note", key), value, ex=life, nx=only_new))

    def recall(self, key: str) -> str | None:
        """What was kept under `key`, or None."""
        value = self._try(lambda redis: redis.get(self._key("note", key)))
        return value.decode() if value is not None else None

    def count(self, key: str, window: int, step: int = 1) -> int:
        """How much was counted for `key` within the running window of `window` seconds, this `step` included.

        0 where it cannot be known.
        """
        slot = int(time.time()) // window
        counter = self._key("count", key, str(slot))

        def bump(redis: Any) -> int:
            with redis.pipeline(transaction=False) as pipe:
                pipe.incrby(counter, step).expire(counter, window)
                return pipe.execute()[0]

        return self._try(bump) or 0

    def alive(self) -> bool:
        """Whether Redis answers now."""
        return bool(self._try(lambda redis: redis.ping()))

    def _key(self, *parts: str) -> str:
        return self._prefix + ":".join(parts)

    @staticmethod
    def _stamp(redis: Any, key: str, *, nx: bool = False) -> bytes:
        word = secrets.token_hex(8).encode()
        if redis.set(key, word, ex=LIFE * 4, nx=nx):
            return word
        return redis.get(key)

    def _try(self, call: Callable[[Any], Any]) -> Any:
        """What `call` makes of Redis, or None where Redis is missing, slow or failing; then it rests a while."""
        if self._connect is None or time.monotonic() < self._resting_until:
            return None
        import redis

        try:
            if self._redis is None:
                self._redis = self._connect()
            return call(self._redis)
        except (redis.RedisError, OSError) as error:
            self._resting_until = time.monotonic() + REST
            logging.getLogger(__name__).warning("the cache does not answer (%s); going without it", error)
            return None


def connection(url: str) -> Any:
    """A Redis at `url` that is given up on soon: an answer from the database is never far."""
    import redis

    # Shaking hands over TLS takes a few round trips; it is done once for each process.
    connect_timeout = 0.25 if url.startswith("rediss:") else 0.04
    return redis.Redis.from_url(
        url, socket_timeout=0.04, socket_connect_timeout=connect_timeout, retry=None, protocol=2
    )
