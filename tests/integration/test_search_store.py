"""What is written is found, whatever happens to those who see to it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from infra.local.processes import ROOT
from tests.client import over_http
from tests.factories import LIBRARIAN, Town
from tests.running import Library, eventually


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """An open library."""
    data = tmp_path_factory.mktemp("library") / "data"
    library = Library(data, LIBRARIAN_EMAIL=LIBRARIAN["email"], LIBRARIAN_PASSWORD=LIBRARIAN["password"]).opened()
    yield library
    library.forget()


@pytest.fixture
def town(library: Library) -> Town:
    return Town(over_http(library.url))


def found(town: Town, words: str) -> set[str]:
    """The titles of the books that a search finds."""
    titles: set[str] = set()
    after = ""
    while True:
        reply = town.visitor().get(f"/books?q={words}&limit=100{after}")
        assert reply.status == 200, reply.body
        titles |= {book["title"] for book in reply.json["items"]}
        if reply.json["next_cursor"] is None:
            return titles
        after = f"&cursor={reply.json['next_cursor']}"


def test_a_book_is_found_soon_after_it_came_and_no_more_soon_after_it_went(town: Town) -> None:
    book = town.book(title="Marginalia")
    assert eventually(lambda: found(town, "marginalia") == {"Marginalia"})
    assert town.librarian.delete(f"/books/{book['id']}").status == 204
    assert eventually(lambda: found(town, "marginalia") == set())


def test_every_book_is_found_though_its_writer_is_killed_again_and_again(library: Library, town: Town) -> None:
    titles: set[str] = set()
    for round_ in range(2):
        titles |= {town.book(title=f"Palimpsest {round_} {n}")["title"] for n in range(6)}
        worker = library.runtime["pids"]["worker"]
        library.kill("worker")
        assert eventually(lambda worker=worker: library.runtime["pids"]["worker"] != worker)
    assert eventually(lambda: found(town, "palimpsest") == titles)


def test_an_index_made_anew_by_two_at_once_while_books_come_and_are_searched_lacks_none(
    library: Library, town: Town
) -> None:
    titles = {town.book(title=f"Incunable {n}")["title"] for n in range(5)}
    assert eventually(lambda: found(town, "incunable") == titles)
    makers = [rebuilding(library) for _ in range(2)]
    while any(maker.poll() is None for maker in makers):
        titles.add(town.book(title=f"Incunable {len(titles)}")["title"])
        assert len(found(town, "incunable")) >= 5
    for maker in makers:
        said, errors = maker.communicate()
        assert maker.returncode == 0, errors
        assert said.endswith("The new index is searched from now on.\n")
    assert eventually(lambda: found(town, "incunable") == titles)


def rebuilding(library: Library) -> subprocess.Popen[str]:
    """`./carrel search rebuild`, under way."""
    return subprocess.Popen(
        [str(ROOT / "carrel"), "search", "rebuild"],
        env={**os.environ, "CARREL_DATA": str(library.data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
