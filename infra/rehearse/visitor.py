"""Somebody at the deployed library's addresses."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 40
"""Seconds an answer may take; a function's first has to unpack the layer."""


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """What came back; header names in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"{self.status} {self.headers.get('content-type', '')} {self.body[:300]!r}"

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The name of the refusal, or what came instead of one."""
        kind = self.headers.get("content-type", "no content type")
        return self.json["type"].rpartition("/")[2] if kind == "application/problem+json" else kind


class Visitor:
    """A browser at `host`, which the emulator at `port` answers for; keeps its token and its cookies."""

    def __init__(self, port: int, host: str, prefix: str = "") -> None:
        self._port = port
        self._host = host
        self._prefix = prefix
        self.token: str | None = None
        self.cookies: dict[str, str] = {}

    def call(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Reply:
        """Ask for `path`; a body is sent as JSON."""
        # As from whoever ends TLS before the emulator: nobody reaches the library without.
        sent = {"Host": self._host, "X-Forwarded-Proto": "https", **(headers or {})}
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return self._keep(_ask(self._port, method, self._prefix + path, content, sent))

    def get(self, path: str) -> Reply:
        return self.call("GET", path)

    def post(self, path: str, body: object = None) -> Reply:
        return self.call("POST", path, body)

    def sign_in(self, login: str, password: str) -> Reply:
        """Sign in, and keep the token."""
        reply = self.post("/auth/login", {"login": login, "password": password})
        if reply.status == 200:
            self.token = reply.json["access_token"]
        return reply

    def _keep(self, reply: Reply) -> Reply:
        for morsel in SimpleCookie(reply.headers.get("set-cookie", "")).values():
            self.cookies[morsel.key] = morsel.value
        return reply


def at(address: str, method: str = "GET", content: bytes | None = None) -> Reply:
    """What a presigned address answers."""
    url = urlsplit(address)
    headers = {"Host": url.netloc}
    if content is not None:
        headers["Content-Type"] = "application/octet-stream"
    return _ask(url.port or 80, method, f"{url.path}?{url.query}", content, headers)


def _ask(port: int, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, content, dict(headers))
        answer = connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()
