"""Calling an address that somebody gave: a webhook, a browser's push service.

Who gives an address must not make the library call what only the library can reach: the metadata of its function, a
machine beside it (server-side request forgery, OWASP). So only https is called; the name is resolved once, each of its
addresses must be one of the public internet, and the connection goes to exactly those addresses, so that a name which
resolves to another address a moment later gains nothing. Redirects are not followed, time and answer are limited.
On a local run the machine's own addresses may be called, by http too.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from chalicelib import settings

PATIENCE = 10.0
"""Seconds for the whole call, so that who answers a letter at a time holds up nothing."""

LARGEST_ANSWER = 64 * 1024
"""Bytes of an answer that are read; what comes after is of no interest."""

LONGEST_ADDRESS = 2_000


class NotAllowed(Exception):
    """An address that the library does not call, with the reason as a sentence for who gave it."""


class NoAnswer(Exception):
    """Nothing answered. `sent` tells whether the request may have arrived all the same."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def checked(url: str) -> SplitResult:
    """The parts of an address that has the form of one the library calls; it is not looked up.

    Raises NotAllowed.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotAllowed("This is not an address.") from None
    if len(url) > LONGEST_ADDRESS or not url.isascii() or any(c.isspace() or not c.isprintable() for c in url):
        raise NotAllowed("This is not an address.")
    if not parts.hostname:
        raise NotAllowed("Write a whole address, as https://example.org/hook.")
    own = settings.current().is_local
    if parts.scheme != "https" and not (own and parts.scheme == "http"):
        raise NotAllowed("The address must start with https://.")
    if parts.username or parts.password:
        raise NotAllowed("The address must hold no user name or password.")
    if port is not None and port not in (443, 8443) and not own:
        raise NotAllowed("The address must be at port 443 or 8443.")
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return parts
    _hold_to_the_internet(literal)
    return parts


def post(url: str, body: bytes, headers: Mapping[str, str], patience: float = PATIENCE) -> Answer:
    """Send `body` to an address that somebody gave, and return what it answers, whatever the status.

    Raises NotAllowed, NoAnswer.
    """
    # Here, for http.client brings a package that the API, which only looks at addresses, does without.
    from chalicelib.pinned import HTTPException, Pinned

    parts = checked(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAnswer(f"{host} cannot be found: {error}", sent=False) from None
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    for address in addresses:
        _hold_to_the_internet(ipaddress.ip_address(address.partition("%")[0]))
    connection = Pinned(host, port, addresses, parts.scheme == "https", patience)
    enough = threading.Timer(patience, connection.cut)
    enough.daemon = True
    sent = False
    try:
        enough.start()
        connection.connect()
        sent = True
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, {"User-Agent": "Carrel", **headers})
        answer = connection.getresponse()
        return Answer(
            answer.status,
            {name.lower(): value for name, value in answer.getheaders()},
            answer.read(LARGEST_ANSWER),
        )
    except (OSError, HTTPException) as error:
        raise NoAnswer(f"{host} does not answer: {error}", sent=sent) from None
    finally:
        enough.cancel()
        connection.close()


def _hold_to_the_internet(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """Let only an address of the public internet pass, also where an IPv4 address is written within one of IPv6."""
    within: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        inner = (address.ipv4_mapped, address.sixtofour, *(address.teredo or ()))
        within += [one for one in inner if one is not None]
        if address in _NAT64:
            within.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    if settings.current().is_local and all(one.is_loopback for one in within):
        return
    if not all(one.is_global and not one.is_multicast and not one.is_reserved for one in within):
        raise NotAllowed("The library does not call addresses of private networks.")


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
