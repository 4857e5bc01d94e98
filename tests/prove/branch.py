"""A library in process whose people come in once and which can be put back to an earlier moment, again and again: what
a proof of thousands of steps needs."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from pynamodb.models import Model

import app
from chalicelib.circulation.tables import Card, Copies, Hold, Loan
from chalicelib.facts import STREAM_ARN, Fact
from tests.client import Client, Reply
from tests.factories import Town
from tests.fakes import FakeRedis, SettableClock
from tests.faults import Faults, Killed, between_library_and_database

REGION = "eu-west-1"

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Moment:
    """Everything a library keeps, and the time."""

    tables: dict[str, Any]
    cached: dict[str, bytes]
    time: datetime
    told: frozenset[str]


class Branch:
    """A library, its librarian, and `patrons`."""

    def __init__(self, town: Town, clock: SettableClock, redis: FakeRedis, faults: Faults, patrons: int) -> None:
        self.town, self.clock, self.faults = town, clock, faults
        self._redis = redis
        # Tokens say when they end: signed in tomorrow, everybody stays so for as long as the proof takes.
        clock.time = clock.time.replace(microsecond=0) + timedelta(days=1)
        self.librarian = town.librarian
        self.patrons = [town.patron(f"patron{n}") for n in range(patrons)]
        self._told: set[str] = set()

    # ------------------------------------------------------------------------------------------- time travel

    def moment(self) -> Moment:
        """Where the library stands now."""
        tables = {name: copy.deepcopy(table.items) for name, table in self._tables()}
        return Moment(tables, dict(self._redis.kept), self.clock.time, frozenset(self._told))

    def back_to(self, moment: Moment) -> None:
        """Let the library stand where it stood."""
        for name, table in self._tables():
            table.items = copy.deepcopy(moment.tables[name])
            if table.stream_shard:
                table.stream_shard.items.clear()
        self._redis.kept.clear()
        self._redis.kept.update(moment.cached)
        self.clock.time = moment.time
        self._told = set(moment.told)

    @staticmethod
    def _tables() -> Iterable[tuple[str, Any]]:
        return dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables.items()

    # ------------------------------------------------------------------------------------------------ facts

    def untold(self) -> list[Fact]:
        """Facts that nobody was told of, oldest first. Those of the same instant come in no order."""
        return sorted((fact for fact in kept_in(Fact) if fact.id not in self._told), key=lambda fact: fact.id)

    def tell(self, facts: list[Fact]) -> None:
        """Hand facts on as the stream does."""
        if facts:
            app.tell({"Records": [_record(fact) for fact in facts]}, None)
            self._told |= {fact.id for fact in facts}

    def tell_all(self) -> None:
        """Hand everything on, until nothing new comes of it."""
        while facts := self.untold():
            self.tell(facts)

    # ------------------------------------------------------------------------------------------------ jobs

    def expire(self, at: datetime | None = None) -> int:
        """Run the job that closes what is due, as its schedule does."""
        time = (at or self.clock.time).isoformat()
        event = {"version": "0", "id": "", "detail-type": "Scheduled Event", "source": "aws.events", "account": ""}
        event |= {"time": time, "region": REGION, "resources": [], "detail": {}}
        return app.expire_loans(event, None)["done"]


def _record(fact: Fact) -> dict[str, Any]:
    return {
        "eventID": fact.id,
        "eventName": "INSERT",
        "eventSourceARN": STREAM_ARN,
        "awsRegion": REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": 0,
            "NewImage": fact.serialize(),
            "SequenceNumber": fact.id,
            "SizeBytes": 1,
            "StreamViewType": "NEW_IMAGE",
        },
    }


def sent(client: Client, method: str, path: str, body: Any, key: str | None) -> Reply | None:
    """What came back, or None where the process ended first."""
    try:
        return client.call(method, path, body, headers={"Idempotency-Key": key} if key else {})
    except Killed:
        return None


@contextmanager
def branch(town: Town, clock: SettableClock, redis: FakeRedis, patrons: int = 4) -> Iterator[Branch]:
    """A library whose patrons and librarian are signed in."""
    with between_library_and_database() as faults:
        yield Branch(town, clock, redis, faults, patrons)


# ----------------------------------------------------------------------------------------- what the tables hold


def kept_in(model: type[M]) -> Iterator[M]:
    """Every item of a table, past the API of DynamoDB, which would cost more than what is tested."""
    table = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[model.Meta.table_name]
    return (model.from_raw_data(item.to_json()["Attributes"]) for item in table.all_items())


@dataclass(frozen=True)
class Kept:
    """The tables of lending, whole."""

    loans: list[Loan]
    cards: dict[str, Card]
    copies: dict[str, Copies]
    holds: list[Hold]

    @classmethod
    def now(cls) -> Kept:
        return cls(
            sorted(kept_in(Loan), key=lambda loan: loan.id),
            {card.patron_id: card for card in kept_in(Card)},
            {copies.book_id: copies for copies in kept_in(Copies)},
            sorted(kept_in(Hold), key=lambda hold: (hold.book_id, hold.loan_id)),
        )
