"""How many books were found, and what they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tantivy import Query, Searcher

from chalicelib.catalogue.schemas import Facets, FacetValue
from chalicelib.catalogue.search import fields
from chalicelib.catalogue.search.fields import SCHEMA
from chalicelib.catalogue.search.matching import every

MOST_VALUES = 100
"""Values of a facet that are counted."""

_FACETS = ("section", "language", "format")


class Overview(NamedTuple):
    """How many books there are, and what they have in common."""

    total: int
    facets: Facets


def overview(searcher: Searcher, matching: Query, filters: Mapping[str, Query]) -> Overview:
    """How many books there are, and what they have in common: each facet as if its own filter were not set."""
    free = [name for name in _FACETS if name not in filters]
    counted = _counted(searcher, every([matching, *filters.values()]), free)
    total = int(counted["total"]["value"])
    for name in set(_FACETS) - set(free):
        others = [query for other, query in filters.items() if other != name]
        counted |= _counted(searcher, every([matching, *others]), [name])
    section, language, form = ([(b["key"], b["doc_count"]) for b in counted[name]["buckets"]] for name in _FACETS)
    names = _names(searcher, [section_id for section_id, _ in section])
    return Overview(
        total,
        Facets(
            # Those that were removed a moment ago are left out.
            sections=[FacetValue(value=i, text=names[i], count=count) for i, count in section if i in names],
            languages=[FacetValue(value=value, text=value, count=count) for value, count in language],
            formats=[FacetValue(value=value, text=value, count=count) for value, count in form],
        ),
    )


def _counted(searcher: Searcher, query: Query, names: Iterable[str]) -> dict[str, Any]:
    counts: dict[str, Any] = {name: {"terms": {"field": name, "size": MOST_VALUES}} for name in names}
    return searcher.aggregate(query, counts | {"total": {"value_count": {"field": "newest"}}})


def _names(searcher: Searcher, section_ids: Sequence[str]) -> dict[str, str]:
    """The names of sections by their ids."""
    keys = [fields.section_key(section_id) for section_id in section_ids]
    if not keys:
        return {}
    found = searcher.search(Query.term_set_query(SCHEMA, fields.KEY, keys), len(keys), count=False)
    return dict(fields.shown(searcher.doc(address)) for _, address in found.hits)
