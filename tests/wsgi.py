"""Asks a WSGI application of the gateway one thing, with every header in the test's hands."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Got:
    status: int = 0
    headers: dict[str, list[str]] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        return next(iter(self.headers.get(name.lower(), [])), None)


def ask(
    app: Any,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    chunked: bool = False,
    query: str = "",
    **headers: str,
) -> Got:
    got = Got()

    def start_response(status: str, pairs: Iterable[tuple[str, str]]) -> None:
        got.status = int(status.split(maxsplit=1)[0])
        for name, value in pairs:
            got.headers.setdefault(name.lower(), []).append(value)

    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REMOTE_ADDR": "192.0.2.7",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_PORT": "8000",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_TYPE": headers.pop("content_type", "application/json"),
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    if chunked:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    elif body:
        environ["CONTENT_LENGTH"] = str(len(body))
    got.body = b"".join(app(environ, start_response))
    return got
