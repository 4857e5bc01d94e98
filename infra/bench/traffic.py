"""Requests of many visitors at once to a library that is open: each on a connection that stays, and with one request
under way at a time. One thread serves all of them, so that as little as can be is taken from the library."""

from __future__ import annotations

import math
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from infra.local.processes import Trouble

END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests a second, and the wait in ms that half of them, and all but one in a hundred, did not exceed."""

    connections: int
    rate: float
    p50: float
    p99: float


@dataclass(slots=True)
class _Visitor:
    connection: socket.socket
    asked_at: float = 0
    received: bytearray = field(default_factory=bytearray)


def send(host: str, port: int, targets: Sequence[str], connections: int, seconds: float) -> Traffic:
    """Ask for `targets`, one after the other and again, for so many seconds.

    Raises Trouble for an answer that is not 200.
    """
    requests = [_request(host, port, target) for target in targets]
    waits: list[float] = []
    asked = 0
    with selectors.DefaultSelector() as selector:
        visitors = [_Visitor(socket.create_connection((host, port))) for _ in range(connections)]
        try:
            began = time.perf_counter()
            for visitor in visitors:
                visitor.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(visitor.connection, selectors.EVENT_READ, visitor)
                asked = _ask(visitor, requests, asked)
            while (now := time.perf_counter()) - began < seconds:
                for key, _ in selector.select(timeout=seconds):
                    visitor: _Visitor = key.data
                    if not _answered(visitor):
                        continue
                    waits.append((time.perf_counter() - visitor.asked_at) * 1e3)
                    asked = _ask(visitor, requests, asked)
            elapsed = now - began
        finally:
            for visitor in visitors:
                visitor.connection.close()
    if not waits:
        raise Trouble(f"Nothing was answered within {seconds:g} s: {targets[0]}")
    waits.sort()
    return Traffic(connections, len(waits) / elapsed, _quantile(waits, 0.5), _quantile(waits, 0.99))


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[math.ceil(len(ordered) * share) - 1]


def _request(host: str, port: int, target: str) -> bytes:
    return (
        f"GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n\r\n"
    ).encode()


def _ask(visitor: _Visitor, requests: Sequence[bytes], asked: int) -> int:
    visitor.received.clear()
    visitor.asked_at = time.perf_counter()
    visitor.connection.sendall(requests[asked % len(requests)])
    return asked + 1


def _answered(visitor: _Visitor) -> bool:
    """Whether the answer came whole, with what just arrived."""
    arrived = visitor.connection.recv(262_144)
    if not arrived:
        raise Trouble("The library closed a connection.")
    visitor.received += arrived
    head, ended, body = bytes(visitor.received).partition(END_OF_HEAD)
    if not ended:
        return False
    status, *headers = head.split(b"\r\n")
    if b" 200" not in status:
        raise Trouble(f"The library answered {status.decode('latin-1')}: {body[:200].decode(errors='replace')}")
    for header in headers:
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            return len(body) >= int(value)
    raise Trouble("The library does not say how long its answer is.")
