"""The cache's bookkeeping: fresh or nothing, one who fills, and harmless when Redis is gone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_client

from chalicelib import cache as caching
from chalicelib import line
from chalicelib.cache import LIFE, NEWEST, RATED, SETTLING, SHORT_LIFE, Cache
from tests.fakes import FakeRedis
from tests.running import eventually


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.time = 1_000_000_000.0

    def __call__(self) -> float:
        return self.time


class Breakable:
    """A way to a FakeRedis that can be cut; counts the attempts to go it."""

    def __init__(self, redis: FakeRedis) -> None:
        self._redis = redis
        self.cut = False
        self.attempts = 0

    def __call__(self) -> Any:
        return self

    def __getattr__(self, command: str) -> Any:
        self.attempts += 1
        if self.cut:
            raise redis_client.ConnectionError
        return getattr(self._redis, command)


@pytest.fixture
def redis() -> FakeRedis:
    return FakeRedis()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(redis: FakeRedis, clock: Clock) -> Cache:
    return Cache(lambda: redis, "t:", clock)


def reading(*answers: bytes) -> Callable[[], bytes]:
    """Reads these answers of the database, one after the other."""
    left = list(answers)
    return lambda: left.pop(0)


def never() -> bytes:
    pytest.fail("the database was read")


class TestKeeping:
    def test_an_answer_is_read_once_and_then_kept_as_it_is(self, cache: Cache) -> None:
        read = reading(b"one \x00\xff two")
        assert {cache.through("books", "q", read) for _ in range(3)} == {b"one \x00\xff two"}

    def test_a_hit_is_one_round_trip(self, cache: Cache, redis: FakeRedis) -> None:
        cache.through("books", "q", reading(b"1"))
        before = redis.calls
        cache.through("books", "q", never)
        assert redis.calls == before + 1

    def test_a_write_lets_every_answer_of_its_namespace_go_and_no_other(self, cache: Cache) -> None:
        for namespace in ("books", "sections"):
            cache.through(namespace, "q", reading(b"1"))
        cache.forget("books")
        assert cache.through("books", "q", reading(b"2")) == b"2"
        assert cache.through("sections", "q", never) == b"1"

    def test_who_read_before_a_write_does_not_keep_the_old_answer_after_it(self, cache: Cache) -> None:
        def slow() -> bytes:
            cache.forget("books")  # somebody writes while this reads
            return b"1"

        assert cache.through("books", "q", slow) == b"1"
        assert cache.through("books", "q", reading(b"2")) == b"2"

    def test_a_write_is_told_in_one_round_trip_however_much_it_changes(self, cache: Cache, redis: FakeRedis) -> None:
        cache.forget("books", "sections", "book:1", "book:2")
        assert redis.calls == 1

    def test_a_flushed_redis_is_filled_anew(self, cache: Cache, redis: FakeRedis) -> None:
        cache.through("books", "q", reading(b"1"))
        redis.kept.clear()
        read = reading(b"2")
        assert [cache.through("books", "q", read) for _ in range(2)] == [b"2", b"2"]

    def test_versions_that_were_lost_take_the_answers_with_them(self, cache: Cache, redis: FakeRedis) -> None:
        cache.through("books", "q", reading(b"1"))
        for key in [key for key in redis.kept if "version" in key]:
            del redis.kept[key]
        assert cache.through("books", "q", reading(b"2")) == b"2"

    def test_what_the_database_refuses_is_refused_each_time_and_not_kept(self, cache: Cache) -> None:
        def gone() -> bytes:
            raise LookupError

        for _ in range(2):
            with pytest.raises(LookupError):
                cache.through("books", "q", gone)
        assert cache.through("books", "q", reading(b"1")) == b"1"

    def test_attempts_are_counted_within_their_window(self, cache: Cache, clock: Clock) -> None:
        assert [cache.count("login:x", 60) for _ in range(3)] == [1, 2, 3]
        assert cache.count("login:y", 60) == 1
        clock.time += 60
        assert cache.count("login:x", 60) == 1


class TestAgeing:
    def test_one_makes_an_ageing_answer_anew_while_the_others_are_given_the_old_one(
        self, cache: Cache, clock: Clock
    ) -> None:
        cache.through("books", "q", reading(b"1"))
        clock.time += LIFE * 0.95
        meanwhile: list[bytes] = []

        def read() -> bytes:
            meanwhile.extend(cache.through("books", "q", never) for _ in range(3))
            return b"2"

        assert cache.through("books", "q", read) == b"2"
        assert meanwhile == [b"1"] * 3
        assert cache.through("books", "q", never) == b"2"

    def test_hot_keys_do_not_age_at_the_same_moment(self, cache: Cache, redis: FakeRedis) -> None:
        for n in range(40):
            cache.through("books", str(n), reading(b"1"))
        ends = {value.split(b" ")[2] for key, value in redis.kept.items() if ":value:" in key}
        assert len(ends) > 30

    def test_after_a_write_nobody_is_given_the_old_answer_nor_waits_for_who_began_before_it(
        self, cache: Cache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def waiting(seconds: float) -> None:
            pytest.fail(f"it waited {seconds} s")

        monkeypatch.setattr(caching.time, "sleep", waiting)
        cache.through("books", "q", reading(b"1"))
        cache.forget("books")

        def read() -> bytes:
            cache.forget("books")
            assert cache.through("books", "q", reading(b"3")) == b"3"
            return b"2"

        assert cache.through("books", "q", read) == b"2"
        assert cache.through("books", "q", reading(b"3")) == b"3"


class TestIndexesThatLag:
    def lives(self, redis: FakeRedis) -> list[float]:
        """How long each answer may be given before it is made anew."""
        kept = [value.split(b" ", 3) for key, value in redis.kept.items() if ":value:" in key]
        return [float(until) - float(made) for _, made, until, _ in kept]

    def test_what_is_read_from_an_index_right_after_a_write_is_kept_for_a_moment_only(
        self, cache: Cache, redis: FakeRedis
    ) -> None:
        cache.forget(RATED)
        cache.through(RATED, "q", reading(b"perhaps of before"))
        assert max(self.lives(redis)) < SHORT_LIFE

    def test_what_is_read_from_it_later_is_kept_as_long_as_anything(
        self, cache: Cache, redis: FakeRedis, clock: Clock
    ) -> None:
        cache.forget(RATED)
        clock.time += SETTLING
        cache.through(RATED, "q", reading(b"of now"))
        assert min(self.lives(redis)) > SHORT_LIFE

    def test_what_is_read_from_the_table_itself_is_kept_at_once(self, cache: Cache, redis: FakeRedis) -> None:
        cache.forget(NEWEST)
        cache.through(NEWEST, "q", reading(b"of now"))
        assert min(self.lives(redis)) > SHORT_LIFE

    def test_where_the_last_write_is_not_known_it_may_have_been_just_now(self, cache: Cache, redis: FakeRedis) -> None:
        cache.through(RATED, "q", reading(b"after a flush"))
        assert max(self.lives(redis)) < SHORT_LIFE


class TestOneFillerAtATime:
    def test_of_many_who_miss_at_once_one_reads_and_all_are_answered(
        self, redis: FakeRedis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(caching, "WAIT", 30)
        processes = [Cache(lambda: redis, "t:") for _ in range(4)]
        reads, answers = list[int](), list[bytes]()
        together, waiting = threading.Barrier(32), threading.Event()

        def read() -> bytes:
            reads.append(1)
            waiting.wait(30)
            return b"the only one"

        def ask(cache: Cache) -> None:
            together.wait(30)
            answers.append(cache.through("books", "q", read))

        threads = [threading.Thread(target=ask, args=(processes[n % 4],)) for n in range(32)]
        for thread in threads:
            thread.start()
        assert eventually(lambda: redis.calls > 200)  # the others look again and again
        waiting.set()
        for thread in threads:
            thread.join()
        assert (len(reads), answers) == (1, [b"the only one"] * 32)

    def test_who_waits_too_long_reads_for_itself(self, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(caching, "WAIT", 0.01)

        def slow() -> bytes:
            assert cache.through("books", "q", reading(b"2")) == b"2"
            return b"1"

        assert cache.through("books", "q", slow) == b"1"

    def test_who_waits_for_one_that_fails_reads_for_itself_at_once(
        self, cache: Cache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(caching, "WAIT", 1e9)
        begun, failing, answers = threading.Event(), threading.Event(), list[bytes]()

        def fails() -> bytes:
            begun.set()
            failing.wait(30)
            raise LookupError

        def filler() -> None:
            with pytest.raises(LookupError):
                cache.through("books", "q", fails)

        threads = [threading.Thread(target=filler)]
        threads[0].start()
        begun.wait(30)
        threads.append(
            threading.Thread(target=lambda: answers.append(cache.through("books", "q", reading(b"for itself"))))
        )
        threads[1].start()
        failing.set()
        for thread in threads:
            thread.join()
        assert answers == [b"for itself"]


class TestWithoutRedis:
    def test_everything_is_read(self) -> None:
        cache = Cache(None, "t:")
        read = reading(b"1", b"2")
        assert [cache.through("books", "q", read) for _ in range(2)] == [b"1", b"2"]
        cache.forget("books")
        cache.remember("x", "y", 60)
        assert (cache.recall("x"), cache.count("login", 60), cache.alive()) == (None, 0, False)

    def test_a_dead_redis_is_asked_once_and_then_left_alone(
        self, redis: FakeRedis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(line, "REST", 1e6)
        way = Breakable(redis)
        way.cut = True
        cache = Cache(way, "t:")
        for _ in range(5):
            assert cache.through("books", "q", reading(b"7")) == b"7"
            cache.forget("books")
            assert cache.recall("x") is None
        assert way.attempts == 1

    def test_no_request_tries_whether_it_is_back(self, redis: FakeRedis, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(line, "REST", 0.001)
        way = Breakable(redis)
        way.cut = True
        cache = Cache(way, "t:")
        asking = threading.get_ident()
        tried_by: set[int] = set()
        monkeypatch.setattr(redis, "ping", lambda: tried_by.add(threading.get_ident()) or True)
        cache.through("books", "q", reading(b"1"))
        before = way.attempts
        assert eventually(lambda: way.attempts > before + 3)
        way.cut = False
        assert eventually(cache.alive)
        assert tried_by - {asking}
        cache.through("books", "q", reading(b"2"))
        assert cache.through("books", "q", never) == b"2"


class TestWritesThatRedisDidNotHearOf:
    @pytest.fixture
    def way(self, redis: FakeRedis, monkeypatch: pytest.MonkeyPatch) -> Breakable:
        monkeypatch.setattr(line, "REST", 0.001)
        return Breakable(redis)

    def test_who_wrote_never_sees_the_old_answer_again_and_soon_nobody_does(
        self, cache: Cache, way: Breakable, clock: Clock
    ) -> None:
        """`cache` is of another process, which reaches Redis all the time."""
        mine = Cache(way, "t:", clock)
        mine.through("books", "q", reading(b"old"))
        way.cut = True
        mine.forget("books")
        assert mine.through("books", "q", reading(b"new")) == b"new"
        assert cache.through("books", "q", never) == b"old"
        way.cut = False
        assert eventually(mine.alive)
        assert cache.through("books", "q", reading(b"new")) == b"new"
        assert mine.through("books", "q", never) == b"new"

    def test_a_session_that_ended_meanwhile_is_not_open_afterwards(self, cache: Cache, way: Breakable) -> None:
        mine = Cache(way, "t:")
        mine.remember("session:1", "open", 60, only_new=True)
        way.cut = True
        mine.remember("session:1", "ended", 60)
        assert mine.recall("session:1") is None
        way.cut = False
        assert eventually(mine.alive)
        assert mine.recall("session:1") == cache.recall("session:1") == "ended"

    def test_what_was_kept_while_it_was_away_is_not_believed_by_who_saw_it_away(
        self, redis: FakeRedis, way: Breakable, clock: Clock
    ) -> None:
        """Somebody else may have written, could not say so, and was gone."""
        mine = Cache(way, "t:", clock)
        mine.through("books", "q", reading(b"old"))
        way.cut = True
        mine.recall("anything")
        clock.time += 1
        way.cut = False
        assert eventually(mine.alive)
        assert mine.through("books", "q", reading(b"new")) == b"new"
        assert mine.through("books", "q", never) == b"new"
