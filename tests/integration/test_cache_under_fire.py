"""The cache on a real Valkey that is killed, paused and flushed, while many read and write: every answer is held
against the database."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from chalicelib import line
from chalicelib.cache import Cache
from chalicelib.line import connection
from infra.local.cache import EmbeddedCache
from infra.local.processes import Part
from tests.running import eventually

BOOKS = [f"book:{n}" for n in range(6)]


class Valkey:
    """A Valkey that things happen to."""

    def __init__(self, folder: Path) -> None:
        self._embedded = EmbeddedCache(folder / "cache.log")
        self.url = self._embedded.url
        self._part = self._start()

    def _start(self) -> Part:
        part = self._embedded.start()
        self._embedded.wait()
        return part

    def killed(self) -> None:
        self._part.process.kill()
        self._part.process.wait()
        time.sleep(0.1)
        self._part = self._start()

    def paused(self) -> None:
        os.kill(self._part.process.pid, signal.SIGSTOP)
        time.sleep(0.3)
        os.kill(self._part.process.pid, signal.SIGCONT)

    def flushed(self) -> None:
        redis.Redis.from_url(self.url).flushall()

    def stop(self) -> None:
        self._embedded.stop()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path)
    yield valkey
    valkey.stop()


class Database:
    """What is true: a number for each book, counted up by every write."""

    def __init__(self) -> None:
        self._numbers: defaultdict[str, int] = defaultdict(int)
        self._one_at_a_time = threading.Lock()
        self.reads: Counter[str] = Counter()

    def write(self, book: str) -> int:
        with self._one_at_a_time:
            self._numbers[book] += 1
            return self._numbers[book]

    def read(self, book: str) -> bytes:
        with self._one_at_a_time:
            self.reads[book] += 1
            number = self._numbers[book]
        time.sleep(0.001)  # on its way back it may be overtaken by a write
        return b"%d" % number


class Process:
    """One process of the library with its cache, and what its clients were told is done."""

    def __init__(self, url: str, database: Database, told: dict[str, int]) -> None:
        self.cache = Cache(lambda: connection(url), "fire:")
        self._database = database
        self._done: defaultdict[str, int] = defaultdict(int)
        self._told = told
        self.wrong: list[str] = []

    def show(self, book: str) -> int:
        return int(self.cache.through(book, "page", lambda: self._database.read(book)))

    def client(self, seed: int, ended: threading.Event) -> None:
        """Reads mostly, writes at times, and is never shown less than what was done before it asked."""
        dice = random.Random(seed)
        while not ended.is_set():
            book = dice.choice(BOOKS)
            if dice.random() < 0.1:
                number = self._database.write(book)
                self.cache.forget(book)
                self._done[book] = max(self._done[book], number)
                # A process that reaches Redis has told it everything: from here on it holds for all of them.
                if self.cache.alive():
                    self._told[book] = max(self._told[book], number)
            mine, everybodys = self._done[book], self._told[book]
            shown = self.show(book)
            if shown < max(mine, everybodys):
                self.wrong.append(f"{book}: {shown} was shown after {mine} was done here and {everybodys} was told")


@pytest.mark.parametrize("fault", [Valkey.killed, Valkey.paused, Valkey.flushed])
def test_no_client_is_shown_what_was_before_its_own_write_whatever_happens_to_redis(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Valkey], None]
) -> None:
    monkeypatch.setattr(line, "REST", 0.05)
    database, told, ended = Database(), defaultdict[str, int](int), threading.Event()
    processes = [Process(valkey.url, database, told) for _ in range(3)]
    clients = [
        threading.Thread(target=process.client, args=(10 * n + m, ended))
        for n, process in enumerate(processes)
        for m in range(3)
    ]
    for client in clients:
        client.start()
    for _ in range(3):
        time.sleep(0.15)
        fault(valkey)
    time.sleep(0.15)
    ended.set()
    for client in clients:
        client.join()
    assert [process.wrong for process in processes] == [[], [], []]
    # Once all reach Redis again, all agree with the database, long before anything has come to its end by itself.
    assert eventually(lambda: all(process.cache.alive() for process in processes))
    for book in BOOKS:
        assert {process.show(book) for process in processes} == {int(database.read(book))}
    database.reads.clear()
    for book in BOOKS:
        processes[0].show(book)
    assert not database.reads  # and they are kept again


def test_of_many_who_miss_at_once_in_several_processes_one_reads(valkey: Valkey) -> None:
    processes = [Cache(lambda: redis.Redis.from_url(valkey.url), "fire:") for _ in range(4)]
    reads, answers, together = list[int](), list[bytes](), threading.Barrier(32)

    def read() -> bytes:
        reads.append(1)
        time.sleep(0.05)
        return b"the only one"

    def ask(cache: Cache) -> None:
        together.wait(30)
        answers.append(cache.through("newest", "q", read))

    clients = [threading.Thread(target=ask, args=(processes[n % 4],)) for n in range(32)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert (len(reads), answers) == (1, [b"the only one"] * 32)


def test_a_paused_redis_is_waited_for_once_and_hears_what_it_missed(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "REST", 0.05)
    asked, execute = list[str](), redis.Redis.execute_command

    def counted(client: redis.Redis, *arguments: Any, **options: Any) -> Any:
        asked.append(arguments[0])
        return execute(client, *arguments, **options)

    monkeypatch.setattr(redis.Redis, "execute_command", counted)
    cache, other = (Cache(lambda: connection(valkey.url), "fire:") for _ in range(2))
    assert cache.through("newest", "q", lambda: b"old") == b"old"
    server = redis.Redis.from_url(valkey.url).info("server")["process_id"]
    os.kill(server, signal.SIGSTOP)
    try:
        asked.clear()
        for _ in range(20):
            assert cache.through("newest", "q", lambda: b"new") == b"new"
            cache.forget("newest")
        assert [command for command in asked if command != "PING"] == ["MGET"]
    finally:
        os.kill(server, signal.SIGCONT)
    assert eventually(cache.alive)
    assert other.through("newest", "q", lambda: b"new") == b"new"
