"""The cache's bookkeeping: fresh or nothing, and harmless when it is gone."""

from __future__ import annotations

from typing import Any

import pytest
import redis as redis_client

from chalicelib.cache import Cache
from tests.fakes import FakeRedis


def reading(answers: list[int]) -> Any:
    return lambda: answers.pop(0)


def test_an_answer_is_read_once_and_then_kept() -> None:
    cache = Cache(FakeRedis, "t:")
    answers = [1, 2]
    assert [cache.through("books", "q", int, reading(answers)) for _ in range(3)] == [1, 1, 1]


def test_a_write_lets_every_answer_of_its_namespace_go_and_no_other() -> None:
    cache = Cache(FakeRedis, "t:")
    for namespace in ("books", "sections"):
        cache.through(namespace, "q", int, reading([1]))
    cache.forget("books")
    assert cache.through("books", "q", int, reading([2])) == 2
    assert cache.through("sections", "q", int, reading([2])) == 1


def test_who_read_before_a_write_does_not_keep_the_old_answer_after_it() -> None:
    cache = Cache(FakeRedis, "t:")

    def slow() -> int:
        cache.forget("books")  # somebody writes while this reads
        return 1

    assert cache.through("books", "q", int, slow) == 1
    assert cache.through("books", "q", int, reading([2])) == 2


def test_a_flushed_redis_is_filled_anew() -> None:
    redis = FakeRedis()
    cache = Cache(lambda: redis, "t:")
    cache.through("books", "q", int, reading([1]))
    redis.kept.clear()
    assert cache.through("books", "q", int, reading([2])) == 2
    assert cache.through("books", "q", int, reading([3])) == 2


def test_without_redis_everything_is_read() -> None:
    cache = Cache(None, "t:")
    answers = [1, 2]
    assert [cache.through("books", "q", int, reading(answers)) for _ in range(2)] == [1, 2]
    cache.forget("books")
    assert cache.count("login", 60) == 0


def test_a_dead_redis_is_asked_once_and_then_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def dead() -> Any:
        tried.append(1)
        raise redis_client.ConnectionError

    cache = Cache(dead, "t:")
    for _ in range(5):
        assert cache.through("books", "q", int, reading([7])) == 7
    assert len(tried) == 1
    monkeypatch.setattr("chalicelib.cache.REST", 0)
    cache._resting_until = 0
    cache.recall("x")
    assert len(tried) == 2


def test_attempts_are_counted_within_their_window() -> None:
    cache = Cache(FakeRedis, "t:")
    redis = FakeRedis()
    cache = Cache(lambda: redis, "t:")
    assert [cache.count("login:x", 10_000_000) for _ in range(3)] == [1, 2, 3]
    assert cache.count("login:y", 10_000_000) == 1
