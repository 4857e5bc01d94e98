"""What every table shares: where DynamoDB is, and transactions whose failed conditions are named refusals."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal, NamedTuple, Self, TypeAlias, TypeVar
from uuid import uuid4

from botocore.exceptions import ConnectionError, HTTPClientError
from pynamodb.attributes import Attribute
from pynamodb.exceptions import DoesNotExist, PynamoDBException, TransactGetError, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib import clients, dynamo, settings
from chalicelib.errors import LibraryError, Outdated, Unavailable
from chalicelib.items import Raw, reader

with dynamo.botocore_left_out():
    from pynamodb.connection import Connection, TableConnection
    from pynamodb.models import Model
    from pynamodb.transactions import TransactGet, TransactWrite

ATTEMPTS = 20
"""How often what only collided with somebody else is tried."""

CONDITION_FAILED = "ConditionalCheckFailedException"
COLLISIONS = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
PASSING = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""What DynamoDB says when the same request may do later."""

C = TypeVar("C", bound=str)
M = TypeVar("M", bound=Model)
T = TypeVar("T")
Refusal: TypeAlias = "Callable[[Any], LibraryError]"
_Kind: TypeAlias = Literal["check", "delete", "put", "update"]

# PynamoDB hands the writes of a transaction over in this order, whatever the order of the calls,
# and the reasons of a cancellation come back in it.
_ORDER: tuple[_Kind, ...] = ("check", "delete", "put", "update")


class IntegerAttribute(Attribute[int]):
    """A whole number; PynamoDB's own NumberAttribute promises no more than a float."""

    attr_type = "N"

    def serialize(self, value: Any) -> str:
        return str(int(value))

    def deserialize(self, value: Any) -> int:
        return int(value)


class ChoiceAttribute(Attribute[C]):
    """One of a few words, given as a Literal type."""

    attr_type = "S"


class Place:
    """Where the tables are; the base of each model's `Meta`."""

    region = settings.current().region
    host = settings.current().aws_endpoint_url
    billing_mode = "PAY_PER_REQUEST"
    connect_timeout_seconds = 2
    read_timeout_seconds = 10


def named(noun: str) -> str:
    """The name in this stage of the table that keeps `noun`."""
    return settings.current().table_prefix + noun


class _Connection(Connection):
    """PynamoDB's connection, with our client beneath it."""

    @property
    def client(self) -> Any:
        return _client()


@cache
def _client() -> dynamo.Client:
    return dynamo.Client(
        Place.host or f"https://dynamodb.{Place.region}.amazonaws.com",
        Place.region,
        clients.credentials,
        connect_timeout=Place.connect_timeout_seconds,
        read_timeout=Place.read_timeout_seconds,
    )


_shared = _Connection(region=Place.region, host=Place.host)
_sharing = threading.Lock()


class Table(Model):
    """The base of each model. All tables share one connection: PynamoDB would make each a client of its own, and the
    first request of a cold function would wait for as many as it has tables to read."""

    @classmethod
    def _get_connection(cls) -> TableConnection:
        if cls._connection is not None and cls._connection.connection is _shared:
            return cls._connection
        with _sharing:  # else two threads would each make one, and share but the first
            table = super()._get_connection()
            if table.connection is not _shared:
                _shared.add_meta_table(table.get_meta_table())
                table.connection = _shared
            return table

    @classmethod
    def from_raw_data(cls, data: Raw) -> Self:
        return reader(cls)(data)


class Collision(Outdated):
    """Somebody changed the same thing between reading and writing it; `again` tries once more.

    `mend`, where there is one, is done first: what has to change so that the next attempt can get through.
    """

    def __init__(self, mend: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.mend = mend


def again(attempt: Callable[[], T]) -> T:
    """What `attempt` returns: it reads, then writes what it has read, and starts over after a Collision.

    Raises Unavailable where others are always quicker.
    """
    for _ in range(ATTEMPTS):
        try:
            return attempt()
        except Collision as collision:
            if collision.mend:
                collision.mend()
            time.sleep(random.uniform(0, 0.05))
    raise Unavailable(retry_after=1)


class _Write(NamedTuple):
    kind: _Kind
    model: Model
    condition: Condition | None
    actions: list[Action]
    refusal: Refusal | None


class Transaction:
    """Writes that all happen or none do, each with the refusal to raise when its condition does not hold.

    A refusal is called with the item as it stands (None where there is none, or for a check or a delete,
    whose items DynamoDB does not hand back) and returns the error.
    """

    def __init__(self) -> None:
        self._writes: list[_Write] = []

    def check(self, model: Model, condition: Condition, refusal: Refusal) -> None:
        """Hold the item with the keys of `model` to `condition`."""
        self._writes.append(_Write("check", model, condition, [], refusal))

    def put(self, model: Model, condition: Condition | None = None, refusal: Refusal | None = None) -> None:
        """Write `model` whole."""
        self._writes.append(_Write("put", model, condition, [], refusal))

    def update(
        self,
        model: Model,
        actions: list[Action],
        condition: Condition | None = None,
        refusal: Refusal | None = None,
    ) -> None:
        """Change the item with the keys of `model`."""
        self._writes.append(_Write("update", model, condition, actions, refusal))

    def delete(self, model: Model, condition: Condition | None = None, refusal: Refusal | None = None) -> None:
        """Remove the item with the keys of `model`."""
        self._writes.append(_Write("delete", model, condition, [], refusal))

    def commit(self) -> None:
        """Write it all, in one call to DynamoDB unless it collides with another transaction.

        Raises the refusal of the first write whose condition does not hold; Unavailable when the
        database cannot be reached or stays busy.
        """
        # One token for every attempt: an attempt that was committed although its answer was lost
        # is not committed twice.
        token = uuid4().hex
        for attempt in range(ATTEMPTS):
            try:
                self._attempt(token)
                return
            except TransactWriteError as error:
                self._refuse(error)
            _wait(attempt)
        raise Unavailable(retry_after=1)

    def _ordered(self) -> list[_Write]:
        return [write for kind in _ORDER for write in self._writes if write.kind == kind]

    def _attempt(self, token: str) -> None:
        with TransactWrite(connection=_shared, client_request_token=token) as transaction:
            for write in self._writes:
                model = write.model
                match write.kind:
                    case "check":
                        keys = [model.attribute_values[name] for name in _key_names(model)]
                        transaction.condition_check(type(model), *keys, condition=write.condition)
                    case "delete":
                        transaction.delete(model, write.condition)
                    case "put":
                        transaction.save(model, write.condition, return_values=_old(write))
                    case "update":
                        transaction.update(model, write.actions, write.condition, return_values=_old(write))

    def _refuse(self, error: TransactWriteError) -> None:
        """Raise what the cancellation means; return where it was only a collision."""
        reasons = error.cancellation_reasons
        for write, reason in zip(self._ordered(), reasons, strict=False):
            if reason is not None and reason.code == "ConditionalCheckFailed":
                if write.refusal is None:
                    raise error
                raw = reason.raw_item
                raise write.refusal(type(write.model).from_raw_data(raw) if raw else None) from None
        if _may_do_later(error):
            return
        if is_passing(error):
            raise Unavailable(retry_after=1) from error
        raise error


def _may_do_later(error: TransactWriteError | TransactGetError) -> bool:
    """Whether a transaction only met others, or too many of them: it may do when it is tried again."""
    codes = {reason.code for reason in error.cancellation_reasons if reason is not None}
    return (bool(codes) and codes <= COLLISIONS) or _code(error) in PASSING


def _wait(attempt: int) -> None:
    time.sleep(random.uniform(0, min(0.2, 0.02 * 2**attempt)))


def _key_names(model: Model) -> list[str]:
    attributes = model.get_attributes()
    hashed = [name for name, attribute in attributes.items() if attribute.is_hash_key]
    return hashed + [name for name, attribute in attributes.items() if attribute.is_range_key]


def _old(write: _Write) -> str | None:
    return "ALL_OLD" if write.refusal else None


def get(model: type[M], *keys: str) -> M | None:
    """The item as it stands, or None where there is none."""
    try:
        return model.get(*keys, consistent_read=True)
    except DoesNotExist:
        return None


@contextmanager
def snapshot() -> Generator[TransactGet]:
    """Several items as they stand at one moment, in one call unless one of them is being written; read the futures
    after the block.

    Raises Unavailable where they are written all the time.
    """
    reading = TransactGet(connection=_shared)
    yield reading
    for attempt in range(ATTEMPTS):
        try:
            with reading:  # what was asked for is read as this ends
                return
        except TransactGetError as error:
            # DynamoDB does not let a transaction read what another one is writing.
            if not _may_do_later(error):
                raise
        _wait(attempt)
    raise Unavailable(retry_after=1)


def found(future: Any) -> Any:
    """The model that a snapshot's future holds, or None where there is no such item."""
    try:
        return future.get()
    except DoesNotExist:
        return None


def is_passing(error: Exception) -> bool:
    """Whether `error` says that the database, the objects or a queue could not be reached, or were too busy."""
    if isinstance(error, (ConnectionError, HTTPClientError)):  # as botocore has it, from S3 and SQS
        return True
    if not isinstance(error, PynamoDBException) or error.cause is None:
        return False
    code = _code(error)
    return code is None or code in PASSING


def _code(error: PynamoDBException) -> str | None:
    """What DynamoDB called its refusal, or None where no answer came. (PynamoDB's own `cause_response_code`
    breaks on a time-out, whose `response` is there and None.)"""
    response: dict[str, Any] | None = getattr(error.cause, "response", None)
    return response["Error"]["Code"] if response else None


@contextmanager
def unless(refusal: Callable[[], LibraryError]) -> Generator[None]:
    """Raise `refusal` where the one write inside finds its condition false."""
    try:
        yield
    except PynamoDBException as error:
        if _code(error) == CONDITION_FAILED:
            raise refusal() from None
        raise
