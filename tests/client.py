"""A client of the API over HTTP or in process."""

from __future__ import annotations

import http.client
import io
import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any, TypeAlias
from urllib.parse import quote, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The name of the refusal."""
        assert self.headers["content-type"] == "application/problem+json", self.body
        return self.json["type"].rsplit("/", 1)[-1]

    @property
    def wrong_fields(self) -> set[str]:
        return {error["field"] for error in self.json["errors"]}


Transport: TypeAlias = Callable[[str, str, dict[str, str], bytes], Reply]
"""Sends method, path with query (from /api on), headers and body."""


def in_process(wsgi: Callable[..., Iterable[bytes]]) -> Transport:
    """Calls a WSGI application."""

    def send(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        path, _, query = path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": unquote(path).encode().decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "HTTP_HOST": "testserver",
            "CONTENT_LENGTH": str(len(body)),
        }
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        started: list[Any] = []
        chunks = wsgi(environ, lambda status, head, exc_info=None: started.append((status, head)))
        content = b"".join(chunks)
        status, head = started[0]
        return Reply(int(status.split()[0]), {name.lower(): value for name, value in head}, content)

    return send


def over_http(address: str) -> Transport:
    """Calls the library at `address`; each thread on a connection of its own."""
    kept = threading.local()
    host = urlsplit(address).netloc

    def send(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        if not hasattr(kept, "connection"):
            kept.connection = http.client.HTTPConnection(host, timeout=60)
        kept.connection.request(method, quote(path, safe="/?&=%,:"), body or None, headers)
        answer = kept.connection.getresponse()
        content = answer.read()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)

    return send


class Client:
    """One person at one browser: keeps the access token and the cookies."""

    def __init__(self, send: Transport) -> None:
        self._send = send
        self.token: str | None = None
        self.cookies: dict[str, str] = {}
        self.id = ""

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, raw: bytes | None = None
    ) -> Reply:
        sent = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        said: dict[str, str] = {"Content-Type": "application/json"} if sent else {}
        if self.token:
            said["Authorization"] = f"Bearer {self.token}"
        if self.cookies:
            said["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        reply = self._send(method, "/api" + path, said | (headers or {}), sent)
        for morsel in SimpleCookie(reply.headers.get("set-cookie", "")).values():
            if morsel["max-age"] == "0":
                self.cookies.pop(morsel.key, None)
            else:
                self.cookies[morsel.key] = morsel.value
        return reply

    def get(self, path: str, **kwargs: Any) -> Reply:
        return self.call("GET", path, **kwargs)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> Reply:
        return self.call("POST", path, body, **kwargs)

    def put(self, path: str, body: Any = None, **kwargs: Any) -> Reply:
        return self.call("PUT", path, body, **kwargs)

    def patch(self, path: str, body: Any = None, **kwargs: Any) -> Reply:
        return self.call("PATCH", path, body, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> Reply:
        return self.call("DELETE", path, **kwargs)

    def sign_in(self, login: str, password: str) -> Reply:
        reply = self.post("/auth/login", {"login": login, "password": password})
        if reply.status == 200:
            self.token = reply.json["access_token"]
            self.id = self.get("/me").json["id"]
        return reply
