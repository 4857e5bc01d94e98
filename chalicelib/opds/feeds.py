"""Feeds and publications as OPDS 2.0 writes them, in JSON.

https://drafts.opds.io/opds-2.0. Titles and names are plain strings: a map of languages, which the standard allows,
crashes clients.
"""

from __future__ import annotations

from typing import Any

from chalicelib.opds import model
from chalicelib.opds.addresses import AUTHENTICATION, FEED, PROFILE, PUBLICATION, Addresses
from chalicelib.opds.model import Door, Entry, Facet, Feed, Group
from chalicelib.opds.offers import Offer, identifier, is_for_apps, media_type

Json = dict[str, Any]


def feed(page: Feed, at: Addresses) -> Json:
    """A page as an OPDS 2.0 feed."""
    written: Json = {
        "metadata": _said(title=page.title, numberOfItems=page.total, itemsPerPage=page.per_page),
        "links": _links(page, at),
    }
    if page.doors:
        written["navigation"] = [_door(door, at) for door in page.doors]
    if page.groups:
        written["groups"] = [_group(group, at) for group in page.groups]
    if page.facets:
        written["facets"] = [_facet(facet, at) for facet in page.facets]
    if page.entries:
        written["publications"] = [publication(entry, at) for entry in page.entries]
    return written


def _links(page: Feed, at: Addresses) -> list[Json]:
    links: list[Json] = [
        {"rel": "self", "href": at.of(page.path), "type": FEED},
        {"rel": "start", "href": at.of(""), "type": FEED},
    ]
    if page.up is not None and page.path:
        links.append({"rel": "up", "href": at.of(page.up), "type": FEED})
    for rel, path in (("first", page.first), ("next", page.next)):
        if path:
            links.append({"rel": rel, "href": at.of(path), "type": FEED})
    return [
        *links,
        {"rel": "search", "href": at.of("/search") + "{?query}", "type": FEED, "templated": True},
        _needs_signing_in({"rel": model.SHELF, "href": at.of("/shelf"), "type": FEED}, at),
        _needs_signing_in({"rel": "profile", "href": at.of_both("/profile"), "type": PROFILE}, at),
        {"rel": model.AUTHENTICATION, "href": at.authentication, "type": AUTHENTICATION},
        {"rel": "alternate", "href": at.of_site("/"), "type": "text/html"},
    ]


def _door(door: Door, at: Addresses) -> Json:
    link = {"href": at.of(door.path), "title": door.title, "rel": door.rel, "type": FEED}
    properties = _said(numberOfItems=door.count, authenticate=at.authentication if door.rel == model.SHELF else None)
    return link | _said(properties=properties)


def _group(group: Group, at: Addresses) -> Json:
    return {
        "metadata": {"title": group.title},
        "links": [{"rel": "self", "href": at.of(group.path), "type": FEED}],
        "publications": [publication(entry, at) for entry in group.entries],
    }


def _facet(facet: Facet, at: Addresses) -> Json:
    return {
        "metadata": {"title": facet.title},
        "links": [
            {"href": at.of(choice.path), "type": FEED, "title": choice.title}
            | _said(
                rel="self" if choice.active else None,
                properties=_said(numberOfItems=choice.count),
            )
            for choice in facet.choices
        ],
    }


def publication(entry: Entry, at: Addresses) -> Json:
    """A book as an OPDS 2.0 publication."""
    book = entry.book
    links: list[Json] = [
        # Some clients fetch the first link of the kind they know when somebody looks at a book: it must be this one.
        {"rel": "self", "href": at.of(f"/books/{book.id}"), "type": PUBLICATION},
        *_acquisition(entry, at),
        {"rel": "alternate", "href": at.of_site(f"/books/{book.id}"), "type": "text/html"},
    ]
    written: Json = {"metadata": _metadata(entry, at), "links": links}
    if book.covers:
        # Widest first; with the relations of OPDS 1, by which some clients tell a cover from a thumbnail.
        rels = [model.IMAGE] + [model.THUMBNAIL] * (len(book.covers) - 1)
        written["images"] = [
            {"rel": rel, "href": at.of_site(cover.url), "type": "image/jpeg", "width": cover.width}
            for rel, cover in zip(rels, book.covers, strict=True)
        ]
    return written


def _metadata(entry: Entry, at: Addresses) -> Json:
    book = entry.book
    series = _said(name=book.series.name, position=book.series.position) if book.series else None
    subjects: list[Json] = [
        {"name": name, "links": [{"href": at.of(f"/sections/{id_}"), "type": FEED}]}
        for id_, name in entry.sections.items()
    ]
    return _said(
        **{"@type": "http://schema.org/EBook"},
        identifier=identifier(book),
        title=book.title,
        author=[
            {"name": name, "links": [{"href": at.of(model.with_query("/search", author=name)), "type": FEED}]}
            for name in book.authors
        ],
        language=book.language,
        publisher=book.publisher,
        subject=[*subjects, *({"name": name} for name in book.subjects)],
        belongsTo={"series": series} if series else None,
        modified=book.created_at,
        numberOfPages=book.pages,
        description=book.description,
    )


def _acquisition(entry: Entry, at: Addresses) -> list[Json]:
    book, offer = entry.book, entry.offer
    type_ = media_type(book)
    if not is_for_apps(book):
        # Asked for, lent and read in the web app: the link opens its page.
        page = {"rel": model.BORROW, "href": at.of_site(f"/books/{book.id}"), "type": type_}
        return [page | {"properties": _availability(offer)}]
    if not offer.lent:
        link = {"rel": model.BORROW, "href": at.of(f"/books/{book.id}/borrow"), "type": PUBLICATION}
        more = {"authenticate": at.authentication, "indirectAcquisition": [{"type": type_}]}
        return [link | {"properties": _availability(offer) | more}]
    file = {"rel": model.ACQUISITION, "href": at.of_both(f"/books/{book.id}/file"), "type": type_}
    give_back = {"rel": model.REVOKE, "href": at.of(f"/books/{book.id}/return"), "type": PUBLICATION}
    renew = {"rel": "renew", "href": at.of(f"/books/{book.id}/renew"), "type": PUBLICATION}
    return [
        file | {"properties": _availability(offer) | {"authenticate": at.authentication}},
        _needs_signing_in(give_back, at),
        _needs_signing_in(renew, at),
    ]


def _availability(offer: Offer) -> Json:
    stock = offer.stock
    holds = _said(total=stock.waiting, position=stock.position) if stock else None
    # The schema has `holds` beside `availability`, the best practices' examples within it; clients look in either.
    return _said(
        availability=_said(state=offer.state, since=offer.since, until=offer.until, holds=holds),
        copies={"total": stock.total, "available": stock.available} if stock else None,
        holds=holds,
        cancellable=offer.cancellable or None,
    )


def _needs_signing_in(link: Json, at: Addresses) -> Json:
    return link | {"properties": {"authenticate": at.authentication}}


def _said(**values: Any) -> Json:
    """What of `values` says something: a feed has no blank values (OPDS 2.0, 5.2)."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}
