"""What can go wrong between the library and DynamoDB, made to happen at a chosen call.

It stands where botocore hands a request to the network, below botocore's own retries, so that these are part of what is
tested. A transaction's token is honoured as DynamoDB honours it (the clouds the tests run on do not): who sends a
committed one again is told that it is done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import botocore.endpoint
import botocore.retries.quota
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError

import chalicelib.database

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
    """The operations called since `armed` or `counting` began; a call that botocore repeats counts once."""
    attempts: int = 0
    """How often a request was sent in all, botocore's repetitions included."""
    read: int = 0
    """Items that queries and batches gave back."""
    happened: int = 0
    _decide: Callable[[int, int, str], Fault | None] = lambda _call, _attempt, _operation: None
    _done: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def counting(self) -> Generator[list[str]]:
        """Count from here."""
        self.calls, self.attempts, self.read, self.happened = [], 0, 0, 0
        yield self.calls

    @contextmanager
    def armed(self, fault: Fault, at: int, *, for_good: bool) -> Generator[None]:
        """Let `fault` happen to the call with the number `at`, from 1: to its first attempt, or, `for_good`, to all
        that botocore makes of it."""

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

    def between(self, inner: Callable[..., Any]) -> Callable[..., Any]:
        """What stands in for botocore's `Endpoint._do_get_response`, which answers (response, exception)."""

        def send(endpoint: Any, request: Any, model: Any, context: Any) -> Any:
            if model.service_model.service_name != "dynamodb":
                return inner(endpoint, request, model, context)
            attempt: int = context["retries"]["attempt"]
            self.attempts += 1
            if attempt == 1:
                self.calls.append(model.name)
            fault = self._decide(len(self.calls), attempt, model.name)
            self.happened += fault is not None
            if fault is Fault.KILLED_BEFORE:
                raise Killed
            if fault is Fault.LOST:
                return None, ReadTimeoutError(endpoint_url=request.url)
            if fault in (Fault.THROTTLED, Fault.CONFLICT):
                return _refusal(fault, model.name, json.loads(request.body)), None
            answer = self._once(inner, endpoint, request, model, context)
            if fault is Fault.KILLED_AFTER:
                raise Killed
            if fault is Fault.ANSWER_LOST:
                return None, ReadTimeoutError(endpoint_url=request.url)
            self._count(answer)
            return answer

        return send

    def _once(self, inner: Callable[..., Any], endpoint: Any, request: Any, model: Any, context: Any) -> Any:
        token = json.loads(request.body).get("ClientRequestToken") if model.name == "TransactWriteItems" else None
        if token in self._done:
            body, answer = self._done[token]
            assert body == request.body, "one token, two transactions: DynamoDB refuses that"
            return answer
        answer = inner(endpoint, request, model, context)
        if token and answer[0] is not None and answer[0][0].status_code == 200:
            self._done[token] = (request.body, answer)
        return answer

    def _count(self, answer: Any) -> None:
        parsed: dict[str, Any] = answer[0][1] if answer[0] else {}
        responses = parsed.get("Responses", {})
        self.read += len(parsed.get("Items", []))
        self.read += sum(map(len, responses.values())) if isinstance(responses, dict) else len(responses)


def _refusal(fault: Fault, operation: str, sent: dict[str, Any]) -> Any:
    """What DynamoDB answers: its HTTP response, and that parsed."""
    transaction = operation in TRANSACTIONS
    if transaction:
        code = "TransactionCanceledException"
        reason = "TransactionConflict" if fault is Fault.CONFLICT else "ThrottlingError"
        reasons = [{"Code": reason}, *[{"Code": "None"}] * (len(sent["TransactItems"]) - 1)]
    else:
        code = "TransactionConflictException" if fault is Fault.CONFLICT else "ProvisionedThroughputExceededException"
        reasons = []
    parsed = {
        "Error": {"Code": code, "Message": fault.value},
        "ResponseMetadata": {"HTTPStatusCode": 400, "HTTPHeaders": {}},
        **({"CancellationReasons": reasons} if transaction else {}),
    }
    response = AWSResponse("https://dynamodb", 400, {}, None)
    response._content = b"{}"
    return response, parsed


@contextmanager
def between_library_and_database() -> Generator[Faults]:
    """The faults that can be made to happen inside. Nobody sleeps before trying again, and botocore does not lose
    heart."""
    faults = Faults()
    unhurried = SimpleNamespace(sleep=lambda _: None)
    send = faults.between(botocore.endpoint.Endpoint._do_get_response)
    with (
        patch.object(botocore.endpoint.Endpoint, "_do_get_response", send),
        patch.object(botocore.endpoint, "time", unhurried),
        patch.object(botocore.retries.quota.RetryQuota, "acquire", lambda _quota, _amount: True),
        patch.object(chalicelib.database, "time", unhurried),
    ):
        yield faults
