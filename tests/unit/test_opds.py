"""What a book's standing is in the words of OPDS, and how feeds are addressed and written."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalogue.schemas import BookShown, CoverShown, Series
from chalicelib.ids import made_at, new_id
from chalicelib.opds import atom, feeds, signing_in
from chalicelib.opds.addresses import CHALLENGE, Addresses, preferred
from chalicelib.opds.model import Choice, Door, Entry, Facet, Feed, Group
from chalicelib.opds.offers import Held, Offer, Stock, identifier, offer, own_identifier
from infra import web

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=7)
AT = Addresses("https://library.example", 2)
AT_1 = Addresses("https://library.example", 1)

OFFICIAL = Path(__file__).resolve().parents[3] / "shared" / "opds" / "validate.py"


def book(**fields: Any) -> BookShown:
    usual: dict[str, Any] = dict.fromkeys(BookShown.__struct_fields__) | {
        "id": new_id(NOW),
        "title": "Emma",
        "authors": ["Jane Austen"],
        "description": "",
        "subjects": [],
        "identifiers": [],
        "section_ids": [],
        "loan_period": "P7D",
        "grant": "automatic",
        "rating_count": 0,
        "covers": [],
        "format": "epub",
        "created_at": NOW,
    }
    return BookShown(**usual | fields)


def held(status: Any) -> Held:
    return Held(status=status, requested_at=NOW, granted_at=NOW, due_at=LATER)


def stock(available: int = 0, position: int | None = None) -> Stock:
    return Stock(total=2, available=available, waiting=3, position=position, free_by=None if available else LATER)


@pytest.mark.parametrize(
    ("loan", "copies", "said"),
    [
        (None, None, ("available", NOW, None)),
        (None, stock(1), ("available", None, None)),
        (None, stock(), ("unavailable", None, LATER)),
        (held("requested"), None, ("reserved", NOW, None)),
        (held("requested"), stock(), ("reserved", NOW, None)),  # for the librarian to say when
        (held("waiting"), stock(position=2), ("reserved", NOW, LATER)),
        (held("ready"), stock(), ("ready", None, LATER)),
        (held("active"), stock(), ("available", NOW, LATER)),
    ],
)
def test_the_standing_of_a_book_is_said_with_since_and_until(
    loan: Held | None, copies: Stock | None, said: tuple[str, datetime | None, datetime | None]
) -> None:
    made = offer(book(), loan, copies)
    assert (made.state, made.since, made.until) == said


def test_only_what_is_asked_for_can_be_cancelled_and_only_what_is_lent_is_fetched() -> None:
    for status in ("requested", "waiting", "ready"):
        made = offer(book(), held(status), stock())
        assert (made.cancellable, made.lent, made.at_once) == (True, False, False)
    made = offer(book(), held("active"), None)
    assert (made.cancellable, made.lent) == (False, True)


@pytest.mark.parametrize(
    ("grant", "copies", "at_once"),
    [
        ("automatic", None, True),
        ("automatic", stock(1), True),
        ("automatic", stock(), False),
        ("librarian", None, False),
    ],
)
def test_what_nobody_decides_on_and_nobody_has_is_lent_at_once(grant: str, copies: Stock | None, at_once: bool) -> None:
    assert offer(book(grant=grant), None, copies).at_once is at_once


def test_a_book_is_named_by_its_urn_or_by_one_of_its_own() -> None:
    assert identifier(book(identifiers=["calibre:1", "urn:isbn:9780141439587"])) == "urn:isbn:9780141439587"
    own = identifier(book(identifiers=["my own number"]))
    assert own.startswith("urn:uuid:")


@given(st.datetimes(min_value=datetime(1980, 1, 1), max_value=datetime(2500, 1, 1)))
def test_the_names_of_books_are_as_different_as_their_ids(moment: datetime) -> None:
    one, other = new_id(moment.replace(tzinfo=UTC)), new_id(moment.replace(tzinfo=UTC))
    assert own_identifier(one) != own_identifier(other)
    milliseconds = int(own_identifier(one).removeprefix("urn:uuid:").replace("-", "")[:12], 16)
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds) == made_at(one)


@pytest.mark.parametrize(
    ("accept", "version"),
    [
        (None, 2),
        ("*/*", 2),
        ("application/opds+json", 2),
        ("application/atom+xml", 1),
        ("application/atom+xml;profile=opds-catalog, */*;q=0.1", 1),
        ("Application/Atom+XML; q=0.9, application/opds+json;q=0.5", 1),
        ("application/atom+xml;q=0.5, application/opds+json", 2),
        ("application/atom+xml, application/opds+json", 2),
        ("application/atom+xml;q=nonsense", 2),
        ("application/atom+xml;q=0", 2),
    ],
)
def test_opds_1_is_for_who_likes_atom_better(accept: str | None, version: int) -> None:
    assert preferred(accept) == version


anything = st.text(st.characters(exclude_categories=[]), max_size=50).filter(
    lambda text: not any(0xD800 <= ord(c) <= 0xDFFF for c in text)
)


@given(title=anything, author=anything, description=anything)
def test_whatever_a_book_is_called_both_versions_can_be_read(title: str, author: str, description: str) -> None:
    entry = Entry(book(title=title, authors=[author], description=description), Offer(state="available"), {})
    read = ElementTree.fromstring(atom.entry(entry, AT_1))
    assert read.tag == "{http://www.w3.org/2005/Atom}entry"
    written = msgspec.json.decode(msgspec.json.encode(feeds.publication(entry, AT)))
    assert written["metadata"].get("title", "") == title


def test_the_cdn_puts_back_the_challenge_that_api_gateway_renames() -> None:
    made = web.resources()
    policy = made["FeedHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    (header,) = policy["CustomHeadersConfig"]["Items"]
    assert (header["Header"], header["Value"]) == ("WWW-Authenticate", CHALLENGE)
    behaviours = made["Site"]["Properties"]["DistributionConfig"]["CacheBehaviors"]
    put_on = [one["PathPattern"] for one in behaviours if one.get("ResponseHeadersPolicyId") == {"Ref": "FeedHeaders"}]
    assert put_on == ["/opds*"]


def everything() -> Feed:
    """A page with all that a page can have."""
    known = book(
        language="pt-BR",
        publisher="Murray",
        series=Series(name="Novels", position=1.5),
        subjects=["Matchmaking"],
        pages=474,
        description="Handsome, clever, and rich",
        covers=[CoverShown(url="/covers/a.jpg", width=960), CoverShown(url="/covers/b.jpg", width=480)],
    )
    offers = [
        offer(known, None, None),
        offer(known, None, stock(1)),
        offer(known, None, stock()),
        offer(known, held("requested"), None),
        offer(known, held("waiting"), stock(position=1)),
        offer(known, held("ready"), stock()),
        offer(known, held("active"), stock()),
    ]
    entries = [Entry(msgspec.structs.replace(known, id=new_id(NOW)), one, {new_id(NOW): "Poems"}) for one in offers]
    entries += [Entry(book(format=format), offers[0], {}) for format in ("pdf", "markdown", None)]
    return Feed(
        title="Carrel",
        path="/search?query=emma",
        doors=[Door("Newest", "/newest"), Door("My books", "/shelf", "http://opds-spec.org/shelf", 3)],
        groups=[Group("Newest", "/newest", entries[:2])],
        facets=[Facet("Order", [Choice("Newest", "/newest", active=True), Choice("All", "/titles", False, 3)])],
        entries=entries,
        total=20,
        per_page=10,
        first="/search?query=emma",
        next="/search?query=emma&cursor=x",
    )


def test_a_feed_of_opds_1_has_one_way_on_and_its_facets() -> None:
    feed = ElementTree.fromstring(atom.feed(everything(), AT_1))
    links = [(one.get("rel"), one.get("href")) for one in feed.findall("{http://www.w3.org/2005/Atom}link")]
    base = "https://library.example/opds/v1"
    assert ("next", f"{base}/search?query=emma&cursor=x") in links
    facets = [one for one in feed if one.get("rel") == "http://opds-spec.org/facet"]
    group, active = (f"{{http://opds-spec.org/2010/catalog}}{name}" for name in ("facetGroup", "activeFacet"))
    assert [(one.get(group), one.get(active)) for one in facets] == [("Order", "true"), ("Order", None)]


def test_no_title_or_name_is_a_map_of_languages_and_nothing_is_blank() -> None:
    def check(value: Any, name: str) -> None:
        assert value not in (None, "", [], {}), name
        if isinstance(value, dict):
            for key, inner in value.items():
                check(inner, key)
                if key in {"title", "name"}:
                    assert isinstance(inner, str)
        elif isinstance(value, list):
            for inner in value:
                check(inner, name)

    check(feeds.feed(everything(), AT), "feed")


@pytest.fixture(scope="module")
def errors() -> Callable[[str, Any], list[Any]]:
    """What the schemas that the standards publish find wrong, where they are beside this checkout."""
    if not OFFICIAL.exists():
        pytest.skip("the schemas of OPDS are not beside this checkout")
    spec = importlib.util.spec_from_file_location("official_schemas", OFFICIAL)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda kind, written: module.errors(kind, msgspec.json.decode(msgspec.json.encode(written)))


class TestOfficialSchemas:
    def test_a_page_with_everything_is_valid(self, errors: Callable[[str, Any], list[Any]]) -> None:
        assert errors("feed", feeds.feed(everything(), AT)) == []

    def test_a_page_with_next_to_nothing_is_valid(self, errors: Callable[[str, Any], list[Any]]) -> None:
        bare = Feed(title="x", path="/x", doors=[Door("y", "/y")], groups=[], facets=[], entries=[])
        assert errors("feed", feeds.feed(bare, AT)) == []

    def test_every_publication_is_valid(self, errors: Callable[[str, Any], list[Any]]) -> None:
        for entry in everything().entries:
            assert errors("publication", feeds.publication(entry, AT)) == []

    @pytest.mark.parametrize("registers", [True, False])
    def test_the_authentication_document_is_valid(
        self, errors: Callable[[str, Any], list[Any]], registers: bool
    ) -> None:
        assert errors("auth", signing_in.document("Carrel", AT, registers=registers)) == []
