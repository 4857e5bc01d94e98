"""Sixty-four people at once on a few books, in a library as `make run` opens it; then each instant is looked at."""

from __future__ import annotations

import os
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.catalogue.tables import BOOKS
from chalicelib.catalogue.tables import Book as KeptBook
from tests.client import Client, Reply, over_http
from tests.factories import Town
from tests.functional.conftest import REGION, cloud, empty_cloud  # noqa: F401
from tests.prove import invariants
from tests.prove.branch import Kept, kept_in
from tests.prove.replay import renamed, writes
from tests.running import running_library

CLIENTS = int(os.environ.get("CARREL_PROVE_CLIENTS", "64"))
ERRANDS = int(os.environ.get("CARREL_PROVE_ERRANDS", "25"))
STEPS = ["return", "return", "cancel", "accept", "accept", "renew", "pause", "resume"]


class Crowd:
    """Patrons and a librarian who do as they please."""

    def __init__(self, town: Town) -> None:
        self.desk = town.librarian
        # Some are granted by themselves, some not; a minute's loans run out while the crowd is still there.
        self.books = [
            town.book(copies=1, loan_period="PT1M"),
            town.book(copies=2, loan_period="P7D"),
            town.book(copies=3, loan_period="P7D", grant="librarian"),
            town.book(loan_period="PT1M"),
        ]
        self.desk.patch("/settings", {"loan_limit": 2, "pickup_window": "PT1M"})
        with ThreadPoolExecutor(8) as pool:
            self.patrons = list(pool.map(lambda n: town.patron(f"crowd{n}"), range(CLIENTS)))
        self.answers: Counter[Any] = Counter()
        self._counting = threading.Lock()

    def run(self, seed: int) -> None:
        with ThreadPoolExecutor(CLIENTS + 1) as pool:
            everybody = [pool.submit(self._be_patron, n, random.Random(seed + n)) for n in range(CLIENTS)]
            desk = pool.submit(self._be_librarian, random.Random(seed - 1), everybody)
            for each in [*everybody, desk]:
                each.result()

    def _be_patron(self, n: int, chance: random.Random) -> None:
        me = self.patrons[n]
        for _ in range(ERRANDS):
            loans = me.get("/loans?limit=100&status=requested,waiting,ready,active").json["items"]
            if loans and chance.random() < 0.7:
                loan, step = chance.choice(loans), chance.choice(STEPS)
                self._do(me, step, f"/loans/{loan['id']}/{step}", None, chance)
            else:
                wanted = {"book_id": chance.choice(self.books)["id"]}
                wanted |= {"if_unavailable": chance.choice(["wait", "wait", "refuse"])}
                self._do(me, f"ask, {wanted['if_unavailable']}", "/loans", wanted, chance)

    def _be_librarian(self, chance: random.Random, everybody: list[Any]) -> None:
        while not all(each.done() for each in everybody):
            match chance.choice(["copies", "grant", "revoke"]):
                case "copies":
                    book = chance.choice(self.books[:3])
                    self._note("copies", self.desk.patch(f"/books/{book['id']}", {"copies": chance.randint(1, 3)}))
                case "grant":
                    asked = self.desk.get("/loans?status=requested").json["items"]
                    ids = [loan["id"] for loan in asked[:10]]
                    if ids:
                        self._do(self.desk, "batch", "/loans/batch", {"action": "grant", "ids": ids}, chance)
                case _:
                    active = self.desk.get("/loans?status=active&limit=5").json["items"]
                    if active:
                        loan = chance.choice(active)
                        self._do(self.desk, "revoke", f"/loans/{loan['id']}/revoke", None, chance)

    def _do(self, who: Client, what: str, path: str, body: Any, chance: random.Random) -> None:
        """As a client does it that is told to try again; now and then the same is sent twice at once."""
        headers = {"Idempotency-Key": str(uuid.UUID(int=chance.getrandbits(128)))}
        for _ in range(10):
            reply = who.post(path, body, headers=headers)
            self._note(what, reply)
            if reply.status != 503:
                break
        if chance.random() < 0.2:
            again = who.post(path, body, headers=headers)
            if reply.status < 300 and again.status != 503 and "results" not in reply.json:
                assert (again.status, again.json["id"]) == (reply.status, reply.json["id"]), again.body

    def _note(self, what: str, reply: Reply) -> None:
        with self._counting:
            self.answers[what, reply.status if reply.status < 400 else reply.problem] += 1


@pytest.mark.usefixtures("cloud")
def test_many_at_once_break_no_rule_at_any_instant(tmp_path: Path, say: Callable[[str], None]) -> None:
    data = tmp_path / "library"
    began = time.monotonic()
    with running_library(data) as address:
        crowd = Crowd(Town(over_http(address)))
        crowd.run(seed=int(os.environ.get("CARREL_PROVE_SEED", "1")))
        took = time.monotonic() - began
        time.sleep(8)  # until the last facts are told
        recorded = list(writes(data, tmp_path))
    for (what, answer), times in sorted(crowd.answers.items(), key=str):
        say(f"{what:14} {answer!s:24} {times}")
    say(f"{sum(crowd.answers.values())} requests in {took:.0f} s, {len(recorded)} writes")
    assert not [answer for _, answer in crowd.answers if answer == "library-error"]
    assert ("ask, wait", "no-copy-available") not in crowd.answers, "who would wait is not refused"

    database: Any = boto3.client("dynamodb", region_name=REGION)
    prefix = next(p["TransactItems"][0] for o, p in recorded if o == "TransactWriteItems")
    [write] = prefix.values()
    before = write["TableName"].rpartition("-")[0] + "-"
    lowered = lent = 0
    out: dict[str, int] = {}
    for operation, parameters in recorded:
        try:
            database._make_api_call(operation, renamed(parameters, before, "carrel-test-"))
        except ClientError as error:
            # The journal has what was asked; what was refused then is refused again.
            assert "ConditionalCheckFailed" in str(error), error
            continue
        if not any(name in str(parameters) for name in ("-loans'", "-copies'", "-holds'", "-cards'")):
            continue
        kept = Kept.now()
        invariants.hold(kept)
        for book_id, copies in kept.copies.items():
            if copies.total is not None and copies.out > copies.total:
                lowered += 1
                assert copies.out <= out.get(book_id, 0), "a copy is lent that there is not"
            lent += copies.out > out.get(book_id, 0)
            out[book_id] = copies.out
    say(f"{lent} copies went out, {lowered} instants with more out than there are since their number was lowered")
    on_shelves = {book.id: book.copies for book in kept_in(KeptBook) if book.collection == BOOKS}
    invariants.hold_at_rest(Kept.now(), on_shelves)
