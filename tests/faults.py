"""What can go wrong between the library and DynamoDB, made to happen at a chosen call.

It stands where the client hands a request to the network, below the client's own retries, so that these are part of
what is tested. A transaction's token is honoured as DynamoDB honours it (the clouds the tests run on do not): who sends
a committed one again is told that it is done.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ReadTimeoutError

import chalicelib.database
from chalicelib import dynamo
from chalicelib.wire import Answer

WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
TRANSACTIONS = frozenset({"TransactWriteItems", "TransactGetItems"})


class Killed(BaseException):
    """The process ended here."""


class Fault(Enum):
    """What happens to a call."""

    THROTTLED = "throttled"
    LOST = "its request is lost"
    ANSWER_LOST = "it is done, and the answer is lost"
    CONFLICT = "another transaction has one of its items"
    KILLED_BEFORE = "the process ends before it"
    KILLED_AFTER = "the process ends after it"

    def concerns(self, operation: str) -> bool:
        """Whether this can happen to a call of `operation`, and is not the same as another fault."""
        match self:
            case Fault.CONFLICT:
                return operation in WRITES | TRANSACTIONS
            case Fault.ANSWER_LOST | Fault.KILLED_AFTER:
                return operation in WRITES
            case _:
                return True


@dataclass
class Faults:
    """The calls to DynamoDB, and what goes wrong with them."""

    calls: list[str] = field(default_factory=list)
    """The operations called since `armed` or `counting` began; a call that the client repeats counts once."""
    attempts: int = 0
    """How often a request was sent in all, the client's repetitions included."""
    read: int = 0
    """Items that queries and batches gave back."""
    happened: int = 0
    _decide: Callable[[int, int, str], Fault | None] = lambda _call, _attempt, _operation: None
    _done: dict[str, tuple[bytes, Answer]] = field(default_factory=dict)
    _call: threading.local = field(default_factory=threading.local)

    @contextmanager
    def counting(self) -> Generator[list[str]]:
        """Count from here."""
        self.calls, self.attempts, self.read, self.happened = [], 0, 0, 0
        yield self.calls

    @contextmanager
    def armed(self, fault: Fault, at: int, *, for_good: bool) -> Generator[None]:
        """Let `fault` happen to the call with the number `at`, from 1: to its first attempt, or, `for_good`, to all
        that the client makes of it."""

        def decide(call: int, attempt: int, operation: str) -> Fault | None:
            hit = call == at and (for_good or attempt == 1) and fault.concerns(operation)
            return fault if hit else None

        with self.deciding(decide):
            yield

    @contextmanager
    def deciding(self, decide: Callable[[int, int, str], Fault | None]) -> Generator[None]:
        """Let happen what `decide` says of a call's number, attempt and operation."""
        before, self._decide = self._decide, decide
        with self.counting():
            try:
                yield
            finally:
                self._decide = before

    def called(self, inner: Callable[..., Any]) -> Callable[..., Any]:
        """What stands in for the client's `_make_api_call`."""

        def call(client: dynamo.Client, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
            self.calls.append(operation)
            self._call.attempt = 0
            return inner(client, operation, parameters)

        return call

    def sent(self, inner: Callable[..., Answer]) -> Callable[..., Answer]:
        """What stands in for the client's `send`, which asks DynamoDB once."""

        def send(client: dynamo.Client, operation: str, body: bytes) -> Answer:
            self.attempts += 1
            self._call.attempt += 1
            fault = self._decide(len(self.calls), self._call.attempt, operation)
            self.happened += fault is not None
            if fault is Fault.KILLED_BEFORE:
                raise Killed
            if fault is Fault.LOST:
                raise ReadTimeoutError(endpoint_url="database")
            if fault in (Fault.THROTTLED, Fault.CONFLICT):
                return _refusal(fault, operation, json.loads(body))
            answer = self._once(inner, client, operation, body)
            if fault is Fault.KILLED_AFTER:
                raise Killed
            if fault is Fault.ANSWER_LOST:
                raise ReadTimeoutError(endpoint_url="database")
            self._count(answer)
            return answer

        return send

    def _once(self, inner: Callable[..., Answer], client: dynamo.Client, operation: str, body: bytes) -> Answer:
        token = json.loads(body).get("ClientRequestToken") if operation == "TransactWriteItems" else None
        if token in self._done:
            first, answer = self._done[token]
            assert first == body, "one token, two transactions: DynamoDB refuses that"
            return answer
        answer = inner(client, operation, body)
        if token and answer.status == 200:
            self._done[token] = (body, answer)
        return answer

    def _count(self, answer: Answer) -> None:
        told: dict[str, Any] = json.loads(answer.body)
        responses = told.get("Responses", {})
        self.read += len(told.get("Items", []))
        self.read += sum(map(len, responses.values())) if isinstance(responses, dict) else len(responses)


def _refusal(fault: Fault, operation: str, sent: dict[str, Any]) -> Answer:
    """What DynamoDB answers."""
    transaction = operation in TRANSACTIONS
    if transaction:
        code = "TransactionCanceledException"
        reason = "TransactionConflict" if fault is Fault.CONFLICT else "ThrottlingError"
        reasons = [{"Code": reason}, *[{"Code": "None"}] * (len(sent["TransactItems"]) - 1)]
    else:
        code = "TransactionConflictException" if fault is Fault.CONFLICT else "ProvisionedThroughputExceededException"
        reasons = []
    told = {
        "__type": f"com.amazonaws.dynamodb.v20120810#{code}",
        "message": fault.value,
        **({"CancellationReasons": reasons} if transaction else {}),
    }
    return Answer(400, {}, json.dumps(told).encode())


@contextmanager
def between_library_and_database() -> Generator[Faults]:
    """The faults that can be made to happen inside. Nobody sleeps before trying again."""
    faults = Faults()
    unhurried = SimpleNamespace(sleep=lambda _: None)
    with (
        patch.object(dynamo.Client, "_make_api_call", faults.called(dynamo.Client._make_api_call)),
        patch.object(dynamo.Client, "send", faults.sent(dynamo.Client.send)),
        patch.object(dynamo, "time", unhurried),
        patch.object(chalicelib.database, "time", unhurried),
    ):
        yield faults
