"""The library on one machine: it opens with one command, keeps what it was given, and leaves nothing behind."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.running import PATIENCE, Library, alive, eventually

PASSWORD = "correct horse battery"


def sign_in(library: Library, password: str) -> int:
    """The status of the librarian's signing in."""
    body = {"login": "librarian@carrel.example", "password": password}
    return urllib3.request("POST", f"{library.url}/api/auth/login", json=body).status


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Library]]:
    libraries: list[Library] = []

    def start(data: str = "data", **more: Any) -> Library:
        libraries.append(Library(tmp_path / data, **more))
        return libraries[-1]

    yield start
    for library in libraries:
        library.forget()


def test_the_librarian_can_sign_in_and_the_password_is_told_once(start: Callable[..., Library]) -> None:
    library = start().opened()
    kept = library.data / "librarian-password"
    password = kept.read_text().strip()
    assert password in library.said
    assert library.url in library.said
    assert sign_in(library, password) == 200
    for secret in ("librarian-password", "runtime.json", "secrets.json"):
        assert (library.data / secret).stat().st_mode & 0o077 == 0
    assert library.close() == 0

    again = start().opened()
    assert password not in again.said
    assert "librarian-password" in again.said
    assert sign_in(again, password) == 200


def test_a_password_that_was_given_is_not_written_down(start: Callable[..., Library]) -> None:
    library = start(LIBRARIAN_PASSWORD=PASSWORD).opened()
    assert sign_in(library, PASSWORD) == 200
    assert "correct horse" not in library.said
    library.close()
    again = start().opened()
    assert sign_in(again, PASSWORD) == 200
    assert not (again.data / "librarian-password").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_closing_it_leaves_nothing_running(start: Callable[..., Library], number: signal.Signals) -> None:
    library = start().opened()
    processes = library.processes()
    assert len(processes) >= 7  # supervisor, scribe, cloud, cache, worker, gateway and the process that serves
    assert library.close(number) == 0
    assert [pid for pid in processes if alive(pid)] == []
    assert not (library.data / "runtime.json").exists()


def test_killing_its_group_leaves_nothing_running_and_loses_nothing(start: Callable[..., Library]) -> None:
    library = start(LIBRARIAN_PASSWORD=PASSWORD).opened()
    processes = library.processes()
    library.kill_group()
    assert eventually(lambda: not any(map(alive, processes)))
    assert sign_in(start().opened(), PASSWORD) == 200


def test_killing_only_the_supervisor_leaves_nothing_running(start: Callable[..., Library]) -> None:
    library = start().opened()
    processes = library.processes()
    library.process.kill()
    library.process.wait(PATIENCE)
    assert eventually(lambda: not any(map(alive, processes)))


def test_two_libraries_from_one_checkout_do_not_meet(start: Callable[..., Library]) -> None:
    one = start("one", LIBRARIAN_PASSWORD="the first password")
    two = start("two", LIBRARIAN_PASSWORD="the second password")
    one.opened()
    two.opened()
    assert sign_in(one, "the second password") == 401
    assert sign_in(two, "the second password") == 200


def test_a_port_in_use_is_one_sentence(start: Callable[..., Library]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert start(port=port).refused() == f"PORT {port} is in use; set PORT to another.\n"


def test_a_folder_in_use_is_one_sentence(start: Callable[..., Library]) -> None:
    start().opened()
    errors = start().refused()
    assert errors.startswith("Another library is open on ")
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("HOST", "nowhere.invalid"),
        ("CARREL_DEMO", "perhaps"),
        ("LIBRARIAN_EMAIL", "nobody"),
        ("LIBRARIAN_PASSWORD", "short"),
        ("PUBLIC_URL", "library.example"),
        ("AWS_ENDPOINT_URL", "localhost:4566"),
        ("REDIS_URL", "localhost"),
        ("CARREL_DATA", "/dev/null/library"),
    ],
)
def test_a_setting_that_makes_no_sense_is_one_sentence_with_its_name(
    start: Callable[..., Library], name: str, value: str
) -> None:
    errors = start(**{name: value}).refused()
    assert name in errors
    assert errors.count("\n") == 1


def test_a_cloud_and_a_cache_of_ones_own_are_used_instead(start: Callable[..., Library]) -> None:
    lender = start("lender").opened()
    told = lender.runtime["environment"]
    keys = {name: told[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    guest = start("guest", AWS_ENDPOINT_URL=told["AWS_ENDPOINT_URL"], REDIS_URL=told["REDIS_URL"], **keys).opened()
    assert set(guest.runtime["pids"]) == {"supervisor", "scribe", "worker", "gateway"}
    assert sign_in(guest, (lender.data / "librarian-password").read_text().strip()) == 200


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """One that stays open for the tests that only talk to it."""
    library = Library(tmp_path_factory.mktemp("library")).opened()
    yield library
    assert library.close() == 0
    library.forget()


class TestOverTheWire:
    """What only a real server shows."""

    def test_bodies_come_in_however_they_are_framed(self, library: Library) -> None:
        body = json.dumps({"login": "nobody", "password": "x" * 20}).encode()
        url, kind = f"{library.url}/api/auth/login", {"Content-Type": "application/json"}
        whole = urllib3.request("POST", url, body=body, headers=kind)
        pieces = urllib3.request("POST", url, body=iter([body[:10], body[10:]]), headers=kind)
        assert whole.status == pieces.status == 401
        assert whole.json()["type"] == pieces.json()["type"]

    @pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
    def test_a_body_that_is_too_large_is_refused_and_the_answer_arrives(self, library: Library, chunked: bool) -> None:
        body = b" " * (11 * 1024 * 1024)
        got = urllib3.request(
            "POST",
            f"{library.url}/api/auth/login",
            body=iter([body[i : i + 65536] for i in range(0, len(body), 65536)]) if chunked else body,
            headers={"Content-Type": "application/json"},
            retries=False,
        )
        assert (got.status, got.headers["content-type"]) == (413, "application/problem+json")

    def test_an_encoded_path_is_decoded_once(self, library: Library) -> None:
        got = urllib3.request("GET", f"{library.url}/_local/mail/%252e%252e")
        assert got.status == 404

    def test_head_has_no_body(self, library: Library) -> None:
        assert urllib3.request("HEAD", f"{library.url}/_local/mail").data == b""
