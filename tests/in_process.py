"""moto behind our own client of DynamoDB: what it would send over the network is handed to moto in this process."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

from chalicelib.wire import Answer, Pool

_one_at_a_time = threading.Lock()
"""moto copies whole tables while it carries out a transaction, and stumbles over who writes meanwhile."""


def _send(pool: Pool, request: bytes) -> Answer:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = HTTPHeaders()
    for line in lines:
        name, _, value = line.partition(": ")
        headers[name] = value
    signed = AWSPreparedRequest(method, f"https://{pool.host}{path}", headers, body, stream_output=False)
    with _one_at_a_time:
        answer = botocore_stubber("before-send", signed)
    assert answer is not None, f"moto does not answer for {pool.host}"
    return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)


@contextmanager
def moto_answers() -> Generator[None]:
    """To be entered within `mock_aws`."""
    with patch.object(Pool, "send", _send):
        yield
