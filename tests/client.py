"""A client of the API that calls the gateway in process."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import unquote


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


class Client:
    """One person at one browser: keeps the access token and the cookies."""

    def __init__(self, wsgi: Callable[..., Iterable[bytes]]) -> None:
        self._wsgi = wsgi
        self.token: str | None = None
        self.cookies: dict[str, str] = {}
        self.id = ""

    def call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, raw: bytes | None = None
    ) -> Reply:
        path, _, query = path.partition("?")
        sent = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": ("/api" + unquote(path)).encode().decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(sent),
            "HTTP_HOST": "testserver",
        }
        if sent:
            environ |= {"CONTENT_LENGTH": str(len(sent)), "CONTENT_TYPE": "application/json"}
        if self.token:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        if self.cookies:
            environ["HTTP_COOKIE"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        for name, value in (headers or {}).items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        started: list[Any] = []
        chunks = self._wsgi(environ, lambda status, head, exc_info=None: started.append((status, head)))
        content = b"".join(chunks)
        status, head = started[0]
        for name, value in head:
            if name.lower() == "set-cookie":
                for morsel in SimpleCookie(value).values():
                    if morsel["max-age"] == "0":
                        self.cookies.pop(morsel.key, None)
                    else:
                        self.cookies[morsel.key] = morsel.value
        return Reply(int(status.split()[0]), {k.lower(): v for k, v in head}, content)

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
