"""The worker wakes handlers as event source mappings and schedules do, from what the app declares."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from chalice.app import Chalice

from infra.local.cloud import EmbeddedCloud
from infra.local.provision import provision
from infra.local.worker import schedules, streams
from infra.local.worker.trigger import Trigger
from infra.local.worker.triggers import triggers

FACTS = "arn:aws:dynamodb:eu-west-1:123456789012:table/shelf-local-facts/stream/any"
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Jobs": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": "shelf-local-jobs", "VisibilityTimeout": 1},
        },
        "Facts": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "shelf-local-facts",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
            },
        },
    }
}

SOON = 20.0
"""Seconds a test waits for what should come at once."""


class Shelf:
    """An app's triggers, running, and what its handlers saw."""

    def __init__(self, cloud: EmbeddedCloud, data: Path) -> None:
        self.app = Chalice("shelf", configure_logs=False)
        self.seen: queue.Queue[Any] = queue.Queue()
        self._cloud, self._data = cloud, data
        self._running: list[Trigger] = []

    def client(self, service: str) -> Any:
        return boto3.client(service, **self._cloud.client_settings)

    def open(self) -> None:
        self._running = triggers(self.app, self.client, self._data, "shelf-local-")
        for trigger in self._running:
            trigger.start()

    def close(self) -> None:
        for trigger in self._running:
            trigger.stop()
        for trigger in self._running:
            assert trigger.finish(SOON)

    def next(self) -> Any:
        return self.seen.get(timeout=SOON)

    def send(self, *bodies: str) -> None:
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName="shelf-local-jobs")["QueueUrl"]
        for body in bodies:
            sqs.send_message(QueueUrl=url, MessageBody=body)

    def note(self, *ids: str) -> None:
        for id in ids:
            self.client("dynamodb").put_item(TableName="shelf-local-facts", Item={"id": {"S": id}, "raw": {"B": b"\0"}})


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    with EmbeddedCloud(tmp_path_factory.mktemp("worker")) as cloud:
        yield cloud


@pytest.fixture
def make(cloud: EmbeddedCloud, tmp_path: Path) -> Iterator[Callable[[], Shelf]]:
    shelves: list[Shelf] = []

    def make() -> Shelf:
        shelf = Shelf(cloud, tmp_path)
        provision(TEMPLATE, shelf.client)
        shelves.append(shelf)
        return shelf

    yield make
    for shelf in shelves:
        shelf.close()
    shelves[0].client("dynamodb").delete_table(TableName="shelf-local-facts")
    sqs = shelves[0].client("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="shelf-local-jobs")["QueueUrl"])


def ids(records: list[Any]) -> list[str]:
    return [record["dynamodb"]["Keys"]["id"]["S"] for record in records]


class TestQueues:
    def test_a_job_reaches_its_handler_as_lambda_would_tell_it(self, make: Callable[[], Shelf]) -> None:
        shelf = make()

        @shelf.app.on_sqs_message(queue="shelf-local-jobs", batch_size=5)
        def work(event: Any) -> None:
            shelf.seen.put(event.to_dict()["Records"])

        shelf.open()
        shelf.send("export")
        (record,) = shelf.next()
        assert record["body"] == "export"
        assert record["eventSource"] == "aws:sqs"
        assert record["eventSourceARN"].endswith(":shelf-local-jobs")
        assert record["attributes"]["ApproximateReceiveCount"] == "1"

    def test_what_a_handler_names_as_failed_comes_again_and_the_rest_does_not(self, make: Callable[[], Shelf]) -> None:
        shelf = make()
        failing = {"bad"}

        @shelf.app.on_sqs_message(queue="shelf-local-jobs", batch_size=10)
        def work(event: Any) -> dict[str, Any]:
            records = event.to_dict()["Records"]
            bad = [r["messageId"] for r in records if r["body"] in failing]
            failing.difference_update(r["body"] for r in records)
            shelf.seen.put([r["body"] for r in records])
            return {"batchItemFailures": [{"itemIdentifier": id} for id in bad]}

        shelf.send("good", "bad", "fine")
        shelf.open()
        # A queue gives what it has in as many batches as it likes.
        seen: list[str] = []
        while len(seen) < 4:
            seen += shelf.next()
        assert sorted(seen) == ["bad", "bad", "fine", "good"]
        assert seen[-1] == "bad"

    def test_a_handler_that_fails_gets_its_jobs_again(self, make: Callable[[], Shelf]) -> None:
        shelf = make()

        @shelf.app.on_sqs_message(queue="shelf-local-jobs")
        def work(event: Any) -> None:
            (record,) = event.to_dict()["Records"]
            count = record["attributes"]["ApproximateReceiveCount"]
            shelf.seen.put(count)
            if count == "1":
                raise RuntimeError("the printer is out of paper")

        shelf.open()
        shelf.send("report")
        assert [shelf.next(), shelf.next()] == ["1", "2"]


class TestStreams:
    def test_changes_arrive_in_order_as_lambda_would_tell_them(self, make: Callable[[], Shelf]) -> None:
        shelf = make()

        @shelf.app.on_dynamodb_record(stream_arn=FACTS, batch_size=100)
        def index(event: Any) -> None:
            for record in event.to_dict()["Records"]:
                json.dumps(record)  # Lambda's events are JSON
                shelf.seen.put(record)

        shelf.open()
        shelf.note(*map(str, range(20)))
        records = [shelf.next() for _ in range(20)]
        assert ids(records) == [str(n) for n in range(20)]
        assert records[0]["eventName"] == "INSERT"
        assert records[0]["eventSource"] == "aws:dynamodb"
        assert records[0]["dynamodb"]["NewImage"]["raw"] == {"B": "AA=="}
        assert isinstance(records[0]["dynamodb"]["ApproximateCreationDateTime"], float)

    def test_a_worker_that_comes_back_goes_on_where_it_stopped(self, make: Callable[[], Shelf]) -> None:
        def listening() -> Shelf:
            shelf = make()

            @shelf.app.on_dynamodb_record(stream_arn=FACTS)
            def index(event: Any) -> None:
                for id in ids(event.to_dict()["Records"]):
                    shelf.seen.put(id)

            return shelf

        shelf = listening()
        shelf.note("before")
        shelf.open()
        assert shelf.next() == "before"
        shelf.close()
        shelf.note("while closed")
        later = listening()
        later.open()
        later.note("after")
        assert [later.next(), later.next()] == ["while closed", "after"]

    def test_one_bad_change_is_parked_and_holds_up_the_others_only_for_a_while(
        self, make: Callable[[], Shelf], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(streams, "RETRIES", (0.01, 0.01))
        shelf = make()

        @shelf.app.on_dynamodb_record(stream_arn=FACTS)
        def index(event: Any) -> None:
            found = ids(event.to_dict()["Records"])
            if "bad" in found:
                raise ValueError("not a fact")
            for id in found:
                shelf.seen.put(id)

        shelf.note("one", "bad", "two")
        shelf.open()
        assert [shelf.next(), shelf.next()] == ["one", "two"]
        (parked,) = (tmp_path / "parked" / "index.jsonl").read_text().splitlines()
        assert ids([json.loads(parked)]) == ["bad"]


class TestSchedules:
    def test_a_time_missed_while_the_library_was_closed_is_made_up_for_once(
        self, make: Callable[[], Shelf], tmp_path: Path
    ) -> None:
        (tmp_path / "positions.json").write_text(json.dumps({"expire": "2026-01-01T00:00:00+00:00"}))
        shelf = make()

        @shelf.app.schedule("rate(1 day)")
        def expire(event: Any) -> None:
            shelf.seen.put(event.to_dict())

        shelf.open()
        event = shelf.next()
        assert event["detail-type"] == "Scheduled Event"
        assert event["source"] == "aws.events"
        assert shelf.seen.empty()
        shelf.close()
        assert json.loads((tmp_path / "positions.json").read_text())["expire"] > "2026-01-02"

    def test_a_slow_job_holds_up_no_other(self, make: Callable[[], Shelf], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(schedules, "LOOK", 0.01)
        shelf = make()
        release: queue.Queue[None] = queue.Queue()

        @shelf.app.on_sqs_message(queue="shelf-local-jobs")
        def slow(event: Any) -> None:
            shelf.seen.put("began")
            release.get(timeout=SOON)

        @shelf.app.on_dynamodb_record(stream_arn=FACTS)
        def quick(event: Any) -> None:
            shelf.seen.put("quick")

        shelf.open()
        shelf.send("long report")
        assert shelf.next() == "began"
        shelf.note("fact")
        assert shelf.next() == "quick"
        release.put(None)


def test_a_kind_of_trigger_nobody_stands_in_for_is_named_at_the_start(tmp_path: Path) -> None:
    app = Chalice("shelf", configure_logs=False)
    app.on_sns_message(topic="news")(lambda event: None)
    with pytest.raises(ValueError, match="SNSEventConfig"):
        triggers(app, lambda service: None, tmp_path, "shelf-local-")
