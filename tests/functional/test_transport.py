"""The client beneath PynamoDB is told by moto what botocore is told."""

from __future__ import annotations

import boto3

from chalicelib import clients, dynamo
from tests import refusals
from tests.functional.conftest import REGION


def test_answers_and_refusals_are_those_that_botocore_is_told() -> None:
    botocores = boto3.client("dynamodb", region_name=REGION)
    url = f"https://dynamodb.{REGION}.amazonaws.com"
    ours = dynamo.Client(url, REGION, clients.credentials, connect_timeout=1, read_timeout=1)
    with refusals.a_table(botocores):
        refusals.hold(ours, botocores)
