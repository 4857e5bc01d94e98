"""Input held against the schemas: every field at once, each mistake in words for the person who made it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, get_type_hints

import msgspec

from chalicelib.decoding import know
from chalicelib.errors import FieldError, Invalid

T = TypeVar("T", bound=msgspec.Struct)

_AT = re.compile(r" - at `\$(.*)`$")
_WORDS = (
    (r"Expected `(?:str|array)` of length >= 1$", "required", "This is needed."),
    (r"Expected `str` of length >= (\d+)$", "too-short", "Use at least {} characters."),
    (r"Expected `str` of length <= (\d+)$", "too-long", "Use at most {} characters."),
    (r"Expected `array` of length >= (\d+)$", "too-few", "Give at least {}."),
    (r"Expected `array` of length <= (\d+)$", "too-many", "Give at most {}."),
    (r"Expected `int` >= (\S+)$", "too-small", "Give a number of at least {}."),
    (r"Expected `int` <= (\S+)$", "too-large", "Give a number of at most {}."),
    (r"Expected `str` matching regex .*$", "pattern", "This is not of the form it must have."),
    (r"Invalid enum value (.*)$", "choice", "{} is not one of the choices."),
    (r"Object missing required field `(.*)`$", "required", "`{}` is needed."),
    (r"Expected `(.*)`, got `(.*)`$", "type", "This must be of type {}, not {}."),
)


def validated(shape: type[T], data: object, *, query: bool = False) -> T:
    """`data` as a `shape` (a msgspec Struct).

    In a query text may stand for numbers, and a name that the route does not know is an error: a filter that is
    not there would otherwise look as if it had matched everything. In a body such members are passed over.

    Raises Invalid with one entry for each wrong field.
    """
    if not isinstance(data, Mapping):
        raise Invalid("Send an object.", fields=(FieldError("", "Send an object.", "type"),))
    values: dict[str, Any] = {}
    wrong: list[FieldError] = []
    fields = _fields(shape)
    for field, annotation in fields:
        if field.encode_name not in data:
            if field.required:
                wrong.append(FieldError(field.encode_name, "This is needed.", "required"))
            continue
        try:
            values[field.name] = msgspec.convert(data[field.encode_name], annotation, strict=not query)
        except msgspec.ValidationError as error:
            wrong.append(_field_error(field.encode_name, str(error)))
    if query:
        known = {field.encode_name for field, _ in fields}
        unknown = [name for name in data if name not in known]
        wrong += [FieldError(name, "There is no such parameter here.", "unknown") for name in unknown]
    if wrong:
        raise Invalid(fields=tuple(wrong))
    return shape(**values)


@cache
def _fields(shape: type[msgspec.Struct]) -> list[tuple[msgspec.structs.FieldInfo, Any]]:
    """The fields of `shape` with their types; found once, for it takes longer than all the rest."""
    know(shape)
    hints = get_type_hints(shape, include_extras=True)
    return [(field, hints[field.name]) for field in msgspec.structs.fields(shape)]


def _field_error(name: str, message: str) -> FieldError:
    at = _AT.search(message)
    path = name + (at.group(1).replace("[", ".").replace("]", "") if at else "")
    message = _AT.sub("", message)
    for pattern, code, words in _WORDS:
        if match := re.match(pattern, message):
            return FieldError(path, words.format(*match.groups()), code)
    return FieldError(path, f"{message}.", "invalid")


def changes(patch: msgspec.Struct) -> dict[str, Any]:
    """The members of a merge patch (RFC 7396) that were sent; null is a value, an absent member is not there."""
    sent = ((name, getattr(patch, name)) for name in patch.__struct_fields__)
    return {
        name: changes(value) if isinstance(value, msgspec.Struct) else value
        for name, value in sent
        if value is not msgspec.UNSET
    }
