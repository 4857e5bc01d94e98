"""DynamoDB Streams as an event source mapping reads them: in order, at least once, from where it left off.

A batch that fails is tried again with growing rests. When that does not help, its records are tried one by
one, and those that fail alone are parked in a file, so that one bad record holds up the others for a while
and not for ever.
"""

from __future__ import annotations

import base64
import json
import logging
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.local.worker.positions import Positions
from infra.local.worker.trigger import Handler, Trigger, failed_ids

log = logging.getLogger(__name__)

PAUSE = 0.2
"""Seconds between two looks at a stream that had nothing new."""

LOOK_FOR_SHARDS = 60.0
"""Seconds between two looks for new shards. The embedded cloud has one for ever; DynamoDB splits them."""

RETRIES = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds to rest before each further try of a batch."""


class StreamTrigger(Trigger):
    """Wakes `handler` with the changes of `table`."""

    def __init__(
        self,
        name: str,
        handler: Handler,
        *,
        clients: tuple[Any, Any],
        table: str,
        batch_size: int,
        positions: Positions,
        parked: Path,
    ) -> None:
        super().__init__(name, handler)
        self._dynamodb, self._streams = clients
        self._table = table
        self._batch_size = min(batch_size, 1000)
        self._positions = positions
        self._parked = parked
        self._arn = ""
        self._iterators: dict[str, str | None] = {}
        self._looked = float("-inf")

    def turn(self) -> None:
        self._look_for_shards()
        busy = [self._read(shard) for shard in list(self._iterators)]
        if not any(busy):
            self.rest(PAUSE)

    def _look_for_shards(self) -> None:
        """Know every shard, parents before children: DynamoDB lists them so."""
        if time.monotonic() - self._looked < LOOK_FOR_SHARDS:
            return
        if not self._arn:
            table = self._dynamodb.describe_table(TableName=self._table)["Table"]
            if "LatestStreamArn" not in table:
                raise LookupError(f"the table {self._table} has no stream")
            self._arn = table["LatestStreamArn"]
        for shard in self._streams.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"]:
            if shard["ShardId"] not in self._iterators:
                self._iterators[shard["ShardId"]] = self._iterator(shard["ShardId"])
        self._looked = time.monotonic()

    def _iterator(self, shard: str) -> str:
        """After what was dealt with before; from the oldest record still there, if that is gone."""
        wanted: dict[str, str] = {"StreamArn": self._arn, "ShardId": shard}
        if position := self._positions.get(self._key(shard)):
            try:
                after = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": position}
                return self._streams.get_shard_iterator(**wanted, **after)["ShardIterator"]
            except self._streams.exceptions.TrimmedDataAccessException:
                log.warning("%s: what came before %s is gone from the stream", self.name, position)
        return self._streams.get_shard_iterator(**wanted, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]

    def _read(self, shard: str) -> bool:
        """Deal with the next records of `shard`; whether there were any."""
        iterator = self._iterators[shard]
        if iterator is None:  # closed, and read to its end
            return False
        try:
            answer = self._streams.get_records(ShardIterator=iterator, Limit=self._batch_size)
        except (
            self._streams.exceptions.ExpiredIteratorException,
            self._streams.exceptions.TrimmedDataAccessException,
        ):
            self._iterators[shard] = self._iterator(shard)
            return True
        records = [_record(record, self._arn) for record in answer["Records"]]
        if records:
            self._deal_with(shard, records)
        self._iterators[shard] = answer.get("NextShardIterator")
        return bool(records)

    def _deal_with(self, shard: str, records: list[dict[str, Any]]) -> None:
        for pause in (*RETRIES, None):
            records = self._try(shard, records)
            if not records:
                return
            if pause is not None:
                self.rest(pause)
        for record in records:
            if self._try(shard, [record]):
                self._park(record)
                self._positions.set(self._key(shard), _sequence(record))

    def _try(self, shard: str, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Hand `records` over; what is left of them. Before the first that failed, all are done."""
        with self.job():
            try:
                failed = failed_ids(self.wake({"Records": records}))
            except Exception:
                log.exception("%s: %d changes of %s failed", self.name, len(records), self._table)
                return records
            first = next((n for n, record in enumerate(records) if _sequence(record) in failed), len(records))
            if first:
                self._positions.set(self._key(shard), _sequence(records[first - 1]))
            return records[first:]

    def _park(self, record: dict[str, Any]) -> None:
        self._parked.mkdir(parents=True, exist_ok=True)
        file = self._parked / f"{self.name}.jsonl"
        with open(file, "a") as lines:
            lines.write(json.dumps(record) + "\n")
        log.error("%s: the change %s of %s was parked in %s", self.name, record["eventID"], self._table, file.name)

    def _key(self, shard: str) -> str:
        return f"{self.name} {self._arn} {shard}"


def _record(record: dict[str, Any], stream_arn: str) -> dict[str, Any]:
    """What Lambda makes of a stream record: times as numbers, bytes as base64."""
    return {**_plain(record), "eventSourceARN": stream_arn}


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}  # pyright: ignore[reportUnknownVariableType]
        case list() | set():
            return [_plain(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
        case datetime():
            return value.timestamp()
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value


def _sequence(record: dict[str, Any]) -> str:
    return record["dynamodb"]["SequenceNumber"]
