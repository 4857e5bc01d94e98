"""Reading data as the types it should be, from many threads at once.

msgspec 0.22 keeps what it knows of a type with the type, and puts it there before it is complete: a second thread that
meets the type in that moment reads half of it, and the process ends with a segmentation fault. So every type is made
known here first, by one thread at a time.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_known: dict[Any, msgspec.json.Decoder[Any]] = {}
_one_at_a_time = threading.Lock()


def know(shape: type[T]) -> msgspec.json.Decoder[T]:
    """The decoder of a type. When this returns, msgspec knows the type and all that it is made of."""
    if (decoder := _known.get(shape)) is None:
        with _one_at_a_time:
            decoder = _known.setdefault(shape, msgspec.json.Decoder(shape))
    return decoder


def decoded(body: bytes | str, shape: type[T]) -> T:
    """JSON as a `shape`.

    Raises msgspec.DecodeError.
    """
    return know(shape).decode(body)


def converted(value: object, shape: type[T], *, from_attributes: bool = False) -> T:
    """A value of plain types, or an object with attributes, as a `shape`.

    Raises msgspec.ValidationError.
    """
    know(shape)
    return msgspec.convert(value, shape, from_attributes=from_attributes)
