"""Answers for API Gateway (REST, Lambda proxy integration): an HTTP request becomes an event, and its result
a response.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64
import logging
import os
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from chalice.app import Chalice

from infra.local.gateway import refusals, wsgi
from infra.local.gateway.authorize import authorize
from infra.local.gateway.refusals import Answer, Refused
from infra.local.gateway.routes import Routes
from infra.local.gateway.wsgi import Environ, StartResponse

log = logging.getLogger(__name__)

STAGE = "api"
REGION = "eu-west-1"
METHOD_ARN = f"arn:aws:execute-api:{REGION}:000000000000:local/{STAGE}"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:000000000000:function:carrel-local-api"

BODY_LIMIT = 10 * 1024 * 1024
"""API Gateway's, for a request."""

PAYLOAD_LIMIT = 6 * 1024 * 1024
"""Lambda's, for what goes in and what comes out."""

TIME_LIMIT = 29.0
"""Seconds API Gateway waits for a function."""


class LambdaContext:
    """What a function may ask about its invocation."""

    __slots__ = ("_end", "aws_request_id")

    function_name = "carrel-local-api"
    function_version = "$LATEST"
    memory_limit_in_mb = 1024
    invoked_function_arn = FUNCTION_ARN
    log_group_name = "/aws/lambda/carrel-local-api"
    log_stream_name = "local"
    identity = None
    client_context = None

    def __init__(self, request_id: str, seconds: float = TIME_LIMIT) -> None:
        self.aws_request_id = request_id
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._end - time.monotonic()) * 1000))


class Api:
    """The Chalice `app` behind a REST API whose one stage is called `api`."""

    def __init__(self, app: Chalice) -> None:
        self._app = app
        self._routes = Routes(app.routes)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            answer = self._answer(environ)
        except Refused as refused:
            answer = refusals.answer(refused)
        return wsgi.send(_compressed(answer, environ), environ, start_response)

    def _answer(self, environ: Environ) -> Answer:
        path, stage = wsgi.path_of(environ), ""
        if path == f"/{STAGE}" or path.startswith(f"/{STAGE}/"):
            path, stage = path[len(STAGE) + 1 :] or "/", f"/{STAGE}"
        method: str = environ["REQUEST_METHOD"]
        if (found := self._routes.find(path)) is None:
            raise Refused("MISSING_AUTHENTICATION_TOKEN")
        resource, parameters = found
        methods = self._app.routes[resource]
        if (route := methods.get(method)) is None:
            return _preflight(methods, method)
        body = _body(environ)
        request_id = _request_id()
        context = LambdaContext(request_id)
        request_context: dict[str, Any] = {
            "accountId": "000000000000",
            "apiId": "local",
            "httpMethod": method,
            "identity": {"sourceIp": environ.get("REMOTE_ADDR"), "userAgent": environ.get("HTTP_USER_AGENT")},
            "path": stage + path,
            "protocol": environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
            "requestId": request_id,
            "requestTimeEpoch": int(time.time() * 1000),
            "resourcePath": resource,
            "stage": STAGE,
        }
        if route.authorizer is not None:
            token, arn = environ.get("HTTP_AUTHORIZATION"), f"{METHOD_ARN}/{method}{path}"
            request_context["authorizer"] = authorize(route.authorizer, token, arn, context)
        event = {
            "resource": resource,
            "path": path,
            "httpMethod": method,
            "pathParameters": parameters,
            "stageVariables": None,
            "requestContext": request_context,
            **_headers(environ),
            **_query(environ["QUERY_STRING"]),
            **_encoded(body),
        }
        return self._invoke(event, context)

    def _invoke(self, event: dict[str, Any], context: LambdaContext) -> Answer:
        if len((event["body"] or "").encode()) > PAYLOAD_LIMIT:
            raise Refused("REQUEST_TOO_LARGE")
        try:
            result: dict[str, Any] = self._app(event, context)
        except Exception as error:
            log.exception("%s %s failed", event["httpMethod"], event["path"])
            raise Refused("DEFAULT_5XX", 502) from error
        if not context.get_remaining_time_in_millis():
            log.error("%s %s took longer than %g s", event["httpMethod"], event["path"], TIME_LIMIT)
            raise Refused("INTEGRATION_TIMEOUT")
        return _response(result)


def _response(result: dict[str, Any]) -> Answer:
    body = (result.get("body") or "").encode()
    if len(body) > PAYLOAD_LIMIT:
        log.error("the function's answer is larger than Lambda allows")
        raise Refused("DEFAULT_5XX", 502)
    if result.get("isBase64Encoded"):
        body = base64.b64decode(body)
    headers = [(name, str(value)) for name, value in (result.get("headers") or {}).items()]
    for name, values in (result.get("multiValueHeaders") or {}).items():
        headers += [(name, str(value)) for value in values]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    return Answer(int(result["statusCode"]), headers, body)


def _preflight(methods: dict[str, Any], method: str) -> Answer:
    """The MOCK answer Chalice deploys for OPTIONS where a route allows CORS; to any other method, none is
    there."""
    cors = next((route.cors for route in methods.values() if route.cors), None)
    if method != "OPTIONS" or cors is None:
        raise Refused("MISSING_AUTHENTICATION_TOKEN")
    headers = {
        "Access-Control-Allow-Methods": ",".join([*methods, "OPTIONS"]),
        **cors.get_access_control_headers(),
    }
    return Answer(200, [*headers.items(), ("Content-Type", "application/json")], b"")


def _headers(environ: Environ) -> dict[str, Any]:
    headers = {name[5:].replace("_", "-").title(): value for name, value in environ.items() if name.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if value := environ.get(name):
            headers[name.replace("_", "-").title()] = value
    headers |= {
        "X-Forwarded-For": environ.get("REMOTE_ADDR", ""),
        "X-Forwarded-Port": environ.get("SERVER_PORT", ""),
        "X-Forwarded-Proto": environ.get("wsgi.url_scheme", "http"),
    }
    return {"headers": headers, "multiValueHeaders": {name: [value] for name, value in headers.items()}}


def _query(query: str) -> dict[str, Any]:
    if not query:
        return {"queryStringParameters": None, "multiValueQueryStringParameters": None}
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values.setdefault(name, []).append(value)
    last = {name: all_of_them[-1] for name, all_of_them in values.items()}
    return {"queryStringParameters": last or None, "multiValueQueryStringParameters": values or None}


def _body(environ: Environ) -> bytes:
    """The whole body. Raises Refused if it is larger than API Gateway takes, announced or not."""
    announced = environ.get("CONTENT_LENGTH") or None
    if announced is None and "HTTP_TRANSFER_ENCODING" not in environ:
        return b""
    if announced is not None and int(announced) > BODY_LIMIT:
        _discard(environ)
        raise Refused("REQUEST_TOO_LARGE")
    body: bytes = environ["wsgi.input"].read(BODY_LIMIT + 1)
    if len(body) > BODY_LIMIT:
        _discard(environ)
        raise Refused("REQUEST_TOO_LARGE")
    return body


def _encoded(body: bytes) -> dict[str, Any]:
    """The body as an event carries it: all media types are binary to this API, so that it can answer compressed."""
    if not body:
        return {"body": None, "isBase64Encoded": False}
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}


def _discard(environ: Environ, at_most: int = 4 * BODY_LIMIT) -> None:
    """Read on for a while: a client that is still sending when the connection closes never sees the
    answer."""
    while at_most > 0 and (piece := environ["wsgi.input"].read(64 * 1024)):
        at_most -= len(piece)


def _compressed(answer: Answer, environ: Environ) -> Answer:
    """API Gateway's minimumCompressionSize."""
    if len(answer.body) < wsgi.WORTH_COMPRESSING or not wsgi.takes_gzip(environ):
        return answer
    headers = {name.lower(): value for name, value in answer.headers}
    if "content-encoding" in headers or not wsgi.shrinks(headers.get("content-type", "")):
        return answer
    encoded = [*answer.headers, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    return Answer(answer.status, encoded, wsgi.compress(answer.body))


def _request_id() -> str:
    word = os.urandom(16).hex()
    return f"{word[:8]}-{word[8:12]}-{word[12:16]}-{word[16:20]}-{word[20:]}"
