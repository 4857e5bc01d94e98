"""The library through its gateway, on moto in process. Concurrency is tested on the embedded cloud instead."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.model_instances import model_data
from moto.dynamodb.models import dynamodb_backends

from chalicelib import cache, clients, dynamo, wiring
from chalicelib.facts import Fact, day_of
from infra.local.provision import provision, read
from tests.client import in_process
from tests.factories import LIBRARIAN, Town
from tests.fakes import FakeRedis, SettableClock
from tests.in_process import moto_answers

REGION = "eu-west-1"


@pytest.fixture(scope="package")
def empty_cloud() -> Iterator[None]:
    """A cloud with the library's tables, bucket and queues."""
    with mock_aws(), moto_answers():
        provision(read(), lambda service: boto3.client(service, region_name=REGION), stage="test")
        yield
    clients.s3.cache_clear()
    clients.sqs.cache_clear()


@pytest.fixture(autouse=True)
def cloud(empty_cloud: None) -> None:
    """The same cloud with nothing in its tables: emptying them takes a hundredth of making them.

    Streams go with their tables: moto copies both at each transaction. Nor is it let keep what it made: it remembers
    every object of its own, so that the copies of a thousand tests would fill gigabytes.
    """
    for table in dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables.values():
        table.items.clear()
        if table.stream_shard is not None:
            table.stream_shard.items.clear()
    for models in model_data.values():
        for model in models.values():
            model.instances_tracked.clear()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[list[str]]]:
    """A context that lists the calls made to DynamoDB inside it."""
    calls: list[str] = []
    call = dynamo.Client._make_api_call

    def count(client: dynamo.Client, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        calls.append(operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(dynamo.Client, "_make_api_call", count)

    @contextmanager
    def counting() -> Generator[list[str]]:
        calls.clear()
        yield calls

    return counting


@pytest.fixture
def redis() -> FakeRedis:
    return FakeRedis()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SettableClock:
    """The library's clock."""
    clock = SettableClock()
    monkeypatch.setattr(wiring, "now", clock)
    return clock


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch, redis: FakeRedis) -> Town:
    """A library and who comes to it."""
    from app import app, setup
    from infra.local.gateway.api import Api

    kept = cache.Cache(lambda: redis, "test:")
    monkeypatch.setattr(wiring, "cache", lambda: kept)
    return Town(in_process(Api(app)), lambda: setup({"librarian": LIBRARIAN}, None))


@pytest.fixture
def indexed(clock: SettableClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Brings all that has happened into the search index, where a search finds it."""
    from chalicelib.catalogue.search import reader, writer

    monkeypatch.setattr(writer, "folder", lambda: tmp_path)
    one = reader.Reader(tmp_path)
    monkeypatch.setattr(reader, "_reader", lambda: one)

    told: set[str] = set()

    def index() -> None:
        new = [fact for fact in Fact.query(day_of(clock())) if fact.id not in told]
        told.update(fact.id for fact in new)
        writer.follow(new, clock)
        clock.forward(seconds=1)

    return index
