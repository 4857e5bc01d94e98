"""What a request costs the function that answers it: the handler is called in this process, over a library that is open
beside it. CPU is this process's own, what the embedded cloud takes is not in it.

    python -m infra.bench.measure SIZE SEED         in the environment of an open library; writes JSON
"""

from __future__ import annotations

import base64
import gzip
import json
import statistics
import sys
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from app import app
from chalicelib import cache, dynamo, wiring
from chalicelib.catalogue import lists, sections
from chalicelib.wire import Answer
from infra.bench import capacity, requests
from infra.bench.requests import AMONG, Request
from infra.local.gateway.api import LambdaContext
from infra.local.gateway.routes import Routes

ROUNDS = 7
LIMIT = 25


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one kind of request: CPU in microseconds with nothing in the cache and with the answer there; calls to
    DynamoDB, of most of them, and read capacity, the mean; bytes of the answer, packed; the longest wait but for one
    in a hundred in ms; and the share of searches that had what was searched among the first 25."""

    cpu: float
    cpu_cached: float
    round_trips: int
    capacity: float
    bytes: int
    p99: float
    found: float | None


def measured(size: int, seed: int) -> dict[str, Cost]:
    """The costs, by the kind of request."""
    return {kind: _cost(asked) for kind, asked in _requests(size, seed).items()}


def _requests(size: int, seed: int) -> dict[str, list[Request]]:
    shelves = [s.id for s in sections.listed(None, "newest", 40, None).items]
    ids = [kept.id for kept in _spread(lists.newest)]
    return {
        "list: newest": _pages("newest"),
        "list: by title": _pages("title"),
        "list: best rated": _pages("rating"),
        "list: a section": [Request("/books", (("section", shelf),)) for shelf in shelves],
        "detail": [Request(f"/books/{book_id}") for book_id in ids],
        **requests.searches(size, seed),
    }


def _spread(listed: Callable[[int, str | None], Any]) -> list[Any]:
    """Forty books of the list's first thousands."""
    found: list[Any] = []
    cursor: str | None = None
    for _ in range(AMONG):
        part = listed(LIMIT, cursor)
        found.append(part.items[-1])
        cursor = part.next_cursor
        if cursor is None:
            break
    return found


def _pages(sort: str) -> list[Request]:
    """The first pages of the list, one after the other."""
    asked: list[Request] = []
    cursor: str | None = None
    for _ in range(AMONG):
        query = (("sort", sort), *((("cursor", cursor),) if cursor else ()))
        asked.append(Request("/books", query))
        cursor = _decoded(_answered(asked[-1]))["next_cursor"]
        if cursor is None:
            break
    return asked


def _cost(asked: list[Request]) -> Cost:
    kept = wiring.cache
    wiring.cache = lambda: _NO_CACHE
    try:
        with _recorded() as calls:
            told = [_recording(request, calls) for request in asked]
        cpu, waits = _timed(asked)
    finally:
        wiring.cache = kept
    for request in asked:
        _answered(request)
    cpu_cached, _ = _timed(asked)
    found = [_has(request.word, answer) for request, (answer, _, _) in zip(asked, told, strict=True) if request.word]
    return Cost(
        cpu=cpu,
        cpu_cached=cpu_cached,
        round_trips=statistics.mode(trips for _, trips, _ in told),
        capacity=statistics.fmean(units for _, _, units in told),
        bytes=int(statistics.fmean(len(_body(answer)) for answer, _, _ in told)),
        p99=statistics.quantiles(waits, n=100)[98],
        found=statistics.fmean(found) if found else None,
    )


_NO_CACHE = cache.Cache(None, "")


def _timed(asked: list[Request]) -> tuple[float, list[float]]:
    """CPU in microseconds for each request, the median of some rounds; and how long each took, in ms."""
    events = [_event(request) for request in asked]
    rounds: list[float] = []
    waits: list[float] = []
    for _ in range(ROUNDS):
        cpu = time.process_time()
        for event in events:
            began = time.perf_counter()
            app(event, LambdaContext("bench"))
            waits.append((time.perf_counter() - began) * 1e3)
        rounds.append((time.process_time() - cpu) / len(events) * 1e6)
    return statistics.median(rounds), waits


@contextmanager
def _recorded() -> Generator[list[tuple[str, bytes, bytes]]]:
    """The calls to DynamoDB made inside: operation, what was asked, what was told."""
    calls: list[tuple[str, bytes, bytes]] = []
    send = dynamo.Client.send

    def recording(self: dynamo.Client, operation: str, body: bytes) -> Answer:
        answer = send(self, operation, body)
        calls.append((operation, body, answer.body))
        return answer

    dynamo.Client.send = recording
    try:
        yield calls
    finally:
        dynamo.Client.send = send


def _recording(request: Request, calls: list[tuple[str, bytes, bytes]]) -> tuple[dict[str, Any], int, float]:
    """The answer, the calls it took, and the capacity that these consumed."""
    calls.clear()
    answer = _answered(request)
    units = sum(capacity.read(name, _json(body), _json(told)) for name, body, told in calls)
    return answer, len(calls), units


def _json(body: bytes) -> Any:
    return msgspec.json.decode(body)


def _answered(request: Request) -> dict[str, Any]:
    answer: dict[str, Any] = app(_event(request), LambdaContext("bench"))
    if answer["statusCode"] != 200:
        raise RuntimeError(f"{request.target}: {answer['statusCode']} {_body(answer)[:300]!r}")
    return answer


def _body(answer: dict[str, Any]) -> bytes:
    body: str = answer["body"]
    return base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()


def _decoded(answer: dict[str, Any]) -> Any:
    body = _body(answer)
    return _json(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)


def _has(word: str | None, answer: dict[str, Any]) -> bool:
    return any((word or "").casefold() in item["title"].casefold() for item in _decoded(answer)["items"])


_ROUTES = Routes(app.routes)


def _event(request: Request) -> dict[str, Any]:
    """What API Gateway hands over for a browser's request."""
    resource, parameters = _ROUTES.find(request.path) or ("", None)
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate, br", "Host": "library.example"}
    several: dict[str, list[str]] = {}
    for name, value in request.query:
        several.setdefault(name, []).append(value)
    return {
        "resource": resource,
        "path": request.path,
        "httpMethod": "GET",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": dict(request.query) or None,
        "multiValueQueryStringParameters": several or None,
        "pathParameters": parameters,
        "stageVariables": None,
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": resource,
            "path": f"/api{request.path}",
            "requestId": "bench",
            "stage": "api",
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "bench"},
        },
        "body": None,
        "isBase64Encoded": False,
    }


def main(arguments: Iterable[str]) -> None:
    """Measure and write."""
    size, seed = map(int, arguments)
    costs = measured(size, seed)
    json.dump({kind: asdict(cost) for kind, cost in costs.items()}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
