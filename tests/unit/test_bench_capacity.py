"""Capacity as DynamoDB's documentation counts it."""

from __future__ import annotations

from typing import Any

import pytest

from infra.bench import capacity


@pytest.mark.parametrize(
    ("value", "bytes_"),
    [
        ({"S": "गो"}, 6),
        ({"N": "0"}, 1),
        ({"N": "27"}, 2),
        ({"N": "-27"}, 3),
        ({"N": "1500"}, 2),
        ({"N": "3.14159"}, 4),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"B": "AAEC"}, 3),
        ({"SS": ["a", "bc"]}, 3),
        ({"L": []}, 3),
        ({"L": [{"S": "a"}, {"S": "b"}]}, 7),
        ({"M": {"name": {"S": "a"}}}, 9),
    ],
)
def test_an_items_bytes_are_those_of_its_names_and_values(value: dict[str, Any], bytes_: int) -> None:
    assert capacity.size({"é": value}) == 2 + bytes_


BIG = {"a": {"S": "x" * 4095}}
"""Fills a unit to the byte."""
BIGGER = {"a": {"S": "x" * 4096}}


@pytest.mark.parametrize(
    ("operation", "request_", "answer", "units"),
    [
        ("GetItem", {"ConsistentRead": True}, {"Item": BIG}, 1),
        ("GetItem", {"ConsistentRead": True}, {"Item": BIGGER}, 2),
        ("GetItem", {}, {"Item": BIG}, 0.5),
        ("GetItem", {"ConsistentRead": True}, {}, 1),
        ("Query", {"ConsistentRead": True}, {"Items": [BIG, {"a": {"S": ""}}]}, 2),
        ("Query", {}, {"Items": []}, 0.5),
        (
            "BatchGetItem",
            {"RequestItems": {"t": {"ConsistentRead": True}, "u": {}}},
            {"Responses": {"t": [BIG, BIGGER], "u": [BIG]}},
            3.5,
        ),
        ("TransactGetItems", {}, {"Responses": [{"Item": BIG}, {}]}, 4),
        ("PutItem", {}, {}, 0),
    ],
)
def test_a_read_costs_by_the_four_kilobytes(
    operation: str, request_: dict[str, Any], answer: dict[str, Any], units: float
) -> None:
    assert capacity.read(operation, request_, answer) == units
