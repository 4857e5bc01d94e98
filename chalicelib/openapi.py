"""The OpenAPI document (3.1), made from the declarations that validate and answer.

python -m chalicelib.openapi            writes chalicelib/openapi.json
python -m chalicelib.openapi --check    fails where that file is not what the code says
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.problems import Problem
from chalicelib.routing import Nothing, Operation, Who

DOCUMENT = Path(__file__).with_name("openapi.json")
_REFERENCE = "#/components/schemas/{name}"


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """The document for `operations`."""
    declared = sorted(operations, key=lambda o: (o.path, o.method))
    shapes = [t for o in declared for t in (o.body, o.query, o.returns) if t not in (None, Nothing)]
    schemas, components = msgspec.json.schema_components([*shapes, Problem], ref_template=_REFERENCE)
    schema_of = dict(zip(map(repr, [*shapes, Problem]), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in declared:
        described = _operation(operation, schema_of, components)
        paths.setdefault(f"/api{operation.path}", {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Carrel",
            "version": "0.1.0",
            "description": "A lending library for e-books. Times are ISO 8601 in UTC, durations ISO 8601.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(o: Operation, schema_of: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": o.name,
        "summary": o.summary,
        "tags": [o.path.split("/")[1]],
        "responses": _responses(o, schema_of),
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", o.path)
    ]
    if o.query is not Nothing:
        shape = components[o.query.__name__]
        parameters += [
            {"name": name, "in": "query", "required": name in shape.get("required", []), "schema": schema}
            for name, schema in shape["properties"].items()
        ]
    conditional = {"If-Match": o.guarded, "If-None-Match": o.method == "GET", "Idempotency-Key": o.repeatable}
    parameters += [
        {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}
        for name, heeded in conditional.items()
        if heeded
    ]
    if parameters:
        described["parameters"] = parameters
    if o.body is not Nothing:
        required = bool(components[o.body.__name__].get("required"))
        content = _json(schema_of[repr(o.body)])
        if o.method == "PATCH":
            content["application/merge-patch+json"] = content["application/json"]
        if o.csv:
            content["text/csv"] = {"schema": {"type": "string"}}
        described["requestBody"] = {"required": required, "content": content}
    if o.who is not Who.ANYONE:
        described["security"] = [{"bearer": []}]
        described["description"] = "" if o.who is Who.SIGNED_IN else f"For the {o.who.value} only."
    return described


def _responses(o: Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": o.summary}
    if o.returns is not None:
        success["content"] = {o.produces: {"schema": schema_of[repr(o.returns)]}}
    refusals: dict[int, list[str]] = {}
    for refusal in o.refusals:
        refusals.setdefault(refusal.status, []).append(refusal.title)
    if o.body is not Nothing or o.query is not Nothing:
        refusals.setdefault(422, []).append("Some of what was sent is not right")
    if o.body is not Nothing:
        refusals.setdefault(413, []).append("This is too large")
        refusals.setdefault(415, []).append("Send JSON")
    if o.guarded:
        refusals.setdefault(412, []).append("Somebody changed this in the meantime")
    if "{" in o.path:
        refusals.setdefault(404, ["There is no such thing here"])
    refusals.setdefault(503, []).append("The library is busy; try again in a moment")
    if o.who is not Who.ANYONE:
        refusals.setdefault(401, []).append("Please sign in")
    if o.who in (Who.PATRON, Who.LIBRARIAN):
        refusals.setdefault(403, []).append("This is not open to you")
    problem = {"application/problem+json": {"schema": schema_of[repr(Problem)]}}
    unchanged = {"304": {"description": "It is what it was"}} if o.method == "GET" else {}
    return (
        {str(o.status): success}
        | unchanged
        | {
            str(status): {"description": "; ".join(titles), "content": problem}
            for status, titles in sorted(refusals.items())
        }
    )


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def declared() -> list[Operation]:
    """Every operation of the library."""
    import app

    return [operation for feature in app.FEATURES for operation in feature.routes.operations]


def text() -> str:
    """The document as it is kept."""
    return msgspec.json.format(msgspec.json.encode(document(declared())), indent=1).decode() + "\n"


def main(arguments: list[str]) -> int:
    """Write the document, or check that the kept one is true."""
    if arguments == ["--check"]:
        if DOCUMENT.read_text() == text():
            return 0
        print("chalicelib/openapi.json is not what the code says; run: python -m chalicelib.openapi")
        return 1
    DOCUMENT.write_text(text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
