"""Addresses that somebody gave are called safely."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

import pytest

from chalicelib import outside, settings


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    here = replace(settings.current(), stage="local")
    monkeypatch.setattr(settings, "current", lambda: here)


class Hook(http.server.BaseHTTPRequestHandler):
    seen: ClassVar[list[tuple[str, bytes]]] = []

    def do_POST(self) -> None:
        self.seen.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/")
        else:
            self.send_response(200)
        self.end_headers()
        self.wfile.write(b"x" * (outside.LARGEST_ANSWER + 10))

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[str]:
    Hook.seen.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "https://user:word@example.org/",
        "https://example.org:22/",
        "https:///path",
        "https://exa mple.org/",
        "not an address",
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://100.64.0.1/",
        "https://example.org/" + "x" * 2000,
    ],
)
def test_an_address_of_no_public_place_is_refused(url: str) -> None:
    with pytest.raises(outside.NotAllowed):
        outside.post(url, b"", {})


@pytest.mark.parametrize("within", ["127.0.0.1", "10.0.0.7", "192.168.1.1", "169.254.169.254", "::1", "fd00::1"])
def test_a_name_that_leads_into_a_private_network_is_not_called(monkeypatch: pytest.MonkeyPatch, within: str) -> None:
    family = socket.AF_INET6 if ":" in within else socket.AF_INET
    public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))
    found = [public, (family, socket.SOCK_STREAM, 6, "", (within, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it was called"))
    with pytest.raises(outside.NotAllowed, match="private"):
        outside.post("https://hook.example/", b"", {})


def test_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def connect(address: tuple[str, int], *_: object) -> socket.socket:
        called.append(address[0])
        raise ConnectionRefusedError

    public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [public])
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(outside.NoAnswer) as error:
        outside.post("https://hook.example/", b"", {})
    assert called == ["93.184.216.34"]
    assert not error.value.sent


def test_on_one_machine_its_own_addresses_are_called(local: None, hook: str) -> None:
    answer = outside.post(f"{hook}/hook?a=b", b"said", {"Content-Type": "text/plain"})
    assert (answer.status, len(answer.body)) == (200, outside.LARGEST_ANSWER)
    assert Hook.seen == [("/hook?a=b", b"said")]


def test_on_one_machine_private_networks_are_not_called(local: None) -> None:
    with pytest.raises(outside.NotAllowed):
        outside.post("http://10.0.0.1/", b"", {})


def test_a_redirect_is_an_answer_and_not_followed(local: None, hook: str) -> None:
    assert outside.post(f"{hook}/moved", b"", {}).status == 302


def test_who_never_finishes_answering_is_given_up(local: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(outside.NoAnswer) as error:
            outside.post(f"http://127.0.0.1:{silent.getsockname()[1]}/", b"", {}, patience=0.2)
        assert error.value.sent
