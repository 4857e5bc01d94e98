"""The library when something it leans on is missing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from infra.local.processes import ROOT, free_port
from tests.client import over_http
from tests.factories import Town
from tests.running import running_library


def test_without_a_cache_the_library_lends_and_says_that_it_is_slower(tmp_path: Path) -> None:
    with running_library(tmp_path, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0") as address:
        town = Town(over_http(address))
        health = town.visitor().get("/health")
        assert (health.status, health.json["status"], health.json["cache"]) == (200, "degraded", "down")
        patron, book = town.patron(), town.book(content="words")
        loan = town.loan(patron, book)
        assert patron.get(f"/books/{book['id']}/read").status == 200
        assert patron.post(f"/loans/{loan['id']}/return").status == 200
        town.librarian.patch(f"/books/{book['id']}", {"title": "New"})
        assert town.visitor().get("/books").json["items"][0]["title"] == "New"
        token, cookies = patron.token, dict(patron.cookies)
        patron.post("/auth/logout")
        patron.token, patron.cookies = token, cookies
        assert patron.get("/me").status == 401


def test_what_was_lent_is_lent_still_after_a_stop_and_a_start(tmp_path: Path) -> None:
    with running_library(tmp_path) as address:
        town = Town(over_http(address))
        patron = town.patron("keeper")
        loan = town.loan(patron, town.book(content="kept words"))
    with running_library(tmp_path) as address:
        again = Town(over_http(address)).visitor()
        assert again.sign_in("keeper", "correct horse battery").status == 200
        assert again.get(f"/loans/{loan['id']}").json["status"] == "active"
        assert again.get(f"/books/{loan['book_id']}/read").status == 200


def carrel(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`./carrel` on the library over `data`."""
    environment = {**os.environ, "CARREL_DATA": str(data)}
    return subprocess.run(
        ["./carrel", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_the_command_line_works_on_the_library_that_is_open(tmp_path: Path) -> None:
    closed = carrel(tmp_path, "jobs", "run", "expire-loans")
    assert (closed.returncode, closed.stdout) == (1, "")
    assert closed.stderr.startswith("No library is open")
    assert closed.stderr.count("\n") == 1
    with running_library(tmp_path) as address:
        town = Town(over_http(address))
        patron = town.patron()
        loan = town.loan(patron, town.book(loan_period="P2W"))
        assert carrel(tmp_path, "jobs", "run", "expire-loans").returncode == 0
        assert patron.get(f"/loans/{loan['id']}").json["status"] == "active"
        assert "1" in carrel(tmp_path, "jobs", "run", "expire-loans", "--at", "2100-01-01T00:00:00Z").stdout
        assert patron.get(f"/loans/{loan['id']}").json["status"] == "expired"
        assert carrel(tmp_path, "jobs", "run", "expire-loans", "--at", "tomorrow").returncode == 2
        told = carrel(tmp_path, "librarian", "reset-password").stdout
        assert town.visitor().sign_in("librarian", told.split()[-1]).status == 200
