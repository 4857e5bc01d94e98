"""What the library needs beside its functions, as CloudFormation resources, made from the tables' models.

    python -m infra.resources            writes infra/resources.json
    python -m infra.resources --check    fails where that file is not what the models say

The file is merged into the template by `chalice package --merge-template`, and the local launcher creates the
same resources from it, so that a table is declared in one place: its model.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pynamodb.attributes import TTLAttribute
from pynamodb.models import Model

from chalicelib import facts, repeats, settings
from chalicelib.accounts import tables as accounts
from chalicelib.catalogue import tables as catalogue
from chalicelib.circulation import tables as circulation
from chalicelib.exports import tables as exports
from chalicelib.notices import tables as notices
from chalicelib.policy import tables as policy
from chalicelib.reports import tables as reports
from chalicelib.reviews import tables as reviews
from chalicelib.stats import tables as stats
from chalicelib.timetable import tables as timetable

KEPT = Path(__file__).with_name("resources.json")

MODELS: tuple[type[Model], ...] = (
    policy.Policy,
    accounts.Account,
    accounts.Name,
    accounts.Roll,
    accounts.Invitation,
    accounts.Reset,
    accounts.Session,
    accounts.AppPassword,
    catalogue.Section,
    catalogue.Book,
    catalogue.Shelving,
    catalogue.Holding,
    catalogue.Counted,
    catalogue.Upload,
    catalogue.SearchIndex,
    circulation.Loan,
    circulation.Card,
    circulation.Copies,
    circulation.Hold,
    repeats.Repeat,
    reviews.Review,
    stats.Tally,
    stats.Told,
    stats.Visitor,
    notices.Plan,
    notices.Letter,
    notices.Notice,
    notices.Subscription,
    notices.Allowance,
    exports.Export,
    reports.Report,
    timetable.Job,
    facts.Fact,
)

QUEUES = {"intake": 180, "exports": 420, "jobs": 420, "letters": 200, "bounces": 120, "reports": 420}
"""The queues, and for how many seconds what one has delivered is hidden: longer than the function that reads it may
take, or it would be done twice."""

_LOST_IF_REPLACED = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def table(model: type[Model]) -> dict[str, Any]:
    """The CloudFormation resource of a model's table."""
    # The one place where PynamoDB tells a model's keys and indexes; nothing public does.
    schema: Any = model._get_schema()  # pyright: ignore[reportPrivateUsage]
    noun = model.Meta.table_name.removeprefix(settings.current().table_prefix)
    properties: dict[str, Any] = {
        "TableName": {"Fn::Sub": f"carrel-${{Stage}}-{noun}"},
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": a["AttributeName"], "AttributeType": a["AttributeType"]}
            for a in _distinct(schema["attribute_definitions"])
        ],
        "KeySchema": _hash_first(schema["key_schema"]),
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    }
    for property_name, key in (
        ("GlobalSecondaryIndexes", "global_secondary_indexes"),
        ("LocalSecondaryIndexes", "local_secondary_indexes"),
    ):
        if indexes := schema[key]:
            properties[property_name] = [
                {
                    "IndexName": index["index_name"],
                    "KeySchema": _hash_first(index["key_schema"]),
                    "Projection": index["projection"],
                }
                for index in indexes
            ]
    for attribute in model.get_attributes().values():
        if isinstance(attribute, TTLAttribute):
            properties["TimeToLiveSpecification"] = {
                "AttributeName": attribute.attr_name,
                "Enabled": True,
            }
    if view := getattr(model.Meta, "stream_view_type", None):
        properties["StreamSpecification"] = {"StreamViewType": view}
    return {"Type": "AWS::DynamoDB::Table", **_LOST_IF_REPLACED, "Properties": properties}


def _hash_first(keys: Any) -> list[dict[str, str]]:
    """As DynamoDB wants them; PynamoDB has them in the order of the attributes' names."""
    return sorted(keys, key=lambda key: key["KeyType"])


def _distinct(definitions: list[dict[str, str]]) -> list[dict[str, str]]:
    return list({d["AttributeName"]: d for d in definitions}.values())


def resources() -> dict[str, Any]:
    """All resources, by logical id."""
    tables = {f"{model.__name__}Table": table(model) for model in MODELS}
    return tables | {
        "Objects": {
            "Type": "AWS::S3::Bucket",
            **_LOST_IF_REPLACED,
            "Properties": {
                "BucketName": {"Fn::Sub": "carrel-${Stage}-objects"},
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
                "LifecycleConfiguration": {
                    "Rules": [
                        {
                            "Id": "abandoned-uploads",
                            "Status": "Enabled",
                            "Prefix": "uploads/",
                            "ExpirationInDays": 2,
                            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                        },
                        {
                            "Id": "old-exports",
                            "Status": "Enabled",
                            "Prefix": "exports/",
                            "ExpirationInDays": 31,
                            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                        },
                    ]
                },
            },
        },
        **{name: resource for queue, hidden in QUEUES.items() for name, resource in _queue(queue, hidden).items()},
    }


def _queue(noun: str, hidden: int) -> dict[str, Any]:
    """A queue, with one beside it for what failed three times."""
    name = noun.capitalize()
    return {
        f"{name}DeadLetters": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": {"Fn::Sub": f"carrel-${{Stage}}-{noun}-dead"},
                "MessageRetentionPeriod": 14 * 24 * 3600,
            },
        },
        f"{name}Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": {"Fn::Sub": f"carrel-${{Stage}}-{noun}"},
                "VisibilityTimeout": hidden,
                "RedrivePolicy": {
                    "deadLetterTargetArn": {"Fn::GetAtt": [f"{name}DeadLetters", "Arn"]},
                    "maxReceiveCount": 3,
                },
            },
        },
    }


def text() -> str:
    """The resources as they are kept."""
    return json.dumps({"Resources": resources()}, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    """Write the resources, or check that the kept ones are true."""
    if arguments == ["--check"]:
        if KEPT.exists() and KEPT.read_text() == text():
            return 0
        print("infra/resources.json is not what the models say; run: python -m infra.resources")
        return 1
    KEPT.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
