"""The embedded cloud answers queries of a large partition as it would, had it looked at every item of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local.cloud import EmbeddedCloud
from infra.local.provision import provision

TABLE = "shelf-local-items"
TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Items": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": TABLE,
                "KeySchema": [
                    {"AttributeName": "shelf", "KeyType": "HASH"},
                    {"AttributeName": "id", "KeyType": "RANGE"},
                ],
                "AttributeDefinitions": [
                    {"AttributeName": name, "AttributeType": "S"} for name in ("shelf", "id", "rank")
                ],
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "ranked",
                        "KeySchema": [
                            {"AttributeName": "shelf", "KeyType": "HASH"},
                            {"AttributeName": "rank", "KeyType": "RANGE"},
                        ],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
            },
        }
    }
}
CONDITIONS: dict[str, Callable[[str, str, str], bool]] = {
    "{} < :low": lambda key, low, high: key < low,
    "{} <= :low": lambda key, low, high: key <= low,
    "{} > :low": lambda key, low, high: key > low,
    "{} >= :low": lambda key, low, high: key >= low,
    "{} BETWEEN :low AND :high": lambda key, low, high: low <= key <= high,
}


@pytest.fixture(scope="module")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder: Path = tmp_path_factory.mktemp("cloud")
    with EmbeddedCloud(folder) as cloud:

        def client(service: str) -> Any:
            return boto3.client(service, **cloud.client_settings)

        provision(TEMPLATE, client)
        yield client("dynamodb")


class Shelf:
    """What should be in the table, beside the table."""

    def __init__(self, dynamodb: Any) -> None:
        self.dynamodb = dynamodb
        self.items: dict[str, dict[str, Any]] = {}

    def put(self, number: int, rank: str | None) -> None:
        item = {"shelf": {"S": "a"}, "id": {"S": f"{number:04}"}, **({"rank": {"S": rank}} if rank else {})}
        self.items[item["id"]["S"]] = item
        self.dynamodb.put_item(TableName=TABLE, Item=item)

    def remove(self, number: int) -> None:
        if self.items.pop(f"{number:04}", None):
            self.dynamodb.delete_item(TableName=TABLE, Key={"shelf": {"S": "a"}, "id": {"S": f"{number:04}"}})

    def pages(self, key: str, forward: bool, limit: int, condition: str | None, low: str, high: str) -> list[str]:
        """The ids of all pages of a query."""
        wanted: dict[str, Any] = {
            "TableName": TABLE,
            "KeyConditionExpression": "#0 = :0",
            "ExpressionAttributeNames": {"#0": "shelf"},
            "ExpressionAttributeValues": {":0": {"S": "a"}},
            "ScanIndexForward": forward,
            "Limit": limit,
            **({"IndexName": "ranked"} if key == "rank" else {}),
        }
        if condition:
            wanted["KeyConditionExpression"] = f"(#0 = :0 AND {condition.format('#1')})"
            wanted["ExpressionAttributeNames"]["#1"] = key
            wanted["ExpressionAttributeValues"] |= {
                name: {"S": value} for name, value in ((":low", low), (":high", high)) if name in condition
            }
        found: list[str] = []
        while True:
            answer = self.dynamodb.query(**wanted)
            assert answer["Count"] <= limit
            found += [item["id"]["S"] for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return found
            wanted["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def expected(self, key: str, forward: bool, condition: str | None, low: str, high: str) -> list[str]:
        found = [item for item in self.items.values() if key in item]
        if condition:
            found = [item for item in found if CONDITIONS[condition](item[key]["S"], low, high)]
        return [i["id"]["S"] for i in sorted(found, key=lambda i: (i[key]["S"], i["id"]["S"]), reverse=not forward)]


def test_queries_see_every_item_in_their_range_whatever_came_changed_or_went(dynamodb: Any) -> None:
    chance, shelf = random.Random(5), Shelf(dynamodb)
    for number in range(240):
        shelf.put(number, f"{chance.randrange(40):02}" if chance.random() < 0.97 else None)
    for _ in range(60):
        for _ in range(3):
            number = chance.randrange(260)
            if chance.random() < 0.15:
                shelf.remove(number)
            else:
                shelf.put(number, f"{chance.randrange(40):02}" if chance.random() < 0.9 else None)
        key = chance.choice(("id", "rank"))
        values = sorted(f"{chance.randrange(260):04}" if key == "id" else f"{chance.randrange(40):02}" for _ in "ab")
        asked = key, chance.random() < 0.5
        condition = chance.choice((None, *CONDITIONS))
        seen = shelf.pages(*asked, chance.choice((40, 97, 300)), condition, *values)
        assert seen == shelf.expected(*asked, condition, *values)
