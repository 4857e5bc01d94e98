"""Whatever an item holds, it is read to the model that PynamoDB itself makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pynamodb.attributes import (
    Attribute,
    AttributeContainer,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.exceptions import AttributeDeserializationError
from pynamodb.models import Model

from chalicelib.catalogue.tables import Book
from chalicelib.database import Table
from chalicelib.items import reader
from infra.resources import MODELS

WHOLE = st.integers(-(10**15), 10**15).map(str)
NUMBERS = WHOLE | st.floats(allow_nan=False, allow_infinity=False).map(json.dumps)
TIMES = st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)).map(UTCDateTimeAttribute().serialize)
RAW = st.recursive(
    st.one_of(
        st.text().map(lambda text: {"S": text}),
        NUMBERS.map(lambda number: {"N": number}),
        st.booleans().map(lambda yes: {"BOOL": yes}),
        st.just({"NULL": True}),
        st.lists(st.text(), min_size=1, unique=True).map(lambda texts: {"SS": texts}),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda values: {"L": values}),
        st.dictionaries(st.text(), inner, max_size=3).map(lambda values: {"M": values}),
    ),
    max_leaves=3,
)


def values(attribute: Attribute[Any]) -> st.SearchStrategy[Any]:
    """What DynamoDB may hold for `attribute`, without its type."""
    match attribute:
        case JSONAttribute():
            return st.recursive(st.none() | st.booleans() | st.text(), st.lists, max_leaves=4).map(json.dumps)
        case UTCDateTimeAttribute():
            return TIMES
        case NumberAttribute():
            return NUMBERS
        case UnicodeSetAttribute():
            return st.lists(st.text(), min_size=1, unique=True)
        case MapAttribute() if attribute.is_raw():
            names = st.from_regex(r"[a-z]{1,8}", fullmatch=True).filter(
                lambda name: name not in attribute.attribute_args
            )
            return st.dictionaries(names, RAW, max_size=3)
        case MapAttribute():
            return items(type(attribute))
        case ListAttribute() if attribute.element_type:
            element: Any = attribute.element_type()
            return st.lists(typed(element) | st.just({"NULL": True}), max_size=4)
        case ListAttribute():
            return st.lists(RAW, max_size=3)
        case _:
            by_type = {"S": st.text(), "BOOL": st.booleans(), "N": st.integers(0, 4_000_000_000).map(str)}
            return by_type[attribute.attr_type]


def typed(attribute: Attribute[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return values(attribute).map(lambda value: {attribute.attr_type: value})


def items(container: type[AttributeContainer]) -> st.SearchStrategy[dict[str, Any]]:
    """Items with any of the attributes of `container`, some NULL, and some that it does not know."""
    known = {
        attribute.attr_name: typed(attribute) | st.just({"NULL": True})
        for attribute in container.get_attributes().values()
    }
    unknown = st.dictionaries(st.sampled_from(["of a later version", "aws:rep:region"]), RAW, max_size=1)
    return st.builds(lambda known, unknown: known | unknown, st.fixed_dictionaries({}, optional=known), unknown)


def told(thing: Any) -> Any:
    """All that an instance holds."""
    match thing:
        case AttributeContainer():
            return type(thing), {name: told(value) for name, value in vars(thing).items()}
        case dict():
            return {name: told(value) for name, value in thing.items()}
        case list():
            return [told(value) for value in thing]
        case _:
            return type(thing), thing


@pytest.mark.parametrize("model", MODELS)
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_an_item_is_read_as_pynamodb_reads_it(model: type[Table], data: st.DataObject) -> None:
    raw = data.draw(items(model))
    before = json.dumps(raw)
    ours, theirs = model.from_raw_data(raw), super(Table, model).from_raw_data(raw)
    assert told(ours) == told(theirs)
    assert json.dumps(raw) == before


class Everything(Table):
    """What no table of the library has, and PynamoDB could read."""

    class Meta:
        table_name = "everything"

    id = UnicodeAttribute(hash_key=True, attr_name="i")
    anything = MapAttribute(null=True)
    list_of_anything = ListAttribute(null=True)
    maps = ListAttribute(of=MapAttribute, default=list)
    defaulted = MapAttribute(default=dict)
    numbers = ListAttribute(of=NumberAttribute, default=lambda: [1])


@given(raw=items(Everything))
@settings(max_examples=40, deadline=None)
def test_so_is_what_a_table_may_have_one_day(raw: dict[str, Any]) -> None:
    assert told(Everything.from_raw_data(raw)) == told(super(Table, Everything).from_raw_data(raw))


@pytest.mark.parametrize(
    "raw",
    [
        {"title": {"N": "1"}},
        {"copies": {"S": "1"}},
        {"copies": {"N": "one"}},
        {"authors": {"L": [{"S": "Ende"}, {"N": "1"}]}},
        {"authors": {"L": [{}]}},
        {"covers": {"L": [{"M": {"width": {"S": "1"}}}]}},
        {"file": {"S": "book.epub"}},
        {"file": {"M": {"size": {"S": "1"}}}},
        {"created_at": {"S": "yesterday"}},
    ],
)
def test_what_cannot_be_read_is_refused_in_the_same_words(raw: dict[str, Any]) -> None:
    def refusal(read: Callable[[dict[str, Any]], Model]) -> tuple[type[Exception], str]:
        with pytest.raises((AttributeDeserializationError, ValueError)) as failure:
            read(raw)
        return failure.type, str(failure.value)

    assert refusal(Book.from_raw_data) == refusal(super(Table, Book).from_raw_data)


def test_two_items_share_nothing() -> None:
    one, other = (Book.from_raw_data({"id": {"S": id}}) for id in "12")
    one.authors.append("Ende")
    assert other.authors == []


def test_what_is_known_of_a_model_is_found_out_once() -> None:
    assert reader(Book) is reader(Book)
