"""Where things are, as a feed says it: whole addresses, since not every client resolves a part of one."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Version: TypeAlias = Literal[1, 2]

FEED = "application/opds+json"
PUBLICATION = "application/opds-publication+json"
AUTHENTICATION = "application/opds-authentication+json"
PROFILE = "application/opds-profile+json"
ATOM = "application/atom+xml;profile=opds-catalog"
OPEN_SEARCH = "application/opensearchdescription+xml"

CHALLENGE = 'Basic realm="Carrel", charset="UTF-8"'
"""How a client is told to sign in (RFC 7617, 2.1)."""


class Addresses(msgspec.Struct, frozen=True):
    """The feeds in one version of OPDS, of a library that is reached at `origin`."""

    origin: str
    version: Version

    def of(self, path: str) -> str:
        """A feed, or another resource of this version, by its path below `/opds`."""
        return f"{self.origin}/opds{'/v1' if self.version == 1 else ''}{path}"

    def of_both(self, path: str) -> str:
        """A resource that is the same in both versions."""
        return f"{self.origin}/opds{path}"

    def of_site(self, path: str) -> str:
        """A page of the web app, or a cover."""
        return f"{self.origin}{path}"

    @property
    def authentication(self) -> str:
        """The Authentication Document."""
        return self.of_both("/authentication")


def preferred(accept: str | None) -> Version:
    """The version that a client's Accept header asks for: 2, unless it names Atom and likes it better (RFC 9110,
    12.5.1)."""
    likes: dict[str, float] = {}
    for part in (accept or "").lower().split(","):
        name, _, parameters = part.partition(";")
        likes[name.strip()] = _weight(parameters)
    atom = likes.get("application/atom+xml", 0.0)
    return 1 if atom > max(likes.get(FEED, 0.0), likes.get("application/json", 0.0)) else 2


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
