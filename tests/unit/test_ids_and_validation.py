"""Identifiers, and input held against a schema."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import ids
from chalicelib.errors import Invalid
from chalicelib.validation import changes, validated

times = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


class Inner(msgspec.Struct, frozen=True):
    hour: Annotated[int, msgspec.Meta(ge=0, le=23)] | msgspec.UnsetType = msgspec.UNSET


class Shape(msgspec.Struct, frozen=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=5)]
    tags: list[Annotated[str, msgspec.Meta(min_length=1)]] = []
    inner: Inner | msgspec.UnsetType = msgspec.UNSET
    limit: int = 25


@given(times, times)
def test_identifiers_sort_by_the_time_they_were_made(one: datetime, other: datetime) -> None:
    if other - one >= timedelta(milliseconds=1):
        assert ids.new_id(one) < ids.new_id(other)


def test_identifiers_of_one_moment_differ() -> None:
    now = datetime.now(UTC)
    assert len({ids.new_id(now) for _ in range(1000)}) == 1000


@given(st.text(max_size=60))
def test_no_text_breaks_the_check_of_identifiers(text: str) -> None:
    assert not ids.is_id(text) or len(text) == ids.LENGTH


def test_every_mistake_is_told_at_its_field_in_words() -> None:
    with pytest.raises(Invalid) as refusal:
        validated(Shape, {"name": "too long", "tags": ["ok", ""], "inner": {"hour": 24}})
    told = {error.field: (error.code, error.message) for error in refusal.value.fields}
    assert told == {
        "name": ("too-long", "Use at most 5 characters."),
        "tags.1": ("required", "This is needed."),
        "inner.hour": ("too-large", "Give a number of at most 23."),
    }


def test_a_body_may_say_more_than_is_asked_and_a_query_may_not() -> None:
    assert validated(Shape, {"name": "a", "more": 1}).name == "a"
    with pytest.raises(Invalid):
        validated(Shape, {"name": "a", "more": "1"}, query=True)


def test_numbers_in_a_query_are_text() -> None:
    assert validated(Shape, {"name": "a", "limit": "7"}, query=True).limit == 7
    with pytest.raises(Invalid):
        validated(Shape, {"name": "a", "limit": "7"})


def test_a_merge_patch_holds_what_was_sent_and_nothing_else() -> None:
    patch = validated(Shape, {"name": "a", "inner": {"hour": 3}})
    assert changes(patch) == {"name": "a", "tags": [], "inner": {"hour": 3}, "limit": 25}
    assert changes(Inner()) == {}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_no_input_breaks_validation(data: object) -> None:
    try:
        validated(Shape, data)
    except Invalid as refusal:
        assert refusal.fields
