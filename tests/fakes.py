"""Stand-ins that behave."""

from __future__ import annotations

from collections.abc import Callable
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
    """As much of Redis as the cache uses; expiry is left to the tests on the real one. `calls` counts round trips."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.calls = 0

    def mget(self, *keys: str) -> list[bytes | None]:
        self.calls += 1
        return [self.kept.get(key) for key in keys]

    def get(self, key: str) -> bytes | None:
        self.calls += 1
        return self.kept.get(key)

    def set(
        self, key: str, value: str | bytes, ex: int | None = None, px: int | None = None, nx: bool = False
    ) -> bool | None:
        self.calls += 1
        if nx and key in self.kept:
            return None
        self.kept[key] = value.encode() if isinstance(value, str) else value
        return True

    def incrby(self, key: str, step: int) -> int:
        value = int(self.kept.get(key, b"0")) + step
        self.set(key, str(value))
        return value

    def expire(self, key: str, life: int) -> bool:
        return key in self.kept

    def delete(self, key: str) -> int:
        self.calls += 1
        return int(self.kept.pop(key, None) is not None)

    def ping(self) -> bool:
        self.calls += 1
        return True

    def pipeline(self, transaction: bool = True) -> FakePipeline:
        return FakePipeline(self)


class FakePipeline:
    """Several commands in one go."""

    def __init__(self, redis: FakeRedis) -> None:
        self._redis = redis
        self._commands: list[Callable[[], Any]] = []

    def __enter__(self) -> FakePipeline:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __getattr__(self, command: str) -> Callable[..., FakePipeline]:
        def later(*args: Any, **kwargs: Any) -> FakePipeline:
            self._commands.append(lambda: getattr(self._redis, command)(*args, **kwargs))
            return self

        return later

    def execute(self) -> list[Any]:
        before = self._redis.calls
        answers = [command() for command in self._commands]
        self._redis.calls = before + 1
        return answers
