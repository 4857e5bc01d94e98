"""The line to Redis: given up on soon, tried again behind everybody's back, and what it was not told is owed.

While Redis does not answer, the line is down: who asks is told nothing, at once. Only the request that found out has
waited, for PATIENCE at most at each step. A thread of its own tries every REST seconds; when Redis answers again, it
first hears what it was not told in the meantime, and then the line is up.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

PATIENCE = 0.03
"""Seconds that Redis may take to accept a connection, or to answer."""

REST = 1.0
"""Seconds between two attempts to reach a Redis that does not answer."""

Writes: TypeAlias = "Mapping[str, tuple[bytes, int]]"
"""Values by their keys, each with its life in seconds."""

log = logging.getLogger(__name__)


class Line:
    """The line to the Redis that `connect` gives. `back_at` is the `now()` at which it came up again last, 0 if it was
    never down."""

    def __init__(self, connect: Callable[[], Any], now: Callable[[], float]) -> None:
        self._connect = connect
        self._now = now
        self._redis: Any = None
        self._down = False
        self._owed: dict[str, tuple[bytes, int]] = {}
        self._lock = threading.Lock()
        self.back_at = 0.0

    def ask(self, call: Callable[[Any], T]) -> T | None:
        """What `call` makes of Redis; None while the line is down."""
        if self._down:
            return None
        import redis

        client = self._redis
        try:
            if client is None:
                client = self._first()
            return call(client)
        except (redis.RedisError, OSError) as error:
            self._fell(client, error)
            return None

    def tell(self, writes: Writes) -> None:
        """Write to Redis, if not now then first thing when it answers again."""
        while self.ask(lambda redis: _written(redis, writes)) is None:
            with self._lock:
                if self._down:
                    self._owed.update(writes)
                    return

    def _first(self) -> Any:
        with self._lock:
            if self._redis is None:
                self._redis = self._connect()
            return self._redis

    def _fell(self, client: Any, error: Exception) -> None:
        with self._lock:
            # Who was still waiting on the connections of before says nothing about those of now.
            if self._down or client is not self._redis:
                return
            self._down = True
        log.warning("the cache does not answer (%s); going without it", error)
        threading.Thread(target=self._try_again, name="redis", daemon=True).start()

    def _try_again(self) -> None:
        import redis

        while self._down:
            time.sleep(REST)
            try:
                client = self._connect()
                client.ping()
                self._settle(client)
            except (redis.RedisError, OSError):
                continue

    def _settle(self, client: Any) -> None:
        """Tell `client` what is owed; nobody asks it anything before that is done."""
        while True:
            with self._lock:
                if not self._owed:
                    self._redis, self._down, self.back_at = client, False, self._now()
                    log.warning("the cache answers again")
                    return
                owed, self._owed = self._owed, {}
            try:
                _written(client, owed)
            except BaseException:
                with self._lock:
                    self._owed = owed | self._owed
                raise


def _written(redis: Any, writes: Writes) -> bool:
    with redis.pipeline(transaction=False) as pipe:
        for key, (value, life) in writes.items():
            pipe.set(key, value, ex=life)
        pipe.execute()
    return True


def connection(url: str) -> Any:
    """A Redis at `url` that is given up on soon: an answer from the database is never far."""
    import redis

    return redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=None, protocol=2)
