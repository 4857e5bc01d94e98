"""Makes the library's tables, queues and buckets from the CloudFormation resources that are deployed to AWS.

    tables, queues and buckets = provision(resources, clients)

Doing it again makes only what is missing, and adds an index, a stream or a time to live that came since.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from infra.local.processes import ROOT

RESOURCES = ROOT / "infra" / "resources.json"

Template = Mapping[str, Any]


class Clients(Protocol):
    """`boto3.client` with the endpoint and credentials filled in."""

    def __call__(self, service: str, /) -> Any: ...


@dataclass(slots=True)
class Provisioned:
    """What exists now, by the names of the template: queue addresses, and what each reference stands for."""

    queue_urls: dict[str, str] = field(default_factory=dict[str, str])
    names: dict[str, str] = field(default_factory=dict[str, str])
    arns: dict[str, str] = field(default_factory=dict[str, str])
    made: list[str] = field(default_factory=list[str])

    def queue_url(self, name: str) -> str:
        """The address of the queue that is called `name`."""
        return next(self.queue_urls[key] for key, own in self.names.items() if own == name)


def read(path: Path = RESOURCES) -> Template:
    """The template kept in the repository."""
    return json.loads(path.read_text())


def provision(template: Template, clients: Clients, stage: str = "local") -> Provisioned:
    """Make what `template` describes and the cloud behind `clients` lacks.

    Kinds not known here are left out.
    """
    done = Provisioned()
    pending = {name: r for name, r in template["Resources"].items() if r["Type"] in _MAKERS}
    # A queue refers to its dead-letter queue, so each is made once what it refers to is there.
    while pending:
        ready = [name for name, r in pending.items() if not (_references(r) & pending.keys() - {name})]
        if not ready:
            raise ValueError(f"resources refer to each other in a circle: {', '.join(sorted(pending))}")
        for name in ready:
            resource = pending.pop(name)
            properties = _resolve(resource.get("Properties", {}), done, stage)
            _MAKERS[resource["Type"]](name, properties, clients, done)
    return done


def _table(name: str, properties: dict[str, Any], clients: Clients, done: Provisioned) -> None:
    dynamodb = clients("dynamodb")
    table = properties["TableName"]
    created = {key: properties[key] for key in _TABLE_PROPERTIES if key in properties}
    if stream := properties.get("StreamSpecification"):
        created["StreamSpecification"] = {"StreamEnabled": True, **stream}
    try:
        description = dynamodb.describe_table(TableName=table)["Table"]
    except dynamodb.exceptions.ResourceNotFoundException:
        description = dynamodb.create_table(**{"BillingMode": "PAY_PER_REQUEST", **created})["TableDescription"]
        done.made.append(table)
    else:
        description = _bring_up_to_date(dynamodb, description, created)
    if expiry := properties.get("TimeToLiveSpecification"):
        now = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        if now.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
            wanted = {"Enabled": expiry.get("Enabled", True), "AttributeName": expiry["AttributeName"]}
            dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=wanted)
    done.names[name], done.arns[name] = table, description["TableArn"]


def _bring_up_to_date(dynamodb: Any, description: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Add the indexes and the stream a newer release wants; DynamoDB takes one change at a time."""
    table = description["TableName"]
    present = {index["IndexName"] for index in description.get("GlobalSecondaryIndexes", [])}
    for index in wanted.get("GlobalSecondaryIndexes", []):
        if index["IndexName"] not in present:
            dynamodb.update_table(
                TableName=table,
                AttributeDefinitions=wanted["AttributeDefinitions"],
                GlobalSecondaryIndexUpdates=[{"Create": index}],
            )
    if "StreamSpecification" in wanted and not description.get("StreamSpecification", {}).get("StreamEnabled"):
        dynamodb.update_table(TableName=table, StreamSpecification=wanted["StreamSpecification"])
    return dynamodb.describe_table(TableName=table)["Table"]


def _queue(name: str, properties: dict[str, Any], clients: Clients, done: Provisioned) -> None:
    sqs = clients("sqs")
    queue = properties["QueueName"]
    attributes = {
        key: json.dumps(value)
        if isinstance(value, dict)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
        for key, value in properties.items()
        if key not in ("QueueName", "Tags")
    }
    try:
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        if attributes:
            sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    except sqs.exceptions.QueueDoesNotExist:
        url = sqs.create_queue(QueueName=queue, Attributes=attributes)["QueueUrl"]
        done.made.append(queue)
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    done.names[name], done.arns[name], done.queue_urls[name] = queue, arn, url


def _bucket(name: str, properties: dict[str, Any], clients: Clients, done: Provisioned) -> None:
    s3 = clients("s3")
    bucket = properties["BucketName"]
    if bucket not in {found["Name"] for found in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
        done.made.append(bucket)
    done.names[name], done.arns[name] = bucket, f"arn:aws:s3:::{bucket}"


_TABLE_PROPERTIES = (
    "TableName",
    "KeySchema",
    "AttributeDefinitions",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "BillingMode",
)

_MAKERS: dict[str, Callable[[str, dict[str, Any], Clients, Provisioned], None]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::SQS::Queue": _queue,
    "AWS::S3::Bucket": _bucket,
}


def _references(value: Any) -> set[str]:
    """The logical names that `value` refers to."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
            return {name}
        case dict():
            return {name for inner in value.values() for name in _references(inner)}  # pyright: ignore
        case list():
            return {name for inner in value for name in _references(inner)}  # pyright: ignore
        case _:
            return set()


def _resolve(value: Any, done: Provisioned, stage: str) -> Any:  # noqa: PLR0911 - a case each
    """`value` with what stands for something else replaced by it: Ref, Fn::GetAtt of an Arn, Fn::Sub of the
    stage.

    Raises ValueError for any other function of CloudFormation.
    """
    match value:
        case {"Ref": "Stage"}:
            return stage
        case {"Ref": str(name)} if name in done.names:
            return done.queue_urls.get(name, done.names[name])
        case {"Fn::GetAtt": [str(name), "Arn"]} if name in done.arns:
            return done.arns[name]
        case {"Fn::Sub": str(text)}:
            filled = text.replace("${Stage}", stage)
            if left := re.search(r"\$\{.*?\}", filled):
                raise ValueError(f"{left[0]} in {text!r} cannot be filled in on this machine")
            return filled
        case dict():
            if unknown := next((key for key in value if key == "Ref" or key.startswith("Fn::")), None):  # pyright: ignore
                raise ValueError(f"{unknown} in {json.dumps(value)} cannot be filled in on this machine")
            return {key: _resolve(inner, done, stage) for key, inner in value.items()}  # pyright: ignore
        case list():
            return [_resolve(inner, done, stage) for inner in value]  # pyright: ignore
        case _:
            return value
