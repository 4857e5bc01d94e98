"""SQS as an event source mapping polls it: long polls, batches, partial failures, and redelivery by the
queue itself."""

from __future__ import annotations

import logging
from typing import Any

from infra.local.worker.trigger import Handler, Trigger, failed_ids

log = logging.getLogger(__name__)

LONG_POLL = 10
"""Seconds one poll waits for messages."""

AT_ONCE = 10
"""Messages SQS hands out or deletes in one call."""


class QueueTrigger(Trigger):
    """Wakes `handler` with up to `batch_size` messages of the queue called `queue`."""

    def __init__(self, name: str, handler: Handler, sqs: Any, queue: str, batch_size: int) -> None:
        super().__init__(name, handler)
        self._sqs = sqs
        self._queue = queue
        self._batch_size = batch_size
        self._url: str | None = None
        self._arn = ""

    def turn(self) -> None:
        url = self._resolve()
        if messages := self._receive(url):
            with self.job():
                self._deal_with(url, messages)

    def _resolve(self) -> str:
        if self._url is None:
            url: str = self._sqs.get_queue_url(QueueName=self._queue)["QueueUrl"]
            attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
            self._url, self._arn = url, attributes["QueueArn"]
        return self._url

    def _receive(self, url: str) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while len(messages) < self._batch_size:
            more = self._sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(AT_ONCE, self._batch_size - len(messages)),
                WaitTimeSeconds=0 if messages else LONG_POLL,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            messages += more
            if not more:
                break
        return messages

    def _deal_with(self, url: str, messages: list[dict[str, Any]]) -> None:
        try:
            failed = failed_ids(self.wake(sqs_event(messages, self._arn)))
        except Exception:
            log.exception("%s: %d messages stay in %s", self.name, len(messages), self._queue)
            return
        if failed:
            log.warning("%s: %d of %d messages stay in %s", self.name, len(failed), len(messages), self._queue)
        done = [m for m in messages if m["MessageId"] not in failed]
        for start in range(0, len(done), AT_ONCE):
            entries = [
                {"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(done[start : start + AT_ONCE])
            ]
            self._sqs.delete_message_batch(QueueUrl=url, Entries=entries)


def sqs_event(messages: list[dict[str, Any]], queue_arn: str) -> dict[str, Any]:
    """What Lambda makes of received messages."""
    return {"Records": [_record(message, queue_arn) for message in messages]}


def _record(message: dict[str, Any], queue_arn: str) -> dict[str, Any]:
    attributes = {
        name: {
            "stringValue": value.get("StringValue"),
            "binaryValue": value.get("BinaryValue"),
            "dataType": value.get("DataType"),
            "stringListValues": [],
            "binaryListValues": [],
        }
        for name, value in message.get("MessageAttributes", {}).items()
    }
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": attributes,
        "md5OfBody": message.get("MD5OfBody"),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
