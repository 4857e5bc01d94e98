"""The few words of WSGI (PEP 3333) the gateway's parts share."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from chalicelib import packing
from infra.local.gateway.refusals import Answer

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
App = Callable[[Environ, StartResponse], Iterable[bytes]]

COMPRESSIBLE = (
    "text/",
    "application/json",
    "application/problem+json",
    "application/javascript",
    "application/manifest+json",
)
"""Beginnings of media types that shrink. Types that end in +json or +xml do too."""

WORTH_COMPRESSING = 1024
"""Bytes below which a smaller body saves no packet."""

_STATUS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def send(answer: Answer, environ: Environ, start_response: StartResponse) -> list[bytes]:
    """Send a whole response; to HEAD without its body."""
    headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
    start_response(_STATUS.get(answer.status, f"{answer.status} Unknown"), headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]


def page(status: int, html: str) -> Answer:
    """A small page made here."""
    return Answer(status, [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")], html.encode())


def path_of(environ: Environ) -> str:
    """The path percent-encoded, as S3's signatures and API Gateway's routes want it.

    WSGI hands it over decoded.
    """
    return quote(environ["PATH_INFO"].encode("latin-1"), safe="/-._~")


def shrinks(media_type: str) -> bool:
    """Whether bodies of `media_type` are worth compressing."""
    kind = media_type.partition(";")[0].strip().lower()
    return kind.startswith(COMPRESSIBLE) or kind.endswith(("+json", "+xml"))


def takes_gzip(environ: Environ) -> bool:
    """Whether the client accepts gzip."""
    return packing.takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))


def compress(body: bytes, level: int = 1) -> bytes:
    """`body` gzipped, the same each time."""
    return gzip.compress(body, level, mtime=0)
