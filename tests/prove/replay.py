"""What a running library wrote, one write after another in the order in which they were carried out: its embedded
cloud's journal, done again on moto. Every instant that the tables ever went through can be looked at."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.local.emulator.journal import Journal

WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}
FIRST_GENERATION = "00000001"


def writes(data: Path, scratch: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The operations that changed a table of the library whose data are in `data`, with their parameters."""
    journals = sorted(data.rglob("journal"))
    assert [path.parent.name for path in journals] == [FIRST_GENERATION], "the journal was folded: its start is gone"
    copied = shutil.copy(journals[0], scratch / "journal")
    for record in Journal(Path(copied)).records():
        operation = record.headers.get("x-amz-target", "").rpartition(".")[2]
        if record.service == "dynamodb" and operation in WRITES:
            yield operation, json.loads(record.body)


def renamed(parameters: Any, before: str, after: str) -> Any:
    """The same parameters for tables whose names begin otherwise."""
    match parameters:
        case dict():
            return {
                name: value.replace(before, after, 1) if name == "TableName" else renamed(value, before, after)
                for name, value in parameters.items()
            }
        case list():
            return [renamed(each, before, after) for each in parameters]
        case _:
            return parameters
