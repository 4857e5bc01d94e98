"""Reads items into models, to the same models as PynamoDB's `from_raw_data` and many times faster: what can be known of
a model's attributes is worked out once, not for each item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from pynamodb.attributes import Attribute, AttributeContainer, ListAttribute, MapAttribute
from pynamodb.exceptions import AttributeDeserializationError

Raw: TypeAlias = "Mapping[str, Mapping[str, Any]]"
"""An item as DynamoDB tells it: by attribute, its value by its type."""

_Convert: TypeAlias = "Callable[[Any], Any]"


class _Field(NamedTuple):
    name: str
    type: str
    convert: _Convert | None
    """None where the value stays as it is."""
    assigned: bool
    """Whether the attribute does something of its own when it is set."""


@cache
def reader(container: type[AttributeContainer]) -> Callable[[Raw], Any]:
    """What makes an instance of `container`, a model or a map, of an item.

    It raises AttributeDeserializationError where an attribute has another type.
    """
    attributes = container.get_attributes()
    fields = {attribute.attr_name: _field(name, attribute) for name, attribute in attributes.items()}
    defaults = [(name, attribute.default) for name, attribute in attributes.items() if attribute.default is not None]
    extra = {"attribute_kwargs": {}} if issubclass(container, MapAttribute) else {}

    def read(raw: Raw) -> Any:
        instance = container.__new__(container)
        values: dict[str, Any] = {}
        vars(instance).update(extra, attribute_values=values)
        for stored, typed in raw.items():
            field = fields.get(stored)
            if field is None or not typed or "NULL" in typed:
                continue
            name, kind, convert, assigned = field
            try:
                value = typed[kind]
            except KeyError:
                raise AttributeDeserializationError(stored, kind) from None
            if convert is not None:
                value = convert(value)
            if assigned:
                setattr(instance, name, value)
            else:
                values[name] = value
        for name, default in defaults:
            if name not in values:
                setattr(instance, name, default() if callable(default) else default)
        return instance

    return read


def _field(name: str, attribute: Attribute[Any]) -> _Field:
    kind = type(attribute)
    if _is_shape(kind):
        return _Field(name, attribute.attr_type, reader(kind), assigned=False)
    assigned = kind.__set__ is not Attribute.__set__
    if isinstance(attribute, ListAttribute) and attribute.element_type:
        return _Field(name, attribute.attr_type, _list_of(attribute), assigned)
    as_it_is = kind.deserialize is Attribute.deserialize
    return _Field(name, attribute.attr_type, None if as_it_is else attribute.deserialize, assigned)


def _is_shape(kind: type[Any]) -> bool:
    """Whether it is a map that declares its attributes."""
    return issubclass(kind, MapAttribute) and kind.deserialize is MapAttribute.deserialize and not kind.is_raw()


def _list_of(attribute: ListAttribute[Any]) -> _Convert:
    element: Any = attribute.element_type
    if _is_shape(element):
        convert: _Convert | None = reader(element)
    elif element.deserialize is Attribute.deserialize:
        convert = None
    else:
        return attribute.deserialize
    kind: str = element.attr_type

    def read(elements: list[Mapping[str, Any]]) -> list[Any]:
        values: list[Any] = []
        for index, typed in enumerate(elements):
            if "NULL" in typed:
                values.append(None)
                continue
            if kind not in typed:
                raise AttributeDeserializationError(f"{attribute.attr_name}[{index}]", kind)
            value = typed[kind]
            values.append(value if convert is None else convert(value))
        return values

    return read
