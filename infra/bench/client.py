"""What DynamoDB's client costs: reading a book, and a page of 25, by ours and by plain PynamoDB in the same run.

    python -m infra.bench.client

A thread of this process answers both with the same bytes; CPU is that of the thread which asks.
"""

from __future__ import annotations

import json
import socket
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import parse_headers
from typing import Any
from zlib import crc32

import botocore.client  # noqa: F401  # pyright: ignore[reportUnusedImport] - PynamoDB's own connection looks for it
from pynamodb.connection import Connection

from chalicelib import dynamo
from chalicelib.catalogue.tables import BOOKS, Book, Cover, File
from chalicelib.database import Table
from chalicelib.settings import Credentials

PAGE = 25
ROUNDS = 9
TIMES = 40
WHO = Credentials("AKID", "secret")
REGION = "eu-west-1"


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU of one call and of making the models of its answer, in microseconds: the median of several rounds."""

    what: str
    plain: float
    ours: float

    @property
    def ratio(self) -> float:
        return self.plain / self.ours


def measured() -> list[Cost]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_serve, args=[listening], daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        ours, plain = (
            _Ours(url),
            Connection(REGION, url, aws_access_key_id=WHO.key_id, aws_secret_access_key=WHO.secret),
        )
        as_ours, as_plain = Book.from_raw_data, super(Table, Book).from_raw_data
        meta = Book._get_connection().get_meta_table()  # pyright: ignore[reportPrivateUsage]
        for connection in (ours, plain):
            connection.add_meta_table(meta)
        return [
            _cost("one book", lambda: _get(plain, as_plain), lambda: _get(ours, as_ours)),
            _cost(f"a page of {PAGE}", lambda: _page(plain, as_plain), lambda: _page(ours, as_ours)),
        ]


def markdown(costs: list[Cost]) -> list[str]:
    """`costs` as the lines of a table."""
    return [
        "| read from DynamoDB | plain PynamoDB, CPU µs | ours | ratio |",
        "|---|---|---|---|",
        *(f"| {cost.what} | {cost.plain:.0f} | {cost.ours:.0f} | {cost.ratio:.1f} |" for cost in costs),
    ]


class _Ours(Connection):
    def __init__(self, url: str) -> None:
        super().__init__(REGION, url)
        self._ours = dynamo.Client(url, REGION, lambda: WHO, connect_timeout=2, read_timeout=10)

    @property
    def client(self) -> Any:
        return self._ours


def _get(connection: Connection, read: Callable[[Any], object]) -> None:
    read(connection.get_item(Book.Meta.table_name, BOOKS, "1", consistent_read=True)["Item"])


def _page(connection: Connection, read: Callable[[Any], object]) -> None:
    told = connection.query(Book.Meta.table_name, BOOKS, limit=PAGE, scan_index_forward=False, consistent_read=True)
    for item in told["Items"]:
        read(item)


def _cost(what: str, plain: Callable[[], None], ours: Callable[[], None]) -> Cost:
    # By turns, so that what else the machine does then meets both.
    pairs = [(_cpu(plain), _cpu(ours)) for _ in range(ROUNDS + 1)][1:]
    return Cost(what, statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs))


def _cpu(call: Callable[[], None]) -> float:
    began = time.thread_time()
    for _ in range(TIMES):
        call()
    return (time.thread_time() - began) / TIMES * 1e6


def _serve(listening: socket.socket) -> None:
    items = [_book(number) for number in range(PAGE)]
    said = {
        "GetItem": _answer({"Item": items[0]}),
        "Query": _answer({"Items": items, "Count": PAGE, "ScannedCount": PAGE}),
    }

    def answer(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as asked:
            while asked.readline():
                headers = parse_headers(asked)
                asked.read(int(headers["content-length"]))
                connection.sendall(said[headers["x-amz-target"].partition(".")[2]])

    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=answer, args=[connection], daemon=True).start()


def _answer(told: object) -> bytes:
    """With the headers that DynamoDB sends."""
    body = json.dumps(told).encode()
    headers = {
        "Server": "Server",
        "Date": "Sun, 22 Nov 2026 16:00:00 GMT",
        "Content-Type": "application/x-amz-json-1.0",
        "Content-Length": str(len(body)),
        "Connection": "keep-alive",
        "x-amzn-RequestId": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEF",
        "x-amz-crc32": str(crc32(body)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode() + body


def _book(number: int) -> dict[str, Any]:
    """An item of some 1,900 bytes."""
    book = Book(
        id=f"{number:026}",
        title="The Left Hand of Darkness",
        authors=["Ursula K. Le Guin"],
        description="As publishers describe a book, in a paragraph or two that say little of what is in it. " * 7,
        language="en",
        publisher="Ace Books",
        subjects=["Fiction", "Science fiction", "Gender"],
        identifiers=["urn:isbn:9780441478125"],
        section_ids=["0" * 26],
        pages=304,
        words=100_000,
        copies=5,
        loan_period="P7D",
        grant="librarian",
        rating_sum=40,
        rating_count=10,
        rated="0400000#" + "0" * 26,
        loan_count=12,
        borrowed="0000000012#" + "0" * 26,
        covers=[Cover(key=f"books/{number}/cover-{width}.webp", width=width) for width in (200, 400)],
        file=File(format="epub", key=f"books/{number}.epub", size=300_000, contents=f"books/{number}.contents.json"),
        origins=["sha256:" + "a" * 64],
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
    )
    return book.serialize()


if __name__ == "__main__":
    print("\n".join(markdown(measured())))
