"""S3 on the library's own port: `/_local/objects/<bucket>/<key>?…` for the addresses the library signs.

The app signs against the inner endpoint and hands out OBJECTS_URL in its place; here the inner Host goes back
in, so that the signature holds. What is not signed is refused without asking. Nothing is held in memory
whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import urllib3

from infra.local.gateway import wsgi
from infra.local.gateway.wsgi import Environ, StartResponse

PREFIX = "/_local/objects"

CHUNK = 256 * 1024

GUARDS = [
    ("X-Content-Type-Options", "nosniff"),
    # An object opened by itself in a tab is a stranger's file on the library's address: it runs nothing.
    ("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]

NOT_SIGNED = "<!doctype html><title>403</title><p>This address is not signed."

_HANDED_ON = frozenset(
    {
        *("accept-ranges", "cache-control", "content-disposition", "content-encoding", "content-language"),
        *("content-length", "content-range", "content-type", "etag", "expires", "last-modified", "location"),
    }
)
_KEPT_BACK = frozenset(
    {"host", "connection", "cookie", "authorization", "transfer-encoding", "te", "upgrade", "keep-alive"}
)


class Objects:
    """The proxy to the S3 at `endpoint`."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint.rstrip("/")
        self._host = urlsplit(endpoint).netloc
        self._pool = urllib3.PoolManager(maxsize=32, retries=False, timeout=urllib3.Timeout(connect=5, read=60))

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method: str = environ["REQUEST_METHOD"]
        path = wsgi.path_of(environ)[len(PREFIX) :]
        if not _may_ask(method, environ) or not _is_object(path):
            return wsgi.send(
                wsgi.page(403, NOT_SIGNED),
                environ,
                start_response,
            )
        query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
        answer = self._pool.request(
            method,
            f"{self._endpoint}{path}{query}",
            headers={**_headers(environ), "host": self._host},
            body=_body(environ) if method in ("PUT", "POST") else None,
            preload_content=False,
            decode_content=False,
            redirect=False,
        )
        headers = [(name, value) for name, value in answer.headers.items() if name.lower() in _HANDED_ON]
        start_response(f"{answer.status} {answer.reason or ''}", headers + GUARDS)
        return _Streamed(answer)


def _may_ask(method: str, environ: Environ) -> bool:
    """Whether this is a signed request: by its query, or a form that carries its own policy and signature."""
    if method == "POST":
        return environ.get("CONTENT_TYPE", "").startswith("multipart/form-data")
    return method in ("GET", "HEAD", "PUT") and bool(parse_qs(environ["QUERY_STRING"]).get("X-Amz-Signature"))


def _is_object(path: str) -> bool:
    """Whether `path` is of a bucket or of a key in it, and of nothing else the emulator answers at."""
    parts = path.removeprefix("/").split("/")
    return not parts[0].startswith("_") and not {"", ".", ".."}.intersection(parts)


def _headers(environ: Environ) -> dict[str, str]:
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    headers = {name: value for name, value in headers.items() if name not in _KEPT_BACK}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if value := environ.get(name):
            headers[name.replace("_", "-").lower()] = value
    return headers


def _body(environ: Environ) -> Iterator[bytes] | bytes:
    if environ.get("CONTENT_LENGTH") == "0":
        return b""
    return iter(lambda: environ["wsgi.input"].read(CHUNK), b"")


class _Streamed:
    """The body piece by piece; its connection goes back to the pool when it is read, or closed half-way."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.stream(CHUNK)
        self._answer.release_conn()

    def close(self) -> None:
        self._answer.close()
