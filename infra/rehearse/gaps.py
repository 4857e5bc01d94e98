"""What the embedded cloud leaves undone although its parts can do it, done by hand so that it can be rehearsed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infra.deploy import Clients, Stack

NOT_REHEARSED = (
    "CloudFront in front of the API (/api/*, /opds*): the emulator reaches no origin with a name of AWS",
    "CloudFront's caches; its TLS, domain and certificate",
    "the runtime of AWS itself: functions ran on this machine's Python, without limits of memory",
    "the limit on concurrent intakes, alarms, log retention, X-Ray",
    "S3's CORS rules, which the emulator does not apply",
    "a managed Redis: the functions used a Valkey on this machine",
)


def put_refusals(template: Path, stack: Stack, clients: Clients) -> None:
    """The API's own refusals, which the emulator drops from an imported definition; then a new deployment."""
    definition = json.loads(template.read_text())["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    gateway: Any = clients("apigateway")
    api = stack.outputs["RestAPIId"]
    for kind, answer in definition["x-amazon-apigateway-gateway-responses"].items():
        gateway.put_gateway_response(restApiId=api, responseType=kind, **answer)
    gateway.create_deployment(restApiId=api, stageName="api")
