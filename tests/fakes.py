"""Stand-ins that behave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any


class SettableClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        # Near the real time: presigned addresses and tokens are checked against the real clock.
        self.time = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.time

    def forward(self, **span: float) -> None:
        self.time += timedelta(**span)


class FakeRedis:
    """As much of Redis as the cache uses; expiry is left to the tests on the real one."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.calls = 0

    def mget(self, *keys: str) -> list[bytes | None]:
        self.calls += 1
        return [self.kept.get(key) for key in keys]

    def get(self, key: str) -> bytes | None:
        self.calls += 1
        return self.kept.get(key)

    def set(self, key: str, value: str | bytes, ex: int | None = None, nx: bool = False) -> bool | None:
        self.calls += 1
        if nx and key in self.kept:
            return None
        self.kept[key] = value.encode() if isinstance(value, str) else value
        return True

    def ping(self) -> bool:
        return True

    def pipeline(self, transaction: bool = True) -> FakePipeline:
        return FakePipeline(self)


class FakePipeline:
    """INCR and EXPIRE in one go."""

    def __init__(self, redis: FakeRedis) -> None:
        self._redis = redis
        self._answers: list[Any] = []

    def __enter__(self) -> FakePipeline:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def incrby(self, key: str, step: int) -> FakePipeline:
        value = int(self._redis.kept.get(key, b"0")) + step
        self._redis.kept[key] = str(value).encode()
        self._answers.append(value)
        return self

    def expire(self, key: str, life: int) -> FakePipeline:
        self._answers.append(True)
        return self

    def execute(self) -> list[Any]:
        return self._answers
