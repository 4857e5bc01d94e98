"""What DynamoDB refuses, asked of one cloud by our client and by botocore's: both must be told the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib import dynamo

TABLE = "things"
ITEM = {"id": {"S": "1"}, "left": {"N": "3"}, "words": {"SS": ["a", "b"]}, "of": {"M": {"ü": {"L": [{"BOOL": True}]}}}}
ABSENT = {"ConditionExpression": "attribute_not_exists(id)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
CHECK = {"ConditionExpression": "attribute_exists(id)"}
OTHER = {"id": {"S": "2"}}

REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "a condition, with the item": ("PutItem", {"TableName": TABLE, "Item": ITEM, **ABSENT}),
    "a condition, without an item": ("DeleteItem", {"TableName": TABLE, "Key": OTHER, **CHECK}),
    "a table that is missing": ("GetItem", {"TableName": "nowhere", "Key": OTHER}),
    "a key of another shape": ("GetItem", {"TableName": TABLE, "Key": {"name": {"S": "1"}}}),
    "a transaction, for two reasons": (
        "TransactWriteItems",
        {
            "TransactItems": [
                {"ConditionCheck": {"TableName": TABLE, "Key": OTHER, **CHECK}},
                {"Put": {"TableName": TABLE, "Item": {"id": {"S": "3"}}}},
                {"Put": {"TableName": TABLE, "Item": ITEM, **ABSENT}},
            ]
        },
    ),
    "a transaction with a table that is missing": (
        "TransactGetItems",
        {"TransactItems": [{"Get": {"TableName": "nowhere", "Key": OTHER}}]},
    ),
}
ANSWERED: dict[str, tuple[str, dict[str, Any]]] = {
    "an item": ("GetItem", {"TableName": TABLE, "Key": {"id": {"S": "1"}}, "ConsistentRead": True}),
    "no item": ("GetItem", {"TableName": TABLE, "Key": OTHER}),
    "a query": (
        "Query",
        {
            "TableName": TABLE,
            "KeyConditionExpression": "id = :id",
            "ExpressionAttributeValues": {":id": {"S": "1"}},
        },
    ),
    "a batch": ("BatchGetItem", {"RequestItems": {TABLE: {"Keys": [{"id": {"S": "1"}}, OTHER]}}}),
    "a snapshot": ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": TABLE, "Key": {"id": {"S": "1"}}}}]}),
    "a change": (
        "UpdateItem",
        {
            "TableName": TABLE,
            "Key": {"id": {"S": "1"}},
            "UpdateExpression": "SET #l = :l",
            "ExpressionAttributeNames": {"#l": "left"},
            "ExpressionAttributeValues": {":l": {"N": "3"}},
            "ReturnValues": "ALL_NEW",
        },
    ),
}


@contextmanager
def a_table(botocores: Any) -> Iterator[None]:
    """A table with one item, in the cloud of botocore's client."""
    botocores.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    botocores.put_item(TableName=TABLE, Item=ITEM)
    yield
    botocores.delete_table(TableName=TABLE)


def hold(ours: dynamo.Client, botocores: Any) -> None:
    """Hold what our client is told to what botocore's is."""
    for what, (operation, parameters) in ANSWERED.items():
        told, expected = ours._make_api_call(operation, parameters), botocores._make_api_call(operation, parameters)
        del expected["ResponseMetadata"]
        assert _in_order(told) == _in_order(expected), what
    for what, (operation, parameters) in REFUSED.items():
        by_ours, by_botocore = (_refusal(client, operation, parameters) for client in (ours, botocores))
        for name in ("Error", "Item", "CancellationReasons"):
            assert _in_order(by_ours.get(name)) == _in_order(by_botocore.get(name)), what
        statuses = {told["ResponseMetadata"]["HTTPStatusCode"] for told in (by_ours, by_botocore)}
        assert len(statuses) == 1, what


def _refusal(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
    with pytest.raises(ClientError) as failure:
        client._make_api_call(operation, parameters)
    return failure.value.response


def _in_order(told: Any) -> Any:
    """Without the order that sets have not."""
    match told:
        case {"SS": [*words]}:
            return {"SS": sorted(words)}
        case dict():
            return {name: _in_order(value) for name, value in told.items()}
        case list():
            return [_in_order(value) for value in told]
        case _:
            return told
