"""A query reads its range and not its whole partition.

ministack sorts and tests every item of a partition for each page: half a second for 10,000 books. Here the keys of a
large partition are kept in order, and ministack answers from the few items that the page can be made of, as if there
were no others.
"""

# ministack is not installed where the types are checked, and most of what is patched is private to it.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from itertools import islice
from typing import Any, NamedTuple

from ministack.services import dynamodb

LARGE = 200
"""Items in a partition that are worth the order being kept."""

LAST = "\U0010ffff"

_CONDITION = re.compile(
    r"\(?(?P<hash>#\w+) = (?P<equals>:\w+)(?: AND (?P<range>#\w+) "
    r"(?:(?P<compares><|<=|>|>=|=) (?P<bound>:\w+)|BETWEEN (?P<low>:\w+) AND (?P<high>:\w+)))?\)?"
)

Place = tuple[str, str, str]
"""An item's sort key in the table or an index, and its keys in the table."""


class _Keys(NamedTuple):
    """The names of the keys that a query goes by."""

    partition: str
    sort: str


class _Table:
    """The places of the items in the large partitions of `table`, in order, as far as they were asked for."""

    def __init__(self, table: dict[str, Any]) -> None:
        self.table = table
        self._keys: dict[str | None, _Keys | None] = {}
        self._orders: dict[tuple[str | None, str], tuple[_Keys, list[Place]]] = {}

    def keys(self, index: str | None) -> _Keys | None:
        """The keys of the table or an index, where both are texts; else None."""
        if index not in self._keys:
            partition, sort, _ = dynamodb._resolve_index_keys(self.table, index)
            names = (partition, sort, self.table["pk_name"], self.table["sk_name"])
            texts = all(name and dynamodb._get_attr_type(self.table, name) == "S" for name in names)
            self._keys[index] = _Keys(partition, sort) if texts else None
        return self._keys[index]

    def order(self, index: str | None, keys: _Keys, partition: str) -> list[Place] | None:
        """The places of a partition, or None where it is small."""
        items = self.table["items"]
        if index is None:
            count = len(items.get(partition, ()))
        else:
            members = dynamodb._index_members(self.table).get(index, {}).get(partition, ())
            count = len(members)
        if count < LARGE:
            self._orders.pop((index, partition), None)
            return None
        _, order = self._orders.get((index, partition), (keys, []))
        if len(order) != count:
            if index is None:
                order = sorted((sort, partition, sort) for sort in items[partition])
            else:
                order = sorted((items[pk][sk][keys.sort]["S"], pk, sk) for pk, sk in members)
            self._orders[index, partition] = keys, order
        return order

    def changed(self, partition: str, sort: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        """Keep the order though an item came, changed or went."""
        for (_, of), (keys, order) in self._orders.items():
            for item, enters in ((before, False), (after, True)):
                if item is None or item.get(keys.partition) != {"S": of} or keys.sort not in item:
                    continue
                place = (item[keys.sort]["S"], partition, sort)
                if enters:
                    insort(order, place)
                else:
                    del order[bisect_left(order, place)]


_known: dict[str, _Table] = {}


def install() -> None:
    """Answer queries by their range."""
    query, set_item, remove_item, items_replaced = (
        getattr(dynamodb, name) for name in ("_query", "_set_item", "_remove_item", "_items_replaced")
    )

    def by_range(data: dict[str, Any]) -> Any:
        name = dynamodb._normalize_table_name(data.get("TableName"))
        table = dynamodb._tables.get(name)
        narrowed = _narrowed(table, data) if table else None
        if narrowed is None:
            return query(data)
        tables = dynamodb._tables
        dynamodb._tables = {name: narrowed}  # for this call: requests are answered one after the other
        try:
            return query(data)
        finally:
            dynamodb._tables = tables

    def set_and_keep(table: dict[str, Any], partition: str, sort: str, item: dict[str, Any]) -> Any:
        before = set_item(table, partition, sort, item)
        if (known := _of(table)) is not None:
            known.changed(partition, sort, before, item)
        return before

    def remove_and_keep(table: dict[str, Any], partition: str, sort: str) -> Any:
        before = remove_item(table, partition, sort)
        if (known := _of(table)) is not None and sort not in table["items"].get(partition, ()):
            known.changed(partition, sort, before, None)
        return before

    def replaced(table: dict[str, Any]) -> None:
        _known.pop(table["TableArn"], None)
        items_replaced(table)

    dynamodb._query, dynamodb._set_item = by_range, set_and_keep
    dynamodb._remove_item, dynamodb._items_replaced = remove_and_keep, replaced


def _of(table: dict[str, Any]) -> _Table | None:
    known = _known.get(table.get("TableArn", ""))
    return known if known is not None and known.table is table else None


def _narrowed(table: dict[str, Any], data: dict[str, Any]) -> dict[str, Any] | None:
    """The table with what a page can be made of; None where the query is one that ministack answers by itself."""
    asked = _CONDITION.fullmatch(data.get("KeyConditionExpression") or "")
    limit, index = data.get("Limit"), data.get("IndexName")
    if asked is None or not isinstance(limit, int) or limit < 1:
        return None
    known = _of(table)
    if known is None:
        known = _known[table["TableArn"]] = _Table(table)
    try:
        keys = known.keys(index)
        names, values = data["ExpressionAttributeNames"], data["ExpressionAttributeValues"]
        if keys is None or names[asked["hash"]] != keys.partition:
            return None
        if asked["range"] and names[asked["range"]] != keys.sort:
            return None
        order = known.order(index, keys, values[asked["equals"]]["S"])
        if order is None:
            return None
        low, high = _bounds(order, asked, values)
        if start := data.get("ExclusiveStartKey"):
            place = tuple(start[name]["S"] for name in (keys.sort, table["pk_name"], table["sk_name"]))
            if data.get("ScanIndexForward", True):
                low = max(low, bisect_right(order, place))
            else:
                high = min(high, bisect_left(order, place))
    except (KeyError, TypeError):
        return None  # ministack says what is wrong with it
    window = order[low : low + limit] if data.get("ScanIndexForward", True) else order[max(low, high - limit) : high]
    items: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for _, partition, sort in islice(window, max(0, high - low)):
        items[partition][sort] = table["items"][partition][sort]
    alone = {name: value for name, value in table.items() if name != dynamodb._INDEX_MEMBERS}
    return {**alone, "items": items}


def _bounds(order: list[Place], asked: re.Match[str], values: dict[str, Any]) -> tuple[int, int]:
    """From where to where the places are whose sort key is as asked."""
    if asked["low"]:
        return _first(order, values[asked["low"]]), _behind(order, values[asked["high"]])
    if not asked["compares"]:
        return 0, len(order)
    bound = values[asked["bound"]]
    return {
        "<": lambda: (0, _first(order, bound)),
        "<=": lambda: (0, _behind(order, bound)),
        ">": lambda: (_behind(order, bound), len(order)),
        ">=": lambda: (_first(order, bound), len(order)),
        "=": lambda: (_first(order, bound), _behind(order, bound)),
    }[asked["compares"]]()


def _first(order: list[Place], bound: dict[str, str]) -> int:
    return bisect_left(order, (bound["S"], "", ""))


def _behind(order: list[Place], bound: dict[str, str]) -> int:
    return bisect_right(order, (bound["S"], LAST, LAST))
