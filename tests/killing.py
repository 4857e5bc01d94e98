"""Clients that write at random, and know what was acknowledged when what they write to is killed.

Each kind of thing has a value by its key: an item and an object their version, a message 1; None where it is not there.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.cloud import EmbeddedCloud

TABLE, BUCKET, QUEUE = "kept", "kept", "kept"
COPIES = 1_000_000
AT_HAND = 1
"""Seconds a message that was taken is hidden."""

Thing = tuple[str, str]


@dataclass
class Cloud:
    """A running cloud and clients of it that never try twice."""

    process: EmbeddedCloud

    def __post_init__(self) -> None:
        config = Config(
            retries={"max_attempts": 0},
            max_pool_connections=32,
            signature_version="v4",
            s3={"addressing_style": "path"},
            read_timeout=20,
        )
        made = {
            name: boto3.client(name, **self.process.client_settings, config=config)
            for name in ("dynamodb", "dynamodbstreams", "sqs", "s3")
        }
        self.dynamodb, self.streams, self.sqs, self.s3 = made.values()

    def provision(self) -> None:
        key = [{"AttributeName": "id", "KeyType": "HASH"}], [{"AttributeName": "id", "AttributeType": "S"}]
        stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        self.dynamodb.create_table(
            TableName=TABLE,
            KeySchema=key[0],
            AttributeDefinitions=key[1],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification=stream,
        )
        self.dynamodb.put_item(TableName=TABLE, Item={"id": {"S": "copies"}, "version": {"N": str(COPIES)}})
        self.sqs.create_queue(QueueName=QUEUE, Attributes={"VisibilityTimeout": str(AT_HAND)})
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": self.s3.meta.region_name})

    @property
    def queue(self) -> str:
        return self.sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]

    def objects(self) -> dict[str, int]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        return {key: self._version(key) for key in keys}

    def _version(self, key: str) -> int:
        """Its version; -1 for an object that is not wholly of one."""
        got = self.s3.get_object(Bucket=BUCKET, Key=key)
        version, content = int(got["Metadata"]["version"]), got["Body"].read()
        whole = {**described(version), "Body": made(key, version)}
        return version if whole == {**{name: got[name] for name in described(0)}, "Body": content} else -1

    def items(self) -> dict[str, int]:
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True)
        return {item["id"]["S"]: int(item["version"]["N"]) for page in pages for item in page["Items"]}

    def messages(self) -> dict[str, int]:
        """Every message, also those in somebody's hands when the cloud was killed; they are there to be taken again."""
        found, url = list[dict[str, Any]](), self.queue
        while more := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=AT_HAND + 1, VisibilityTimeout=60
        ).get("Messages", []):
            found += more
        for message in found:
            self.sqs.change_message_visibility(
                QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        return {message["Body"]: 1 for message in found}


def described(version: int) -> dict[str, Any]:
    """An object's metadata."""
    return {
        "ContentType": f"application/x-{version}",
        "CacheControl": f"max-age={version}",
        "Metadata": {"version": str(version)},
    }


def made(key: str, version: int) -> bytes:
    """An object's content, of up to 200 kB."""
    return f"{key} {version}\n".encode() * random.Random(version).choice((1, 100, 10_000))


@dataclass
class Copy:
    """What somebody who follows the table's stream holds, as the worker does."""

    items: dict[str, int] = field(default_factory=dict[str, int])
    position: str | None = None

    def follow(self, cloud: Cloud, until: Callable[[], bool]) -> None:
        """Read on from the position; at the end of the stream, stop if `until` says so."""
        arn = cloud.dynamodb.describe_table(TableName=TABLE)["Table"]["LatestStreamArn"]
        shard = cloud.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        start: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
        if self.position:
            start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self.position}
        iterator = cloud.streams.get_shard_iterator(StreamArn=arn, ShardId=shard, **start)["ShardIterator"]
        while True:
            answer = cloud.streams.get_records(ShardIterator=iterator, Limit=1000)
            if "Records" not in answer:  # cut short by the kill
                return
            for change in (record["dynamodb"] for record in answer["Records"]):
                assert self.position is None or change["SequenceNumber"] > self.position
                key, self.position = change["Keys"]["id"]["S"], change["SequenceNumber"]
                if "NewImage" in change:
                    self.items[key] = int(change["NewImage"]["version"]["N"])
                else:
                    del self.items[key]
            iterator = answer["NextShardIterator"]
            if not answer["Records"]:
                if until():
                    return
                time.sleep(0.05)


class Ledger:
    """What was acknowledged and what is in flight, over any number of kills. Safe to share between threads."""

    def __init__(self) -> None:
        self.known: dict[Thing, Any] = {}
        self.in_flight: set[tuple[Thing, Any]] = set()
        self.acknowledged = 0

    @contextmanager
    def asking(self, thing: Thing, value: Any) -> Generator[None]:
        """Within, `thing` is asked to become `value`; raises what the block raises, and then it may be so or not.

        A block that is refused raises Refused: nothing changed.
        """
        self.in_flight.add((thing, value))
        try:
            yield
        except Refused:
            pass
        else:
            self.known[thing] = value
            self.acknowledged += 1
        self.in_flight.discard((thing, value))

    def wrong(self, there: Mapping[Thing, Any]) -> list[str]:
        """A sentence for each thing that is not as it was acknowledged. What was in flight is known from here on."""
        wrong = [
            f"{thing} is {there.get(thing)} and was acknowledged as {self.known.get(thing)}"
            for thing in self.known.keys() | there.keys()
            if there.get(thing) != self.known.get(thing) and (thing, there.get(thing)) not in self.in_flight
        ]
        self.in_flight.clear()
        self.known = dict(there)
        return wrong


class Refused(Exception):
    """A request was refused, as it may be."""


class Shelves:
    """What is written to a cloud, by clients that differ by `seed`."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ledger = Ledger()
        self.copy = Copy()

    def pound(self, cloud: Cloud, clients: int, writes: int, folding: Callable[[], bool]) -> None:
        """Write from so many clients, and kill the cloud after so many writes, or as soon as `folding` says so."""
        with ThreadPoolExecutor(clients + 1) as pool:
            seeds = [self.random.random() for _ in range(clients)]
            running = [pool.submit(_Client(self.ledger, cloud, n, seed).run) for n, seed in enumerate(seeds)]
            running.append(pool.submit(self._follow, cloud))
            end = self.ledger.acknowledged + writes
            while self.ledger.acknowledged < end and not folding() and not all(client.done() for client in running):
                time.sleep(0.002)
            cloud.process.part.process.kill()
            for client in running:
                client.result()

    def _follow(self, cloud: Cloud) -> None:
        try:
            self.copy.follow(cloud, lambda: False)
        except (BotoCoreError, ClientError):
            return

    def compare(self, cloud: Cloud) -> list[str]:
        """A sentence for each thing that is not as it was acknowledged. What was in flight is known then."""
        items = cloud.items()
        self.copy.follow(cloud, lambda: True)
        there: dict[Thing, int] = {
            (kind, key): value
            for kind, found in (("item", items), ("object", cloud.objects()), ("message", cloud.messages()))
            for key, value in found.items()
        }
        loans = sum(key.startswith("loan-") for key in items)
        self.ledger.known["item", "copies"] = COPIES - loans  # a loan and its copy, both or neither
        wrong = self.ledger.wrong(there)
        if self.copy.items != items:
            wrong.append("the stream does not lead to what the table holds")
        return wrong


class _Client:
    def __init__(self, ledger: Ledger, cloud: Cloud, number: int, seed: float) -> None:
        self._ledger, self._cloud, self._random = ledger, cloud, random.Random(seed)
        self._name = f"{number}"
        self._queue = cloud.queue

    def run(self) -> None:
        steps = (
            *(self._put, self._update, self._delete, self._lend) * 2,
            self._keep,
            self._drop,
            self._send,
            self._take,
        )
        try:
            while True:
                self._random.choice(steps)()
        except (BotoCoreError, ClientError):
            return

    def _key(self) -> str:
        return f"{self._name}-{self._random.randrange(60)}"

    def _try(self, thing: Thing, value: int | None, call: Callable[..., Any], **request: Any) -> None:
        with self._ledger.asking(thing, value):
            try:
                call(**request)
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                    raise
                raise Refused from error

    def _put(self) -> None:
        key, version = self._key(), self._random.randrange(10**9)
        filler = {"S": "x" * self._random.randrange(20_000)}
        item = {"id": {"S": key}, "version": {"N": str(version)}, "filler": filler}
        self._try(("item", key), version, self._cloud.dynamodb.put_item, TableName=TABLE, Item=item)

    def _update(self) -> None:
        key = self._key()
        request: dict[str, Any] = {"TableName": TABLE, "Key": {"id": {"S": key}}}
        request |= {"UpdateExpression": "ADD version :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
        version = (self._ledger.known.get(("item", key)) or 0) + 1
        self._try(("item", key), version, self._cloud.dynamodb.update_item, **request)

    def _delete(self) -> None:
        key = self._key()
        request: dict[str, Any] = {"TableName": TABLE, "Key": {"id": {"S": key}}}
        self._try(("item", key), None, self._cloud.dynamodb.delete_item, **request)

    def _lend(self) -> None:
        """Take a copy and note the loan, or be refused because there is such a loan."""
        loan = f"loan-{self._name}-{self._random.randrange(2000)}"
        copy = {"TableName": TABLE, "Key": {"id": {"S": "copies"}}, "UpdateExpression": "ADD version :less"}
        note = {"TableName": TABLE, "Item": {"id": {"S": loan}, "version": {"N": "1"}}}
        steps = [
            {"Update": {**copy, "ExpressionAttributeValues": {":less": {"N": "-1"}}}},
            {"Put": {**note, "ConditionExpression": "attribute_not_exists(id)"}},
        ]
        self._try(("item", loan), 1, self._cloud.dynamodb.transact_write_items, TransactItems=steps)

    def _keep(self) -> None:
        key, version = f"books/{self._key()}", self._random.randrange(10**9)
        request = {"Bucket": BUCKET, "Key": key, "Body": made(key, version), **described(version)}
        self._try(("object", key), version, self._cloud.s3.put_object, **request)

    def _drop(self) -> None:
        key = f"books/{self._key()}"
        self._try(("object", key), None, self._cloud.s3.delete_object, Bucket=BUCKET, Key=key)

    def _send(self) -> None:
        body = f"{self._name}-{self._random.randrange(10**12)}"
        self._try(("message", body), 1, self._cloud.sqs.send_message, QueueUrl=self._queue, MessageBody=body)

    def _take(self) -> None:
        taken = self._cloud.sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=3).get("Messages", [])
        for message in taken[:-1]:  # one stays in its hands
            thing = "message", message["Body"]
            if thing in self._ledger.known:  # else its sender was not answered yet
                request = {"QueueUrl": self._queue, "ReceiptHandle": message["ReceiptHandle"]}
                self._try(thing, None, self._cloud.sqs.delete_message, **request)


def kill_again_and_again(
    folder: Path, *, seed: int, kills: int, clients: int, writes: tuple[int, int], in_folds: bool = False
) -> list[str]:
    """Pound on a cloud and kill it, so many times; print a line for each. What was lost, as sentences."""
    shelves, wrong, folds = Shelves(seed), list[str](), 0
    ledger = shelves.ledger
    state, data = folder / "cloud" / "state", folder / "cloud"
    longest = 0.0
    process = EmbeddedCloud(data)
    process.start()
    process.wait()
    Cloud(process).provision()
    for n in range(1, kills + 1):
        cloud, before = Cloud(process), ledger.acknowledged
        moment = state / "new" if in_folds and n % 2 == 0 else folder / "never"
        shelves.pound(cloud, clients, shelves.random.randint(*writes), moment.exists)
        process.part.process.wait()
        in_fold = (state / "new").exists()
        folds += in_fold
        journal = sum(path.stat().st_size for path in state.glob("*/journal")) / 1e6
        flying = len(ledger.in_flight)
        process = EmbeddedCloud(data)
        started = time.monotonic()
        process.start()
        process.wait()
        ready = time.monotonic() - started
        longest = max(longest, ready)
        lost = shelves.compare(Cloud(process))
        wrong += [f"kill {n}: {sentence}" for sentence in lost]
        print(  # noqa: T201 - run to be read
            f"kill {n:2}{' in a fold' if in_fold else '':10} {ledger.acknowledged - before:6,} acknowledged "
            f"{flying:2} in flight {len(lost)} lost   {len(ledger.known):6,} kept   journal {journal:5.1f} MB   "
            f"ready in {ready:.2f} s",
            flush=True,
        )
    process.stop()
    (generation,) = state.iterdir()
    print(  # noqa: T201 - run to be read
        f"{kills} kills, {folds} of them in a fold, {int(generation.name) - 2} folds under load: "
        f"{ledger.acknowledged:,} acknowledged, {len(wrong)} lost, ready again in {longest:.2f} s at most"
    )
    return wrong
