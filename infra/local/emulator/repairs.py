"""What ministack 1.5.33 does not do as AWS does, and the library or its deployment needs."""

# ministack is not installed where the types are checked, and most of what is patched is private to it.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

from ministack import app as ministack
from ministack.core import iam_evaluator as evaluator
from ministack.core import lambda_runtime, responses
from ministack.services import apigateway_v1 as apigateway
from ministack.services import dynamodb

QUIET = (0.002, 0.005, 0.25)
"""Seconds to wait for a function's standard error.

ministack waits 50 ms even for a function that wrote nothing.
"""


def install() -> None:
    """Put all repairs in place."""
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = QUIET
    _keep_preflight_answers()
    _keep_binary_types()
    _import_rest_apis()
    _expire_by_request()
    _check_every_signature()


def _keep_preflight_answers() -> None:
    """An imported definition keeps its MOCK integrations' answers, which is how Chalice answers a CORS
    preflight."""
    import_operation = apigateway._import_operation

    def with_answers(api_id: str, resource: str, method: str, operation: Any, *args: Any, **kwargs: Any) -> None:
        import_operation(api_id, resource, method, operation, *args, **kwargs)
        integration = (operation or {}).get("x-amazon-apigateway-integration")
        if not integration:
            return
        copied = ("uri", "httpMethod", "requestTemplates", "contentHandling", "passthroughBehavior")
        kept = {name: integration[name] for name in copied if name in integration}
        apigateway._put_integration(api_id, resource, method, {**kept, "type": integration["type"].upper()})
        if integration["type"].lower() != "mock":
            return
        for answer in integration.get("responses", {}).values():
            parameters, status = answer.get("responseParameters", {}), str(answer.get("statusCode", "200"))
            declared = {"responseParameters": dict.fromkeys(parameters, False)}
            apigateway._put_method_response(api_id, resource, method, status, declared)
            given = {"responseParameters": parameters}
            apigateway._put_integration_response(api_id, resource, method, status, given)

    apigateway._import_operation = with_answers


def _keep_binary_types() -> None:
    """An imported definition keeps its binary media types."""
    import_rest_api = apigateway._import_rest_api

    def with_types(definition: dict[str, Any], base: dict[str, Any] | None = None) -> str:
        settings = dict(base or {})
        if types := definition.get("x-amazon-apigateway-binary-media-types"):
            settings["binaryMediaTypes"] = types
        return import_rest_api(definition, settings)

    apigateway._import_rest_api = with_types


def _import_rest_apis() -> None:
    """ImportRestApi and PutRestApi, which `chalice deploy` calls and ministack lacks."""
    handle = apigateway.handle_request

    async def handle_request(method: str, path: str, headers: Any, body: bytes, query: dict[str, Any]) -> Any:
        parts, mode = path.strip("/").split("/"), _first(query, "mode")
        if parts == ["restapis"] and method == "POST" and mode == "import":
            types = query.get("endpointConfigurationTypes") or ["REGIONAL"]
            settings = {"endpointConfiguration": {"types": types if isinstance(types, list) else [types]}}
            api_id = apigateway._import_rest_api(json.loads(body), settings)
            return apigateway._v1_response(apigateway._rest_api_view(apigateway._rest_apis[api_id]), 201)
        if parts[0] == "restapis" and len(parts) == 2 and method == "PUT" and mode in ("overwrite", "merge"):
            _replace(parts[1], json.loads(body))
            return apigateway._v1_response(apigateway._rest_api_view(apigateway._rest_apis[parts[1]]), 200)
        if parts[0] == "restapis" and method == "PATCH" and body:
            body = _with_numeric_compression(body)
        return await handle(method, path, headers, body, query)

    apigateway.handle_request = handle_request


def _replace(api_id: str, definition: dict[str, Any]) -> None:
    resources = apigateway._resources[api_id]
    for resource in [name for name, value in resources.items() if value["path"] != "/"]:
        del resources[resource]
    for value in resources.values():
        value["resourceMethods"] = {}
    apigateway._authorizers_v1[api_id] = {}
    schemes = apigateway._import_security_schemes(api_id, definition)
    for path, item in (definition.get("paths") or {}).items():
        apigateway._import_path_item(api_id, path, item, schemes, definition.get("security"))
    if types := definition.get("x-amazon-apigateway-binary-media-types"):
        apigateway._rest_apis[api_id]["binaryMediaTypes"] = types


def _with_numeric_compression(body: bytes) -> bytes:
    patch = json.loads(body)
    for operation in patch.get("patchOperations", []):
        if operation["path"] == "/minimumCompressionSize":
            operation["value"] = int(operation["value"]) if operation.get("value") else None
    return json.dumps(patch).encode()


def _expire_by_request() -> None:
    """Items past their time to live leave by a DeleteItem, as if asked for.

    ministack's reaper takes them straight out of the table: no stream record, and nothing a journal could
    see. Its thread calls `_remove_item`; from that thread, and only there, the removal becomes a request on
    the server's loop, with a condition, since the item may have been renewed by then.
    """
    remove = dynamodb._remove_item

    def remove_item(table: dict[str, Any], partition: str, sort: str) -> Any:
        if threading.current_thread().name != "dynamodb-ttl-reaper":
            return remove(table, partition, sort)
        item = table["items"].get(partition, {}).get(sort)
        if item is not None and ministack._MAIN_LOOP is not None:  # else it goes a minute later
            asyncio.run_coroutine_threadsafe(_delete_expired(table, item), ministack._MAIN_LOOP)
        return item

    dynamodb._remove_item = remove_item


async def _delete_expired(table: dict[str, Any], item: dict[str, Any]) -> None:
    _, _, _, region, account, _ = table["TableArn"].split(":", 5)
    responses.set_request_account_id(account)
    responses.set_request_region(region)
    attribute = dynamodb._ttl_settings[table["TableName"]]["AttributeName"]
    request = {
        "TableName": table["TableName"],
        "Key": {name: item[name] for name in (table["pk_name"], table["sk_name"]) if name},
        "ConditionExpression": "#expires <= :now",
        "ExpressionAttributeNames": {"#expires": attribute},
        "ExpressionAttributeValues": {":now": {"N": str(int(time.time()))}},
    }
    headers = {"x-amz-target": "DynamoDB_20120810.DeleteItem"}
    await dynamodb.handle_request("POST", "/", headers, json.dumps(request).encode(), {})


def _check_every_signature() -> None:
    """The owner's key is checked too: ministack takes its root on trust and checks only IAM users."""
    pin = evaluator.pin_signed_request

    def pin_signed_request(*args: Any, **kwargs: Any) -> None:
        is_root = evaluator._is_root_key
        evaluator._is_root_key = lambda _key: False
        try:
            pin(*args, **kwargs)
        finally:
            evaluator._is_root_key = is_root

    evaluator.pin_signed_request = ministack.pin_signed_request = pin_signed_request


def _first(query: dict[str, Any], name: str) -> Any:
    value = (query or {}).get(name)
    return value[0] if isinstance(value, list) else value
