"""Routes of the feeds. Each stands twice: below `/opds` in the version of OPDS that is asked for (2.0, or 1.2 for
`Accept: application/atom+xml`), and below `/opds/v1` always in 1.2, for clients that ask for nothing.

What borrows or gives back is asked for by GET, since that is how clients follow a link (see docs/decisions/0018): never
by HEAD, by a prefetch, or by anyone who did not sign in; and once or ten times comes to the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from chalicelib import settings, wiring
from chalicelib.auth import Caller
from chalicelib.catalogue.schemas import MEDIA_TYPES
from chalicelib.errors import NotFound, Unauthenticated
from chalicelib.opds import addresses, atom, feeds, service, signing_in
from chalicelib.opds.addresses import Addresses, Version
from chalicelib.opds.model import AUTHENTICATION, Entry, Feed
from chalicelib.opds.schemas import Search, TokenRefusal
from chalicelib.paging import Page
from chalicelib.routing import NEVER, PRIVATE, PUBLIC, Answer, Call, Method, Nothing, Routes, Who

Q = TypeVar("Q", bound=msgspec.Struct)

routes = Routes(__name__)


@dataclass(frozen=True)
class Visit(Generic[Q]):
    """A call of the feeds: by whom, and in which version."""

    call: Call[Nothing, Q]
    at: Addresses
    who: Caller | None
    now: datetime

    @property
    def caller(self) -> Caller:
        """Who calls, where only somebody who signed in may."""
        assert self.who is not None
        return self.who

    @cached_property
    def shelves(self) -> service.Shelves:
        """The library's shelves as the caller sees them now."""
        return service.Shelves(self.who, self.now)

    @property
    def only_looks(self) -> bool:
        """Whether nobody meant anything to be done: the client asks what there is, or fetches what may be wanted."""
        purpose = " ".join(self.call.header(name) or "" for name in ("sec-purpose", "purpose", "x-purpose", "x-moz"))
        return self.call.request.method == "HEAD" or "prefetch" in purpose.lower()


View = Callable[..., Feed | Entry | Answer]


def _route(
    *methods: Method,
    path: str,
    query: type[msgspec.Struct] = Nothing,
    signed_in: bool = False,
    versions: tuple[Version, ...] = (2, 1),
) -> Callable[[View], View]:
    """Declare a view of the feeds at `path` below `/opds`, for those who `signed_in` or for everyone."""

    def declare(view: View) -> View:
        for version in versions:
            handle = _handled(view, version, signed_in=signed_in)
            for method in methods:
                prefix = "/opds/v1" if version == 1 else "/opds"
                routes.operation(method, prefix + path, who=Who.ANYONE, query=query)(handle)
        return view

    return declare


def _handled(view: View, version: Version, *, signed_in: bool) -> Callable[..., Answer]:
    def handle(call: Call[Nothing, Any], **parameters: str) -> Answer:
        now = wiring.now()
        asked_for = addresses.preferred(call.header("accept")) if version == 2 else version
        at = Addresses(_origin(call), asked_for)
        try:
            who = signing_in.caller(call.header("authorization"), call.address, wiring.cache(), now)
            if who is None and signed_in:
                raise Unauthenticated
        except Unauthenticated:
            return _challenge(at, now)
        return _answer(view(Visit(call, at, who, now), **parameters), at, who)

    handle.__name__ = view.__name__
    handle.__doc__ = view.__doc__
    return handle


def _origin(call: Call[Nothing, Any]) -> str:
    """Where the caller reaches the library: on one machine it may have several names."""
    s = settings.current()
    scheme, public_host = urlsplit(s.public_url)[:2]
    behind_gateway = s.objects_url is not None and "://" not in s.objects_url
    return f"{scheme}://{(call.header('host') if behind_gateway else None) or public_host}"


def _answer(page: Feed | Entry | Answer, at: Addresses, who: Caller | None) -> Answer:
    match page:
        case Feed():
            body = atom.feed(page, at) if at.version == 1 else _json(feeds.feed(page, at))
            type_ = atom.feed_type(page) if at.version == 1 else addresses.FEED
        case Entry():
            body = atom.entry(page, at) if at.version == 1 else _json(feeds.publication(page, at))
            type_ = atom.ENTRY if at.version == 1 else addresses.PUBLICATION
        case Answer():
            return replace(page, headers={"Vary": "Authorization", **page.headers})
    caching = PUBLIC if who is None else PRIVATE
    return Answer(body, {"Content-Type": type_, "Cache-Control": caching, "Vary": "Accept, Authorization"})


def _json(written: Any) -> str:
    return msgspec.json.encode(written).decode()


def _challenge(at: Addresses, now: datetime) -> Answer:
    """What a client that has to sign in is answered (Authentication for OPDS 1.0, 2.4)."""
    shelves = service.Shelves(None, now)
    link = f'<{at.authentication}>; rel="{AUTHENTICATION}"; type="{addresses.AUTHENTICATION}"'
    return Answer(
        _json(signing_in.document(shelves.library, at, registers=shelves.registers)),
        {
            "Content-Type": addresses.AUTHENTICATION,
            "WWW-Authenticate": addresses.CHALLENGE,
            "Link": link,
            "Cache-Control": NEVER,
        },
        401,
    )


# ------------------------------------------------------------------------------------------------- the feeds


@_route("GET", path="")
def show_start(visit: Visit[Nothing]) -> Feed:
    """Where a client begins."""
    return service.start(visit.shelves)


@_route("GET", path=service.NEWEST, query=Page)
def list_newest(visit: Visit[Page]) -> Feed:
    """The newest e-books."""
    return service.ordered(visit.shelves, service.NEWEST, visit.call.query)


@_route("GET", path=service.RATED, query=Page)
def list_best_rated(visit: Visit[Page]) -> Feed:
    """The best rated e-books."""
    return service.ordered(visit.shelves, service.RATED, visit.call.query)


@_route("GET", path=service.POPULAR, query=Page)
def list_most_borrowed(visit: Visit[Page]) -> Feed:
    """The most borrowed e-books."""
    return service.ordered(visit.shelves, service.POPULAR, visit.call.query)


@_route("GET", path=service.TITLED, query=Page)
def list_by_title(visit: Visit[Page]) -> Feed:
    """All e-books by their titles."""
    return service.ordered(visit.shelves, service.TITLED, visit.call.query)


@_route("GET", path="/sections")
def list_sections_of_feeds(visit: Visit[Nothing]) -> Feed:
    """The sections."""
    return service.sections()


@_route("GET", path="/sections/{section_id}", query=Page)
def list_section(visit: Visit[Page], section_id: str) -> Feed:
    """The e-books of a section."""
    return service.of_section(visit.shelves, section_id, visit.call.query)


@_route("GET", path="/languages")
def list_languages(visit: Visit[Nothing]) -> Feed:
    """The languages there are e-books in."""
    return service.languages(visit.now)


@_route("GET", path="/search", query=Search)
def search_feed(visit: Visit[Search]) -> Feed:
    """What is searched, or chosen by facets."""
    return service.search(visit.shelves, visit.call.query)


@_route("GET", path="/search-description", versions=(1,))
def describe_search(visit: Visit[Nothing]) -> Answer:
    """How to search, for clients of OPDS 1.2."""
    return Answer(
        atom.search_description(visit.shelves.library, visit.at),
        {"Content-Type": addresses.OPEN_SEARCH, "Cache-Control": PUBLIC},
    )


@_route("GET", path="/shelf", signed_in=True)
def show_shelf(visit: Visit[Nothing]) -> Feed:
    """What the caller has and has asked for."""
    return service.shelf(visit.shelves)


@_route("GET", path="/books/{book_id}")
def show_publication(visit: Visit[Nothing], book_id: str) -> Entry:
    """An e-book."""
    return service.entry(visit.shelves, book_id)


# ------------------------------------------------------------------------------------------------- borrowing


@_route("GET", "POST", "PUT", path="/books/{book_id}/borrow", signed_in=True)
def borrow(visit: Visit[Nothing], book_id: str) -> Entry:
    """Borrow an e-book, ask for it, wait for it, or take the copy that is kept."""
    if not visit.only_looks:
        service.borrow(book_id, visit.caller, visit.now)
    return service.entry(visit.shelves, book_id)


@_route("DELETE", path="/books/{book_id}/borrow", signed_in=True)
def cancel(visit: Visit[Nothing], book_id: str) -> Entry:
    """Take back a request, leave the queue, or return the e-book."""
    service.give_back(book_id, visit.caller, visit.now)
    return service.entry(visit.shelves, book_id)


@_route("GET", "POST", "PUT", "DELETE", path="/books/{book_id}/return", signed_in=True)
def give_back(visit: Visit[Nothing], book_id: str) -> Entry:
    """Return an e-book."""
    if not visit.only_looks:
        service.give_back(book_id, visit.caller, visit.now)
    return service.entry(visit.shelves, book_id)


@_route("POST", "PUT", path="/books/{book_id}/renew", signed_in=True)
def renew(visit: Visit[Nothing], book_id: str) -> Entry:
    """Have an e-book for another period."""
    service.renew(book_id, visit.caller, visit.now)
    return service.entry(visit.shelves, book_id)


@_route("GET", path="/books/{book_id}/file", signed_in=True, versions=(2,))
def fetch_file(visit: Visit[Nothing], book_id: str) -> Answer:
    """The file of an e-book that the caller has."""
    url = service.file(book_id, visit.caller, visit.call.header("host"), visit.now)
    return _file_there(book_id) if visit.only_looks else _sent_to(url)


@_route("GET", path="/books/{book_id}/fetch", signed_in=True, versions=(1,))
def borrow_file(visit: Visit[Nothing], book_id: str) -> Answer:
    """The file of an e-book, borrowed where that is possible at once: for clients that can only download."""
    if visit.only_looks:
        return _file_there(book_id)
    return _sent_to(service.fetch(book_id, visit.caller, visit.call.header("host"), visit.now))


def _sent_to(url: str) -> Answer:
    return Answer(None, {"Location": url, "Cache-Control": NEVER}, 302)


def _file_there(book_id: str) -> Answer:
    """The head of a file: what it is, and what to save it as."""
    book = service.downloadable(book_id)
    if book.format is None:
        raise NotFound
    name = "".join(c for c in book.title if c.isprintable() and c not in '/\\"')[:100].strip() or book.id
    plain = name if name.isascii() else book.id
    saved = f"attachment; filename=\"{plain}.{book.format}\"; filename*=UTF-8''{quote(name)}.{book.format}"
    type_ = MEDIA_TYPES[book.format]
    return Answer(None, {"Content-Type": type_, "Content-Disposition": saved, "Cache-Control": NEVER})


# ------------------------------------------------------------------------------------------------- signing in


@_route("GET", path="/authentication", versions=(2,))
def show_authentication(visit: Visit[Nothing]) -> Answer:
    """How to sign in."""
    document = signing_in.document(visit.shelves.library, visit.at, registers=visit.shelves.registers)
    return Answer(_json(document), {"Content-Type": addresses.AUTHENTICATION, "Cache-Control": PUBLIC})


@_route("GET", path="/profile", signed_in=True, versions=(2,))
def show_feed_profile(visit: Visit[Nothing]) -> Answer:
    """Who the caller is, and how much more they may borrow."""
    edit = {"rel": "edit", "href": visit.at.of_site("/me"), "type": "text/html"}
    shelf = {"rel": "http://opds-spec.org/shelf", "href": visit.at.of("/shelf"), "type": addresses.FEED}
    written = service.profile(visit.shelves, visit.caller) | {"links": [edit, shelf]}
    return Answer(_json(written), {"Content-Type": addresses.PROFILE})


@routes.operation("POST", "/opds/token", who=Who.ANYONE)
def give_token(call: Call[Nothing, Nothing]) -> Answer:
    """A token for a password or a refresh token (RFC 6749, 4.3 and 6)."""
    raw: Any = call.request.raw_body
    device = call.header("user-agent") or ""
    answer = signing_in.tokens(raw or b"", device, call.address, wiring.cache(), wiring.now())
    return Answer(answer, {"Pragma": "no-cache"}, 400 if isinstance(answer, TokenRefusal) else 200)
