"""Transactions when the database is busy, or its answer is lost."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib import dynamo
from infra.resources import MODELS
from tests.factories import Town

INNER = dynamo.Client._make_api_call


def cancelled(*codes: str) -> ClientError:
    reasons = [{"Code": code} for code in codes]
    error = {"Error": {"Code": "TransactionCanceledException", "Message": ""}, "CancellationReasons": reasons}
    return ClientError(error, "TransactWriteItems")


def test_a_transaction_that_collides_is_tried_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    patron, book = town.patron(), town.book()
    tokens: list[str] = []

    def collide(self: Any, operation: str, kwargs: Any) -> Any:
        if operation == "TransactWriteItems":
            tokens.append(kwargs["ClientRequestToken"])
            if len(tokens) < 3:
                raise cancelled("TransactionConflict", "None", "None")
        return INNER(self, operation, kwargs)

    monkeypatch.setattr(dynamo.Client, "_make_api_call", collide)
    assert patron.post("/loans", {"book_id": book["id"]}).status == 201
    assert len(tokens) == 3
    assert len(set(tokens)) == 1, "one token for all attempts, so that none is committed twice"


def test_a_database_that_stays_busy_is_told_as_such(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    patron, book = town.patron(), town.book()
    monkeypatch.setattr("chalicelib.database.time.sleep", lambda _: None)

    def busy(self: Any, operation: str, kwargs: Any) -> Any:
        if operation == "TransactWriteItems":
            raise cancelled("TransactionConflict")
        return INNER(self, operation, kwargs)

    monkeypatch.setattr(dynamo.Client, "_make_api_call", busy)
    refused = patron.post("/loans", {"book_id": book["id"]})
    assert (refused.status, refused.problem, refused.headers["retry-after"]) == (503, "unavailable", "1")


def test_a_database_out_of_reach_is_told_as_such(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    book = town.book()

    def gone(self: Any, operation: str, kwargs: Any) -> Any:
        raise ReadTimeoutError(endpoint_url="database")

    monkeypatch.setattr(dynamo.Client, "_make_api_call", gone)
    refused = town.visitor().get(f"/books/{book['id']}")
    assert (refused.status, refused.problem) == (503, "unavailable")
    assert town.visitor().get("/health").status == 503


def test_all_tables_share_one_client(town: Town) -> None:
    town.loan(town.patron(), town.book(section_ids=[town.section()["id"]]))
    used = [model for model in MODELS if model._connection is not None]
    assert len(used) > 5
    assert len({id(model._connection.connection) for model in used}) == 1
