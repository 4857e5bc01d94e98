"""Answers as they go out: encoded, tagged and compressed once, so that sending one again is copying bytes."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from chalicelib.cache import Cache

WORTH_SQUEEZING = 1400
"""Bytes below which a smaller body saves no packet."""


_TAKES_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Packed:
    """An encoded answer with its strong entity tag. The body of one that is `squeezed` is gzipped (RFC 1952)."""

    tag: str
    squeezed: bool
    body: bytes


def entity_tag(body: bytes) -> str:
    """The entity tag of a representation (RFC 9110, 8.8.3)."""
    return f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def pack(answer: Any) -> Packed:
    """An answer, encoded: str and bytes as they are, anything else as JSON."""
    match answer:
        case str():
            body = answer.encode()
        case bytes():
            body = answer
        case _:
            body = msgspec.json.encode(answer)
    if len(body) < WORTH_SQUEEZING:
        return Packed(entity_tag(body), False, body)
    return Packed(entity_tag(body), True, gzip.compress(body, 6, mtime=0))


def takes_gzip(accept_encoding: str) -> bool:
    """Whether somebody who sends this accepts gzip: names it, and not in order to refuse it (RFC 9110, 12.5.3)."""
    return _TAKES_GZIP.search(accept_encoding) is not None


def kept(cache: Cache, namespace: str, query: str, read: Callable[[], Any]) -> Packed:
    """The answer to `query` as `cache` keeps it, or else made by `read()`, packed and kept."""
    mark, tag, body = cache.through(namespace, query, lambda: _flat(pack(read()))).split(b" ", 2)
    return Packed(tag.decode(), mark == _SQUEEZED, body)


_SQUEEZED, _PLAIN = b"z", b"p"


def _flat(packed: Packed) -> bytes:
    return b" ".join((_SQUEEZED if packed.squeezed else _PLAIN, packed.tag.encode(), packed.body))
