"""Every route, as somebody who may not call it; and the document that describes them."""

from __future__ import annotations

import json
import re

import pytest

from chalicelib import openapi
from chalicelib.routing import Operation, Who
from tests.factories import Town

OPERATIONS = openapi.declared()
ONE_ID = "0" * 26


def path_of(operation: Operation) -> str:
    return re.sub(r"{(\w+)}", lambda m: ONE_ID * (2 if m[1] in {"loan_id", "review_id"} else 1), operation.path)


def named(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.who is not Who.ANYONE], ids=named)
def test_a_visitor_is_asked_to_sign_in(town: Town, operation: Operation) -> None:
    for token in (None, "not-a-token"):
        visitor = town.visitor()
        visitor.token = token
        refused = visitor.call(operation.method, path_of(operation))
        assert refused.status == 401
        assert refused.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail"} <= refused.json.keys()


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.who is Who.LIBRARIAN], ids=named)
def test_a_patron_may_not_do_the_librarians_work(town: Town, operation: Operation) -> None:
    refused = town.patron().call(operation.method, path_of(operation), {})
    assert (refused.status, refused.problem) == (403, "forbidden")


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.who is Who.PATRON], ids=named)
def test_the_librarian_is_no_patron(town: Town, operation: Operation) -> None:
    refused = town.librarian.call(operation.method, path_of(operation), {})
    assert (refused.status, refused.problem) == (403, "forbidden")


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if "{" in o.path], ids=named)
@pytest.mark.parametrize("odd", [None, "..", "%00", "💣", "x" * 3000])
def test_what_does_not_exist_is_not_found_and_never_an_error(town: Town, operation: Operation, odd: str | None) -> None:
    path = path_of(operation) if odd is None else re.sub(r"{(\w+)}", odd, operation.path)
    caller = town.patron() if operation.who is Who.PATRON else town.librarian
    body = {"rating": 3, "name": "x", "title": "x"} if operation.method in {"PUT", "PATCH", "POST"} else None
    assert caller.call(operation.method, path, body).status in {403, 404}


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("PUT", "/books"), ("DELETE", "/auth/login")])
def test_what_the_gateway_itself_refuses_is_a_problem_too(town: Town, method: str, path: str) -> None:
    refused = town.visitor().call(method, path)
    assert (refused.status, refused.headers["content-type"]) == (404, "application/problem+json")


def test_the_kept_document_is_what_the_code_says() -> None:
    assert openapi.DOCUMENT.read_text() == openapi.text()


def test_the_document_is_served(town: Town) -> None:
    served = town.visitor().get("/openapi.json").json
    assert served == json.loads(openapi.DOCUMENT.read_text())
    assert set(served["paths"]) == {f"/api{o.path}" for o in OPERATIONS}


def test_no_answer_of_the_library_is_a_stack_trace(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.policy import service

    def broken() -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(service, "current", broken)
    answer = town.visitor().get("/library")
    assert (answer.status, answer.headers["content-type"]) == (500, "application/problem+json")
    assert b"secret" not in answer.body
    assert b"Traceback" not in answer.body
