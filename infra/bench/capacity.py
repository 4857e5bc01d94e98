"""Read capacity of DynamoDB, computed from items as they went over the wire: emulators disagree about it.

Sizes: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
Units: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Item: TypeAlias = Mapping[str, Mapping[str, Any]]
"""An item, or the members of a map: a value of DynamoDB's JSON by each name."""

UNIT = 4096
"""Bytes that one unit reads."""

CONTAINER = 3
"""Bytes of a list or a map, beside one for each of its members."""


def size(item: Item) -> int:
    """The bytes of an item: its names and its values."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(value: Mapping[str, Any]) -> int:  # noqa: PLR0911 - a case each
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            return _number(held)
        case "B":  # as base64
            return len(held.rstrip("=")) * 3 // 4
        case "SS" | "NS" | "BS":
            return sum(_value({kind[0]: each}) for each in held)
        case "L":
            return CONTAINER + sum(1 + _value(each) for each in held)
        case "M":
            return CONTAINER + len(held) + size(held)
        case _:  # BOOL, NULL
            return 1


def _number(text: str) -> int:
    """A byte for two significant digits, one more, and one for a minus."""
    mantissa = text.lower().partition("e")[0]
    digits = mantissa.lstrip("+-").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + mantissa.startswith("-")


def read(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    """The units that `operation` consumed, as asked by `request` and told by `answer`; 0 for one that reads nothing.

    What a filter left out is not in the answer; the library's queries have none.
    """
    match operation:
        case "GetItem":
            return _units(size(answer.get("Item", {}))) * _weight(request)
        case "Query":
            return _units(sum(size(item) for item in answer["Items"])) * _weight(request)
        case "BatchGetItem":
            asked = request["RequestItems"]
            return sum(
                sum(_units(size(item)) for item in items) * _weight(asked[table])
                for table, items in answer["Responses"].items()
            )
        case "TransactGetItems":
            return sum(2 * _units(size(response.get("Item", {}))) for response in answer["Responses"])
        case _:
            return 0


def _units(bytes_read: int) -> int:
    return max(1, -(-bytes_read // UNIT))


def _weight(request: Mapping[str, Any]) -> float:
    """What a read may lag behind costs half."""
    return 1 if request.get("ConsistentRead") else 0.5
