"""What wakes which handler, read from the Chalice app: a trigger added in `app.py` needs no word here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from chalice.app import Chalice, DynamoDBEventConfig, ScheduledEventConfig, ScheduleExpression, SQSEventConfig

from infra.local.worker.positions import Positions
from infra.local.worker.queues import QueueTrigger
from infra.local.worker.schedules import ScheduleTrigger
from infra.local.worker.streams import StreamTrigger
from infra.local.worker.trigger import Trigger


def triggers(app: Chalice, client: Callable[[str], Any], data: Path, table_prefix: str) -> list[Trigger]:
    """One trigger for each event source of `app`; `data` is where they keep how far they came.

    Raises ValueError for a kind of source that is not stood in for here.
    """
    positions = Positions(data / "positions.json")
    made: list[Trigger] = []
    for source in app.event_sources:
        name, handler = source.name, app.handler_map[source.name]
        match source:
            case ScheduledEventConfig():
                expression = source.schedule_expression
                text = expression.to_string() if isinstance(expression, ScheduleExpression) else expression
                made.append(ScheduleTrigger(name, handler, text, positions))
            case SQSEventConfig():
                queue = source.queue or str(source.queue_arn).rpartition(":")[2]
                made.append(QueueTrigger(name, handler, client("sqs"), queue, source.batch_size))
            case DynamoDBEventConfig():
                made.append(
                    StreamTrigger(
                        name,
                        handler,
                        clients=(client("dynamodb"), client("dynamodbstreams")),
                        table=_table(source.stream_arn, table_prefix),
                        batch_size=source.batch_size,
                        positions=positions,
                        parked=data / "parked",
                    )
                )
            case _:
                raise ValueError(f"{name}: nothing here stands in for {type(source).__name__}")
    return made


def _table(stream_arn: str, prefix: str) -> str:
    """The table of `arn:…:table/<name>/stream/…`, under this library's prefix whichever stage the ARN was
    written for."""
    _, _, rest = stream_arn.partition(":table/")
    name = rest.partition("/")[0] or stream_arn
    return name if name.startswith(prefix) else prefix + name
