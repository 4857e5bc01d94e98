"""What each function may do: a role of its own, with the actions its code calls and nothing more.

The emulator checks these too (`AUTH`), so a permission that is missing fails `make rehearse` and not the first
patron.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Statement = dict[str, Any]

ITEMS = (
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
)
"""All that is done to items. A transaction needs the actions it is made of. No Scan: the library has none."""

APPENDED = ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem")
"""All that is done to facts: the audit trail is added to, and nothing in it is changed or removed."""

RECEIVED = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
"""What the service does for a function that a queue feeds."""

OBJECTS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")


def roles(tables: Sequence[str]) -> dict[str, Any]:
    """The functions' roles, by logical id, for a library with these tables (logical ids).

    The key of `GRANTS` with "Role" after it names the role.
    """
    return {f"{function}Role": _role([_log(function), *statements(tables)]) for function, statements in GRANTS.items()}


def _api(tables: Sequence[str]) -> list[Statement]:
    return [
        *_items(tables),
        _allow(OBJECTS, {"Fn::Sub": "${Objects.Arn}/*"}),
        # Without ListBucket, asking for an object that is not there is answered 403 and not 404.
        _allow(["s3:ListBucket"], _arn("Objects")),
        _allow(["sqs:SendMessage"], [_arn(f"{queue}Queue") for queue in ("Intake", "Exports", "Jobs", "Letters")]),
    ]


def _intake(tables: Sequence[str]) -> list[Statement]:
    return [
        *_items(tables),
        _allow(OBJECTS, {"Fn::Sub": "${Objects.Arn}/*"}),
        _allow(["s3:ListBucket"], _arn("Objects")),
        _allow(RECEIVED, _arn("IntakeQueue")),
    ]


def _export(tables: Sequence[str]) -> list[Statement]:
    return [
        *_items(tables),
        _allow(["s3:GetObject", "s3:PutObject"], {"Fn::Sub": "${Objects.Arn}/exports/*"}),
        _allow(["s3:ListBucket"], _arn("Objects")),
        _allow([*RECEIVED, "sqs:SendMessage"], _arn("ExportsQueue")),
        _wakes_letters(),
    ]


def _job(tables: Sequence[str]) -> list[Statement]:
    sent = _allow(["sqs:SendMessage"], _arn("ReportsQueue"))
    return [*_items(tables), _allow(RECEIVED, _arn("JobsQueue")), _wakes_letters(), sent]


def _tell(tables: Sequence[str]) -> list[Statement]:
    return [
        *_items(tables),
        *_fed_by_facts(),
        _wakes_letters(),
        _allow(["s3:DeleteObject"], {"Fn::Sub": "${Objects.Arn}/reports/*"}),
    ]


def _begin_reports(tables: Sequence[str]) -> list[Statement]:
    return [*_items(tables), _allow(["sqs:SendMessage"], _arn("ReportsQueue"))]


def _report(tables: Sequence[str]) -> list[Statement]:
    return [
        *_items(tables),
        _wakes_letters(),
        _allow([*RECEIVED, "sqs:SendMessage"], _arn("ReportsQueue")),
        _allow(["s3:PutObject", "s3:DeleteObject"], {"Fn::Sub": "${Objects.Arn}/reports/*"}),
    ]


def _remind(tables: Sequence[str]) -> list[Statement]:
    return [*_items(tables), _wakes_letters()]


def _send(tables: Sequence[str]) -> list[Statement]:
    return [
        *_items(tables),
        _wakes_letters(),
        _allow(RECEIVED, _arn("LettersQueue")),
        _allow(["s3:GetObject"], {"Fn::Sub": "${Objects.Arn}/*"}),
        _allow(["s3:ListBucket"], _arn("Objects")),
        _allow(["ses:SendEmail", "ses:SendRawEmail"], _of_ses(["identity/*", "configuration-set/*"])),
        # A text message goes to a number and no topic; there is no narrower name for that.
        _allow(["sns:Publish"], "*"),
    ]


def _bounced(tables: Sequence[str]) -> list[Statement]:
    return [*_items(tables), _allow(RECEIVED, _arn("BouncesQueue"))]


def _wakes_letters() -> Statement:
    return _allow(["sqs:SendMessage"], _arn("LettersQueue"))


def _of_ses(names: Sequence[str]) -> list[Any]:
    return [{"Fn::Sub": f"arn:${{AWS::Partition}}:ses:${{AWS::Region}}:${{AWS::AccountId}}:{name}"} for name in names]


def _index(tables: Sequence[str]) -> list[Statement]:
    return [*_keep_index(tables), *_fed_by_facts()]


def _keep_index(tables: Sequence[str]) -> list[Statement]:
    reading = ("dynamodb:BatchGetItem", "dynamodb:Query")
    writing = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
    return [
        _allow(reading, [_arn(table) for table in tables if table in ("BookTable", "SectionTable", "FactTable")]),
        _allow(writing, _arn("SearchIndexTable")),
        _allow(OBJECTS, {"Fn::Sub": "${Objects.Arn}/search/*"}),
        _allow(["s3:ListBucket"], _arn("Objects")),
    ]


def _fed_by_facts() -> list[Statement]:
    """What the service does for a function that the facts' stream feeds."""
    reading = ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream")
    return [
        _allow(reading, _arn("FactTable", "StreamArn")),
        _allow(["dynamodb:ListStreams"], "*"),  # the one action here that takes no resource
        _allow(["sqs:SendMessage"], _arn("TellDeadLetters")),
    ]


def _bearer(_: Sequence[str]) -> list[Statement]:
    return [_allow(["dynamodb:GetItem"], _arn("SessionTable"))]


def _items(tables: Sequence[str]) -> list[Statement]:
    return [
        _allow(ITEMS, [_arn(table) for table in tables if table != "FactTable"]),
        _allow(APPENDED, _arn("FactTable")),
        _allow(["dynamodb:Query"], [{"Fn::Sub": f"${{{table}.Arn}}/index/*"} for table in tables]),
    ]


def _log(function: str) -> Statement:
    return _allow(["logs:CreateLogStream", "logs:PutLogEvents"], _arn(f"{function}Log"))


GRANTS = {
    "APIHandler": _api,
    "Bearer": _bearer,
    "Setup": _items,
    "ExpireLoans": _items,
    "Intake": _intake,
    "Export": _export,
    "Job": _job,
    "Tell": _tell,
    "Reminders": _remind,
    "Send": _send,
    "Bounced": _bounced,
    "MonthlyReport": _begin_reports,
    "Report": _report,
    "Index": _index,
    "KeepIndex": _keep_index,
}
"""The functions as Chalice calls them in its template, and what each is granted."""


def _role(statements: Sequence[Statement]) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "library", "PolicyDocument": policy}],
        },
    }


def _allow(actions: Sequence[str], resource: Any) -> Statement:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def _arn(logical_id: str, attribute: str = "Arn") -> dict[str, Any]:
    return {"Fn::GetAtt": [logical_id, attribute]}
