"""Twenty kills each of the embedded cloud, over a state that grows and is folded, and of the whole library."""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.client import Client, Reply, over_http
from tests.factories import LIBRARIAN, PASSWORD, Town
from tests.killing import Ledger, Refused, Thing, kill_again_and_again
from tests.running import Library

KILLS = 20
PATRONS = 6
BOOKS = 8
COPIES = 3


def test_nothing_acknowledged_is_lost_in_twenty_kills_of_the_cloud(tmp_path: Path) -> None:
    assert kill_again_and_again(tmp_path, seed=7, kills=KILLS, clients=8, writes=(500, 2500), in_folds=True) == []


def test_nothing_acknowledged_is_lost_in_twenty_kills_of_every_process_of_the_library(tmp_path: Path) -> None:
    chance, ledger, wrong = random.Random(8), Ledger(), list[str]()
    library = opened(tmp_path)
    town = Town(over_http(library.url))
    for n in range(PATRONS):
        town.patron(f"patron{n}")
    books = [town.book(copies=COPIES)["id"] for _ in range(BOOKS)]
    for n in range(1, KILLS + 1):
        people = [Person(ledger, library.url, number, books, chance.random()) for number in range(PATRONS + 1)]
        before = ledger.acknowledged
        with ThreadPoolExecutor(len(people)) as pool:
            running = [pool.submit(person.run) for person in people]
            time.sleep(chance.uniform(1, 5))
            library.kill_group()
            for person in running:
                person.result()
        flying = len(ledger.in_flight)
        started = time.monotonic()
        library = opened(tmp_path)
        ready = time.monotonic() - started
        lost = compared(ledger, library.url, books)
        wrong += [f"kill {n}: {sentence}" for sentence in lost]
        print(  # noqa: T201 - run to be read
            f"kill {n:2} {ledger.acknowledged - before:6,} acknowledged {flying:2} in flight {len(lost)} lost   "
            f"open in {ready:.1f} s",
            flush=True,
        )
    library.close()
    print(f"{KILLS} kills: {ledger.acknowledged:,} acknowledged, {len(wrong)} lost")  # noqa: T201
    assert wrong == []


def opened(data: Path) -> Library:
    return Library(data, LIBRARIAN_EMAIL=LIBRARIAN["email"], LIBRARIAN_PASSWORD=LIBRARIAN["password"]).opened()


def signed_in(address: str, number: int) -> Client:
    """A patron, or the librarian after the last of them."""
    town = Town(over_http(address))
    if number == PATRONS:
        return town.librarian
    client = town.visitor()
    assert client.sign_in(f"patron{number}", PASSWORD).status == 200
    return client


def loans_of(client: Client) -> dict[str, str]:
    """The loans a patron has, by book."""
    return {loan["book_id"]: loan["id"] for loan in client.get("/loans?status=active&limit=100").json["items"]}


class Person:
    """Somebody who borrows, reads and returns, or the librarian, who edits; until nobody answers."""

    def __init__(self, ledger: Ledger, address: str, number: int, books: list[str], seed: float) -> None:
        self._ledger, self._number, self._books, self._random = ledger, number, books, random.Random(seed)
        self._client = signed_in(address, number)
        self._loans = {} if number == PATRONS else loans_of(self._client)

    def run(self) -> None:
        steps = (
            (self._edit, self._found) if self._number == PATRONS else (self._borrow, self._return, *[self._read] * 3)
        )
        try:
            while True:
                self._random.choice(steps)(self._random.choice(self._books))
        except (OSError, http.client.HTTPException):
            return

    def _ask(self, thing: Thing, value: Any, call: Callable[..., Reply], path: str, body: Any = None) -> Any:
        """What the library answers; None if it refuses."""
        with self._ledger.asking(thing, value):
            answer = call(path, body)
            if answer.status >= 500:
                raise OSError(answer.body)
            if answer.status >= 400:
                raise Refused
            return answer.json if answer.body else {}

    def _borrow(self, book: str) -> None:
        wanted = {"book_id": book, "if_unavailable": "refuse"}
        if loan := self._ask(("loan", f"{self._number} {book}"), "active", self._client.post, "/loans", wanted):
            self._loans[book] = loan["id"]

    def _return(self, book: str) -> None:
        if loan := self._loans.pop(book, None):
            thing = ("loan", f"{self._number} {book}")
            self._ask(thing, None, self._client.post, f"/loans/{loan}/return")

    def _read(self, book: str) -> None:
        if book in self._loans:
            place = {"locator": f"chapter {self._random.randrange(10**6)}", "progress": 0.5}
            thing = ("place", f"{self._number} {book}")
            self._ask(thing, place["locator"], self._client.put, f"/books/{book}/position", place)

    def _edit(self, book: str) -> None:
        said = f"Edition {self._random.randrange(10**6)}"
        self._ask(("description", book), said, self._client.patch, f"/books/{book}", {"description": said})

    def _found(self, _book: str) -> None:
        name = f"Section {self._random.randrange(10**9)}"
        self._ask(("section", name), "there", self._client.post, "/sections", {"name": name})


def compared(ledger: Ledger, address: str, books: list[str]) -> list[str]:
    """A sentence for each thing that is not as it was acknowledged."""
    there: dict[Thing, Any] = {}
    for number in range(PATRONS):
        client = signed_in(address, number)
        loans = loans_of(client)
        for book in books:
            if book in loans:
                there["loan", f"{number} {book}"] = "active"
                there["place", f"{number} {book}"] = client.get(f"/books/{book}/position").json.get("locator")
            elif ("place", f"{number} {book}") in ledger.known:  # only who has a book is told a place in it
                there["place", f"{number} {book}"] = ledger.known["place", f"{number} {book}"]
    librarian = signed_in(address, PATRONS)
    for book in books:
        there["description", book] = librarian.get(f"/books/{book}").json["description"]
    cursor = ""
    while cursor is not None:
        page = librarian.get(f"/sections?limit=100&cursor={cursor}" if cursor else "/sections?limit=100").json
        there |= {("section", section["name"]): "there" for section in page["items"]}
        cursor = page["next_cursor"]
    lent = {book: sum(("loan", f"{n} {book}") in there for n in range(PATRONS)) for book in books}
    free = librarian.get(f"/availability?ids={','.join(books)}").json
    miscounted = [
        f"of {book} {lent[book]} are lent and {free[book]['available']} of {COPIES} are free"
        for book in books
        if lent[book] + free[book]["available"] != COPIES
    ]
    there = {thing: value for thing, value in there.items() if value not in (None, "")}
    return ledger.wrong(there) + miscounted
