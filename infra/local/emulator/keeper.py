"""Keeps what the embedded cloud holds: every request that may change something is written to a journal, and then
carried out.

In that order, because a full disk must stop a change before it is made: one that was made and not kept would be
seen by later ones, which could not be carried out again without it. A request that is refused is refused again.

What was acknowledged survives `kill -9`. A power cut may cost the last second: what is written is carried to the
disk once a second, because a request that waited for the disk would hold up all others. Not kept are uploads in parts
that were not finished, and changes that one service makes in another (S3's notifications, SNS to SQS): the library
uses none.
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
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack import app as ministack
from ministack.core import persistence, responses
from ministack.services import dynamodb, sqs

from infra.local.emulator import files, moment
from infra.local.emulator.files import Unreadable
from infra.local.emulator.generations import Generations
from infra.local.emulator.journal import Record

log = logging.getLogger(__name__)

FOLD_AT = 16 * 1024 * 1024
"""Bytes of journal after which it is folded into a snapshot, or half the last snapshot's size if that is more: a
cost that grows with what is kept, paid for every so many bytes written, stays a constant share of writing them."""

READS = ("Get", "BatchGet", "TransactGet", "Query", "Scan", "Describe", "List", "Search")
"""What the names of operations that change nothing begin with."""

KEPT_HEADERS = ("x-amz-target", "content-type", "host")

LOOK_AGAIN = 0.1
"""Seconds between two looks into a queue for somebody who waits."""

SERVICES = {"dynamodb": dynamodb, "sqs": sqs}

Answer = tuple[int, Any, Any]
Handler = Callable[..., Coroutine[Any, Any, Answer]]


class Keeper:
    """Keeps the state of `SERVICES` under `directory`."""

    def __init__(self, directory: Path) -> None:
        self._kept = Generations(directory)
        self._fold_at = FOLD_AT
        self._folding = False
        self._handlers: dict[str, Handler] = {}

    def install(self) -> None:
        """Take the places of ministack's own loading and saving, and stand before each service's handler."""
        ministack._load_persisted_state = lambda: None
        ministack.save_all = lambda _states: self.fold()
        for name, service in SERVICES.items():
            moment.install(service)
            self._handlers[name] = service.handle_request
            service.handle_request = self._keeping(name)
        _remember_more()

    def recover(self) -> None:
        """Load the newest generation and carry out its journal again.

        Raises Unreadable.
        """
        gc.disable()  # millions of new objects and no garbage: collecting doubles the time this takes
        for name, content in self._kept.load():
            try:
                state = json.loads(content, object_hook=persistence._json_object_hook)
            except ValueError:
                raise self._kept.damaged(f"{name}.json") from None
            SERVICES[name].load_persisted_state(state["payload"])
        if self._kept.journal is None:
            self.fold()
        else:
            again = sum(self._carry_out_again(record) for record in self._kept.journal.records())
            log.warning("carried out again: %d requests", again)
            self._kept.tidy()
            self._fold_at = self._size_to_fold()
        gc.freeze()
        gc.enable()

    def fold(self) -> None:
        """Begin a generation with what is held now; if there is no room for it, go on with the old.

        Runs between requests, so nothing changes meanwhile.
        """
        self._folding = False
        try:
            self._kept.begin(_snapshots())
        except OSError as error:
            if self._kept.journal is None:
                raise Unreadable(f"Nothing can be kept: {error}.") from None
            log.error("The journal stays as long as it is: %s", error)
            self._fold_at = self._kept.journal.size + FOLD_AT
        else:
            self._fold_at = self._size_to_fold()

    def _size_to_fold(self) -> int:
        return max(FOLD_AT, self._kept.snapshot_size // 2)

    def sync(self) -> None:
        """Carry to the disk what was written."""
        try:
            if journal := self._kept.journal:
                journal.sync()
            files.sync_due()
        except OSError as error:
            log.error("What was written did not reach the disk: %s", error)

    def _carry_out_again(self, record: Record) -> int:
        def run() -> None:
            responses.set_request_account_id(record.account)
            responses.set_request_region(record.region)
            now = moment.Moment(record.at, bytes.fromhex(record.seed))
            request = (record.method, record.path, record.headers, record.body, record.query)
            try:
                self._carry_out(now, record.service, *request).send(None)
            except StopIteration:
                return
            except Exception:  # as it did the first time, and was answered with an error
                log.exception("a request of the journal failed")
                return
            raise RuntimeError("a request that once went straight through now waits for something")

        contextvars.copy_context().run(run)
        return 1

    def _keeping(self, name: str) -> Handler:
        handle = self._handlers[name]

        async def handle_request(
            method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
        ) -> Answer:
            operation = headers.get("x-amz-target", "").rpartition(".")[2]
            if name == "sqs" and not operation:
                return sqs._xml_err_resp("InvalidAction", "This queue is spoken to in JSON.", 400)
            if operation.startswith(READS):
                return await handle(method, path, headers, body, query)
            if operation == "ReceiveMessage":
                return await self._receive(method, path, headers, body, query)
            return await self._keep_and_carry_out(moment.Moment(), name, method, path, headers, body, query)

        return handle_request

    async def _receive(self, method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Answer:
        """Look for messages until there are some or the time is over.

        Each look is at one moment, and is kept if there is something to take at that moment.
        """
        asked = json.loads(body or b"{}")
        try:
            queue = sqs._get_q(asked.get("QueueUrl") or sqs._url_from_path(path))
        except sqs._Err:
            return await self._handlers["sqs"](method, path, headers, body, query)
        wait = asked.get("WaitTimeSeconds")
        end = time.monotonic() + int(
            queue["attributes"].get("ReceiveMessageWaitTimeSeconds", 0) if wait is None else wait
        )
        look = json.dumps({**asked, "WaitTimeSeconds": 0}).encode()
        while True:
            now = moment.Moment()
            there = any(message.get("visible_at", 0) <= now.at for message in queue["messages"])
            carry_out = self._keep_and_carry_out if there else self._carry_out
            answer = await carry_out(now, "sqs", method, path, headers, look, query)
            if answer[0] >= 300 or b'"Messages"' in _bytes(answer[2]) or time.monotonic() >= end:
                return answer
            await asyncio.sleep(LOOK_AGAIN)

    async def _keep_and_carry_out(
        self,
        now: moment.Moment,
        name: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, list[str]],
    ) -> Answer:
        record = Record(
            service=name,
            account=responses.get_account_id(),
            region=responses.get_region(),
            at=now.at,
            seed=now.seed.hex(),
            method=method,
            path=path,
            headers={k: headers[k] for k in KEPT_HEADERS if k in headers},
            query=query,
            body=body or b"",
        )
        try:
            self._append(record)
        except OSError as error:
            log.error("A change was refused, because it could not be kept: %s", error)
            return _no_room(error)
        # Nothing is awaited from the append to the end of handling: the journal's order is the order of execution.
        return await self._carry_out(now, name, method, path, headers, body, query)

    async def _carry_out(self, now: moment.Moment, name: str, *request: Any) -> Answer:
        token = moment.current.set(now)
        try:
            return await self._handlers[name](*request)
        finally:
            moment.current.reset(token)

    def _append(self, record: Record) -> None:
        journal = self._kept.journal
        if journal is None:
            raise RuntimeError("a request came before the state was recovered")
        journal.append(record)
        if journal.size >= self._fold_at and not self._folding:
            self._folding = True
            asyncio.get_running_loop().call_soon(self.fold)


def sync_each_second(keeper: Keeper) -> None:
    """Carry to the disk what was written, once a second from now on."""

    def run() -> None:
        while True:
            time.sleep(1)
            keeper.sync()

    threading.Thread(target=run, name="sync", daemon=True).start()


def _snapshots() -> Iterator[tuple[str, bytes]]:
    """The state of each service in ministack's own format.

    ministack copies its state deeply before it writes, against changes meanwhile; there are none here, and
    copying a table of 100,000 items takes longer than all the rest.
    """
    for name, service in SERVICES.items():
        copying = service.copy
        service.copy = SimpleNamespace(deepcopy=lambda value: value, copy=copy.copy)
        try:
            state = {"__ministack_format__": persistence._state_format_version(name), "payload": service.get_state()}
        finally:
            service.copy = copying
        yield name, json.dumps(state, default=persistence._json_default).encode()


def _remember_more() -> None:
    """Keep what ministack forgets when it stops: stream records, and with them what no consumer has read yet; and
    the tokens of transactions, without which one that is sent again would be carried out again."""
    get_state, load = dynamodb.get_state, dynamodb.load_persisted_state

    def get_more() -> dict[str, Any]:
        for (account, region, table), _ in list(dynamodb._stream_records.all_items()):
            dynamodb._trim_stream_records(table, account_id=account, region=region)
        streams = {"records": dynamodb._stream_records, "trimmed": dynamodb._stream_trimmed}
        return {
            **get_state(),
            "streams": {**streams, "sequence": dynamodb._stream_seq_counter},
            "tokens": dynamodb._txn_idempotency,
        }

    def load_more(state: dict[str, Any]) -> None:
        load(state)
        if streams := state.get("streams"):
            dynamodb._stream_records.update(streams["records"])
            dynamodb._stream_trimmed.update(streams["trimmed"])
            dynamodb._stream_seq_counter = streams["sequence"]
        dynamodb._txn_idempotency.update(state.get("tokens", {}))

    dynamodb.get_state, dynamodb.load_persisted_state = get_more, load_more


def _no_room(error: OSError) -> Answer:
    """The answer where a change could not be kept; clients try again after it."""
    said = {"__type": "InternalServerError", "message": f"The change could not be kept: {error.strerror}"}
    return 500, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(said).encode()


def _bytes(answer: bytes | str) -> bytes:
    return answer if isinstance(answer, bytes) else answer.encode()
