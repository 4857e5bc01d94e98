"""Feeds and entries as OPDS 1.2 writes them, in Atom.

https://specs.opds.io/opds-1.2, RFC 4287 (Atom), RFC 4685 (`thr:count`), and OpenSearch 1.1. Copies, holds and
availability are elements that OPDS 1.2 left out and its clients read all the same.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from chalicelib.opds import model
from chalicelib.opds.addresses import ATOM, AUTHENTICATION, OPEN_SEARCH, Addresses
from chalicelib.opds.model import Door, Entry, Facet, Feed, Group
from chalicelib.opds.offers import Offer, identifier, is_for_apps, media_type, own_identifier

_NAMESPACES = {
    "": "http://www.w3.org/2005/Atom",
    "opds": "http://opds-spec.org/2010/catalog",
    "dcterms": "http://purl.org/dc/terms/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "opensearch": "http://a9.com/-/spec/opensearch/1.1/",
    "schema": "http://schema.org/",
}
for _prefix, _name in _NAMESPACES.items():
    register_namespace(_prefix, _name)

NAVIGATION = f"{ATOM};kind=navigation"
BOOKS = f"{ATOM};kind=acquisition"
ENTRY = "application/atom+xml;type=entry;profile=opds-catalog"
GROUP = "http://opds-spec.org/group"

_NOT_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""What XML 1.0 has no way to write (production 2, Char); compiled at first use, not with the API."""


def feed(page: Feed, at: Addresses) -> str:
    """A page as an OPDS 1.2 feed."""
    root = Element(_tag("feed"))
    _text(root, "id", at.of(page.path))
    _text(root, "title", page.title)
    _text(root, "updated", _time(page.updated))
    if page.total is not None:
        _text(root, "opensearch:totalResults", str(page.total))
    if page.per_page is not None:
        _text(root, "opensearch:itemsPerPage", str(page.per_page))
    kind = feed_type(page)
    _link(root, "self", at.of(page.path), kind)
    _link(root, "start", at.of(""), BOOKS)
    if page.up is not None and page.path:
        _link(root, "up", at.of(page.up), NAVIGATION)
    for rel, path in (("first", page.first), ("next", page.next)):
        if path:
            _link(root, rel, at.of(path), BOOKS)
    _link(root, "search", at.of("/search-description"), OPEN_SEARCH)
    _link(root, model.SHELF, at.of("/shelf"), BOOKS)
    _link(root, model.AUTHENTICATION, at.authentication, AUTHENTICATION)
    _link(root, "alternate", at.of_site("/"), "text/html")
    for facet in page.facets:
        _facet(root, facet, at)
    for door in page.doors:
        _door(root, door, at)
    for group in page.groups:
        for entry in group.entries:
            _entry(SubElement(root, _tag("entry")), entry, at, group)
    for entry in page.entries:
        _entry(SubElement(root, _tag("entry")), entry, at)
    return _written(root)


def feed_type(page: Feed) -> str:
    """The media type of a page: one that has books is of acquisition."""
    return BOOKS if page.entries or page.groups or page.per_page else NAVIGATION


def entry(one: Entry, at: Addresses) -> str:
    """A book as an entry document of OPDS 1.2."""
    root = Element(_tag("entry"))
    _entry(root, one, at)
    return _written(root)


def search_description(library: str, at: Addresses) -> str:
    """How the library is searched (OpenSearch 1.1)."""
    # Without prefixes, which some clients take for part of the name.
    root = Element("OpenSearchDescription", {"xmlns": "http://a9.com/-/spec/opensearch/1.1/"})
    said = {
        "ShortName": library[:16].strip(),  # as long as it may be
        "Description": f"Search {library}",
        "InputEncoding": "UTF-8",
        "OutputEncoding": "UTF-8",
    }
    for name, text in said.items():
        SubElement(root, name).text = _clean(text)
    SubElement(root, "Url", {"type": BOOKS, "template": at.of("/search") + "?query={searchTerms}"})
    return _written(root)


def _facet(root: Element, facet: Facet, at: Addresses) -> None:
    for choice in facet.choices:
        link = _link(root, model.FACET, at.of(choice.path), BOOKS, choice.title)
        link.set(_tag("opds:facetGroup"), _clean(facet.title))
        if choice.active:
            link.set(_tag("opds:activeFacet"), "true")
        if choice.count is not None:
            link.set(_tag("thr:count"), str(choice.count))


def _door(root: Element, door: Door, at: Addresses) -> None:
    element = SubElement(root, _tag("entry"))
    _text(element, "id", at.of(door.path))
    _text(element, "title", door.title)
    _text(element, "updated", _time(model.LONG_AGO))
    # Other relations are not followed by every client.
    rel = door.rel if door.rel in (model.NEW, model.POPULAR) else "subsection"
    link = _link(element, rel, at.of(door.path), BOOKS if door.holds_books else NAVIGATION)
    if door.count is not None:
        link.set(_tag("thr:count"), str(door.count))
        _text(element, "content", f"{door.count} e-books").set("type", "text")


def _entry(root: Element, one: Entry, at: Addresses, group: Group | None = None) -> None:
    book = one.book
    _text(root, "id", own_identifier(book.id))
    _text(root, "title", book.title)
    for name in book.authors:
        author = SubElement(root, _tag("author"))
        _text(author, "name", name)
        _text(author, "uri", at.of(model.with_query("/search", author=name)))
    _text(root, "published", _time(book.created_at))
    _text(root, "updated", _time(book.created_at))
    _text(root, "dcterms:identifier", identifier(book))
    for name, value in (("language", book.language), ("publisher", book.publisher)):
        if value:
            _text(root, f"dcterms:{name}", value)
    if book.pages:
        _text(root, "dcterms:extent", f"{book.pages} pages")
    for name in (*one.sections.values(), *book.subjects):
        SubElement(root, _tag("category"), {"term": _clean(name), "label": _clean(name)})
    if book.series:
        series = SubElement(root, _tag("schema:Series"), {_tag("schema:name"): _clean(book.series.name)})
        if book.series.position is not None:
            series.set(_tag("schema:position"), f"{book.series.position:g}")
    if book.description:
        _text(root, "summary", book.description).set("type", "text")
    if book.covers:
        _link(root, model.IMAGE, at.of_site(book.covers[0].url), "image/jpeg")
        _link(root, model.THUMBNAIL, at.of_site(book.covers[-1].url), "image/jpeg")
    if group:
        _link(root, GROUP, at.of(group.path), BOOKS, group.title)
    _link(root, "alternate", at.of(f"/books/{book.id}"), ENTRY)
    _acquisition(root, one, at)


def _acquisition(root: Element, one: Entry, at: Addresses) -> None:
    book, offer = one.book, one.offer
    type_ = media_type(book)
    if not is_for_apps(book):
        _stock(_link(root, model.BORROW, at.of_site(f"/books/{book.id}"), type_), offer)
        return
    if offer.lent:
        _stock(_link(root, model.ACQUISITION, at.of_both(f"/books/{book.id}/file"), type_), offer)
        _link(root, model.REVOKE, at.of(f"/books/{book.id}/return"), ENTRY)
        return
    borrow = _link(root, model.BORROW, at.of(f"/books/{book.id}/borrow"), ENTRY)
    SubElement(borrow, _tag("opds:indirectAcquisition"), {"type": type_})
    _stock(borrow, offer)
    if offer.at_once:
        # Most clients of OPDS 1 cannot borrow, and all of them can download.
        _link(root, model.ACQUISITION, at.of(f"/books/{book.id}/fetch"), type_, "Borrow and download")


def _stock(link: Element, offer: Offer) -> None:
    said = {"status": offer.state}
    for name, value in (("since", offer.since), ("until", offer.until)):
        if value:
            said[name] = _time(value)
    SubElement(link, _tag("opds:availability"), said)
    if (stock := offer.stock) is not None:
        holds = SubElement(link, _tag("opds:holds"), {"total": str(stock.waiting)})
        if stock.position is not None:
            holds.set("position", str(stock.position))
        SubElement(link, _tag("opds:copies"), {"total": str(stock.total), "available": str(stock.available)})


def _link(parent: Element, rel: str, href: str, type_: str, title: str | None = None) -> Element:
    said = {"rel": rel, "href": href, "type": type_}
    return SubElement(parent, _tag("link"), said | ({"title": _clean(title)} if title else {}))


def _text(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, _tag(name))
    element.text = _clean(text)
    return element


def _tag(name: str) -> str:
    prefix, _, local = name.rpartition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


def _clean(text: str) -> str:
    return re.sub(_NOT_XML, "", text)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _written(root: Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")
