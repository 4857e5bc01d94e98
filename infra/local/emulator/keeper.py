"""Keeps what the embedded cloud holds: a snapshot and the journal of what was acknowledged since, as one
generation.

    STATE_DIR/00000007/          the newest generation counts, older ones are leftovers
        dynamodb.json sqs.json … what was held when it began
        journal                  requests that changed something, in the order they were carried out

A generation becomes real by one rename, so a snapshot and its journal can never disagree. Objects in S3 are
not here: ministack writes them to S3_DATA_DIR before it answers. Nor are changes that one service makes in
another (S3's notifications, SNS to SQS): the library uses none.
"""

# ministack is not installed where the types are checked, and most of what is patched is private to it.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import asyncio
import contextvars
import copy
import gc
import json
import logging
import os
import shutil
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack import app as ministack
from ministack.core import persistence, responses
from ministack.services import dynamodb, sqs

from infra.local.emulator import moment
from infra.local.emulator.journal import Journal, Record

log = logging.getLogger(__name__)

FOLD_AT = 16 * 1024 * 1024
"""Bytes of journal after which it is folded into a snapshot, or half the last snapshot's size if that is more: a
cost that grows with what is kept, paid for every so many bytes written, stays a constant share of writing them."""

READS = ("Get", "BatchGet", "TransactGet", "Query", "Scan", "Describe", "List", "Search")
"""What the names of operations that change nothing begin with."""

SERVICES = {"dynamodb": dynamodb, "sqs": sqs}

Handler = Callable[[str, str, dict[str, str], bytes, dict[str, list[str]]], Coroutine[Any, Any, tuple[int, Any, Any]]]


class Keeper:
    """Keeps the state of `SERVICES` under `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._journal: Journal | None = None
        self._generation = 0
        self._snapshot_size = 0
        self._folding = False
        self._handlers: dict[str, Handler] = {}

    def install(self) -> None:
        """Take the places of ministack's own loading and saving, and stand before each service's handler."""
        ministack._load_persisted_state = self.recover
        ministack.save_all = lambda _states: self.fold()
        for name, service in SERVICES.items():
            moment.install(service)
            self._handlers[name] = service.handle_request
            service.handle_request = self._keeping(name, service.handle_request)
        _remember_streams()

    def recover(self) -> None:
        """Load the newest generation and carry out its journal again."""
        self._directory.mkdir(parents=True, exist_ok=True)
        generations = sorted(int(d.name) for d in self._directory.iterdir() if d.name.isdigit())
        if not generations:
            self.fold()
            return
        self._generation = generations[-1]
        persistence.STATE_DIR = str(self._folder())
        gc.disable()  # millions of new objects and no garbage: collecting doubles the time this takes
        for name, service in SERVICES.items():
            if state := persistence.load_state(name):
                service.load_persisted_state(state)
        self._open()
        replayed = sum(self._replay(record) for record in self._journal.records()) if self._journal else 0
        gc.freeze()
        gc.enable()
        if replayed:
            log.warning("carried out again: %d requests", replayed)

    def fold(self) -> None:
        """Begin a generation with what is held now. Runs between requests, so nothing changes meanwhile."""
        new = self._directory / "new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        for name, service in SERVICES.items():
            with open(new / f"{name}.json", "w") as file:
                file.write(_snapshot(name, service))
                os.fsync(file.fileno())
        (new / "journal").touch()
        old = self._folder()
        self._generation += 1
        new.rename(self._folder())
        _sync_directory(self._directory)
        if self._journal:
            self._journal.close()
        self._open()
        self._folding = False
        shutil.rmtree(old, ignore_errors=True)

    def sync(self) -> None:
        """Carry the journal to the disk.

        Called from a thread of its own, so that no request waits for the disk.
        """
        if self._journal:
            try:
                self._journal.sync()
            except (OSError, ValueError):  # folded away in this instant: its successor is on the disk already
                return

    def _folder(self) -> Path:
        return self._directory / f"{self._generation:08d}"

    def _open(self) -> None:
        self._journal = Journal(self._folder() / "journal")
        self._snapshot_size = sum(f.stat().st_size for f in self._folder().glob("*.json"))

    def _replay(self, record: Record) -> int:
        def run() -> None:
            responses.set_request_account_id(record.account)
            responses.set_request_region(record.region)
            moment.current.set(moment.Moment(record.at, bytes.fromhex(record.seed)))
            handler = self._handlers[record.service]
            step = handler(record.method, record.path, record.headers, record.body, record.query)
            try:
                step.send(None)
            except StopIteration:
                return
            raise RuntimeError("a request that once went straight through now waits for something")

        contextvars.copy_context().run(run)
        return 1

    def _keeping(self, name: str, inner: Handler) -> Handler:
        async def handle_request(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> tuple[int, Any, Any]:
            operation = headers.get("x-amz-target", "").rpartition(".")[2]
            if operation.startswith(READS):
                return await inner(method, path, headers, body, query)
            receiving = operation == "ReceiveMessage"
            now = moment.Moment(moving=receiving)
            token = moment.current.set(now)
            try:
                status, answer_headers, answer = await inner(method, path, headers, body, query)
            finally:
                moment.current.reset(token)
            # From here to the append nothing is awaited: the journal's order is the order of execution.
            if status < 300 and not (receiving and b'"Messages"' not in _bytes(answer)):
                kept = {k: v for k, v in headers.items() if k in ("x-amz-target", "content-type", "host")}
                self._append(
                    Record(
                        service=name,
                        account=responses.get_account_id(),
                        region=responses.get_region(),
                        at=now.at,
                        seed=now.seed.hex(),
                        method=method,
                        path=path,
                        headers=kept,
                        query=query,
                        body=_without_waiting(body) if receiving else body or b"",
                    )
                )
            return status, answer_headers, answer

        return handle_request

    def _append(self, record: Record) -> None:
        if self._journal is None:
            raise RuntimeError("a request came before the state was recovered")
        self._journal.append(record)
        if self._journal.size >= max(FOLD_AT, self._snapshot_size // 2) and not self._folding:
            self._folding = True
            asyncio.get_running_loop().call_soon(self.fold)


def sync_each_second(keeper: Keeper) -> threading.Event:
    """Start carrying the journal to the disk once a second: what a power cut may cost.

    Set the event to stop.
    """
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(1):
            keeper.sync()

    threading.Thread(target=run, name="journal-sync", daemon=True).start()
    return stop


def _snapshot(name: str, service: Any) -> str:
    """The state of `service` in ministack's own format, which `persistence.load_state` reads.

    ministack copies its state deeply before it writes, against changes meanwhile; there are none here, and
    copying a table of 100,000 items takes longer than all the rest.
    """
    copying = service.copy
    service.copy = SimpleNamespace(deepcopy=lambda value: value, copy=copy.copy)
    try:
        state = service.get_state()
        version = persistence._state_format_version(name)
        return json.dumps({"__ministack_format__": version, "payload": state}, default=persistence._json_default)
    finally:
        service.copy = copying


def _remember_streams() -> None:
    """Keep stream records too: ministack forgets them when it stops, and with them what no consumer has
    read yet."""
    get_state, load = dynamodb.get_state, dynamodb.load_persisted_state

    def get_state_with_streams() -> dict[str, Any]:
        for (account, region, table), _ in list(dynamodb._stream_records.all_items()):
            dynamodb._trim_stream_records(table, account_id=account, region=region)
        streams = {"records": dynamodb._stream_records, "trimmed": dynamodb._stream_trimmed}
        return {**get_state(), "streams": {**streams, "sequence": dynamodb._stream_seq_counter}}

    def load_with_streams(state: dict[str, Any]) -> None:
        load(state)
        if streams := state.get("streams"):
            dynamodb._stream_records.update(streams["records"])
            dynamodb._stream_trimmed.update(streams["trimmed"])
            dynamodb._stream_seq_counter = streams["sequence"]

    dynamodb.get_state, dynamodb.load_persisted_state = get_state_with_streams, load_with_streams


def _without_waiting(body: bytes) -> bytes:
    return json.dumps({**json.loads(body or b"{}"), "WaitTimeSeconds": 0}).encode()


def _bytes(answer: bytes | str) -> bytes:
    return answer if isinstance(answer, bytes) else answer.encode()


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
