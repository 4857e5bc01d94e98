"""A reading app: it knows the address of the feeds, and perhaps a user name and an app password."""

from __future__ import annotations

import base64
from typing import Any
from xml.etree import ElementTree

from tests.client import Client, Reply, Transport

ATOM = {"Accept": "application/atom+xml"}
NAMES = {
    "a": "http://www.w3.org/2005/Atom",
    "opds": "http://opds-spec.org/2010/catalog",
    "thr": "http://purl.org/syndication/thread/1.0",
    "os": "http://a9.com/-/spec/opensearch/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
}
BORROW = "http://opds-spec.org/acquisition/borrow"
ACQUISITION = "http://opds-spec.org/acquisition"
REVOKE = "http://librarysimplified.org/terms/rel/revoke"


class ReadingApp:
    """Follows the links of the feeds, as its kind does."""

    def __init__(self, send: Transport, login: str | None = None, password: str | None = None) -> None:
        self._send = send
        self.headers: dict[str, str] = {}
        if login is not None:
            self.headers["Authorization"] = basic(login, password or "")

    def call(self, method: str, address: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Reply:
        """Ask for an address out of a feed, or for a path."""
        path = "/" + address.split("://", 1)[1].partition("/")[2] if "://" in address else address
        return self._send(method, path, self.headers | (headers or {}), body)

    def get(self, address: str, headers: dict[str, str] | None = None) -> Reply:
        return self.call("GET", address, headers)

    def feed(self, address: str = "/opds") -> dict[str, Any]:
        """A feed or publication of OPDS 2.0."""
        reply = self.get(address)
        assert reply.status == 200, reply.body
        return reply.json

    def atom(self, address: str = "/opds/v1") -> ElementTree.Element:
        """A feed or entry of OPDS 1.2."""
        reply = self.get(address)
        assert reply.status == 200, reply.body
        return ElementTree.fromstring(reply.body)


def basic(login: str, password: str) -> str:
    """The Authorization header of HTTP Basic (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


def app_of(patron: Client, send: Transport, name: str = "E-reader") -> ReadingApp:
    """A reading app of `patron`, with an app password of its own."""
    made = patron.post("/me/app-passwords", {"name": name})
    assert made.status == 201, made.body
    return ReadingApp(send, patron.get("/me").json["username"], made.json["password"])


def link(document: dict[str, Any], rel: str) -> dict[str, Any]:
    """The one link of a publication, or feed, with this relation."""
    found = [one for one in document["links"] if one.get("rel") == rel]
    assert len(found) == 1, (rel, document["links"])
    return found[0]


def rels(document: dict[str, Any]) -> set[str]:
    """The relations of its links."""
    return {one["rel"] for one in document["links"]}


def atom_link(entry: ElementTree.Element, rel: str) -> ElementTree.Element:
    """The one link of an entry with this relation."""
    found = [one for one in entry.findall("a:link", NAMES) if one.get("rel") == rel]
    assert len(found) == 1, (rel, [one.attrib for one in entry.findall("a:link", NAMES)])
    return found[0]
