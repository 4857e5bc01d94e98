"""The client beneath PynamoDB: it signs a request, sends it, tries again what may do later, and reads the answer.

botocore's own does the same for any service from a description of it, for ten to twenty times the CPU
(docs/decisions/0017).
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from zlib import crc32

import botocore
import msgspec
from botocore.exceptions import ClientError, ConnectionClosedError, ConnectionError, HTTPClientError

from chalicelib.settings import Credentials
from chalicelib.signing import Signer, moment
from chalicelib.wire import Answer, Pool

ATTEMPTS = 4
"""How often a request is sent, as PynamoDB has botocore do it."""

_THROTTLES = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)
"""Refusals after which the same request is sent again."""


class Client:
    """DynamoDB at `url`. Many threads may use it."""

    def __init__(
        self,
        url: str,
        region: str,
        credentials: Callable[[], Credentials],
        *,
        connect_timeout: float,
        read_timeout: float,
    ) -> None:
        self._url = url
        self._signer = Signer(region, "dynamodb")
        self._credentials = credentials
        self._pool = Pool(url, connect_timeout=connect_timeout, read_timeout=read_timeout)

    def _make_api_call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """What DynamoDB answers; the one thing that PynamoDB asks of botocore's client, by the same name.

        Raises botocore's ClientError with the refusal as `response`, ConnectionError or HTTPClientError where no
        answer came, NoCredentialsError.
        """
        body = msgspec.json.encode(parameters)
        attempt = 1
        while True:
            try:
                answer = self.send(operation, body)
                if answer.status == 200:
                    return msgspec.json.decode(answer.body)
                raise _refusal(operation, answer)
            except (ClientError, ConnectionError, HTTPClientError) as error:
                if attempt == ATTEMPTS or not _may_do_later(error):
                    raise
            time.sleep(random.uniform(0, 0.05 * 2**attempt))
            attempt += 1

    def send(self, operation: str, body: bytes) -> Answer:
        """What DynamoDB answers when it is asked once."""
        asked = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"DynamoDB_20120810.{operation}"}
        headers = self._signer.headers(self._credentials(), self._pool.host, asked, body, moment())
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        head = f"POST / HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n"
        answer = self._pool.send(head.encode("latin-1") + body)
        checksum = answer.headers.get("x-amz-crc32")
        if checksum is not None and int(checksum) != crc32(answer.body):
            raise ConnectionClosedError(endpoint_url=self._url)
        return answer


def _may_do_later(error: Exception) -> bool:
    if not isinstance(error, ClientError):
        return True
    response: Any = error.response
    return response["ResponseMetadata"]["HTTPStatusCode"] >= 500 or response["Error"]["Code"] in _THROTTLES


def _refusal(operation: str, answer: Answer) -> ClientError:
    """The answer as botocore tells it; what comes from before DynamoDB, and is not in its words, says that it is
    away."""
    try:
        told: dict[str, Any] = msgspec.json.decode(answer.body)
        code = told["__type"].rpartition("#")[2]
    except (msgspec.DecodeError, KeyError, TypeError):
        told, code = {}, "ServiceUnavailable"
    response: Any = {
        **told,
        "Error": {"Code": code, "Message": told.get("message") or told.get("Message", "")},
        "ResponseMetadata": {
            "RequestId": answer.headers.get("x-amzn-requestid", ""),
            "HTTPStatusCode": answer.status,
            "HTTPHeaders": answer.headers,
        },
    }
    return ClientError(response, operation)


@contextmanager
def botocore_left_out() -> Generator[None]:
    """Let PynamoDB be imported inside without the parts of botocore that make its own client, which nobody here asks
    for: they are most of what importing it costs. PynamoDB finds modules in their place that have the few names it
    looks for while it is imported; who imports the real ones afterwards gets them, PynamoDB's own client too.
    """
    parts = ("botocore.client", "botocore.config", "botocore.session")
    if sys.modules.keys() & {"pynamodb.connection", *parts}:
        yield  # they are paid for
        return
    stand_ins = {name: ModuleType(name) for name in parts}
    stand_ins["botocore.client"].__dict__["ClientError"] = ClientError
    stand_ins["botocore.session"].__dict__.update(Session=object, get_session=_session)
    private = ModuleType("pynamodb.connection._botocore_private")  # for PynamoDB's annotations alone
    private.__dict__["BotocoreBaseClientPrivate"] = object
    sys.modules.update({**stand_ins, private.__name__: private})
    botocore.__dict__["session"] = stand_ins["botocore.session"]
    try:
        yield
    finally:
        for name in (*stand_ins, private.__name__):
            del sys.modules[name]
        del botocore.__dict__["session"]


def _session() -> Any:
    from botocore.session import get_session

    return get_session()
