"""The bench's visitors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infra.bench import traffic
from infra.local.processes import Trouble

BODY = b"x" * 300_000
"""More than arrives at once."""


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: list[str]
    status = 200

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Answering.asked, Answering.status = [], 200
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_each_visitor_asks_again_when_answered_and_all_targets_have_their_turn(server: ThreadingHTTPServer) -> None:
    told = traffic.send("127.0.0.1", server.server_port, ["/a", "/b"], connections=3, seconds=0.3)
    assert set(Answering.asked) == {"/a", "/b"}
    assert 0 < told.rate * 0.3 <= len(Answering.asked)
    assert 0 < told.p50 <= told.p99


def test_an_answer_that_is_none_ends_the_visit(server: ThreadingHTTPServer) -> None:
    Answering.status = 503
    with pytest.raises(Trouble, match="503"):
        traffic.send("127.0.0.1", server.server_port, ["/a"], connections=1, seconds=0.3)
