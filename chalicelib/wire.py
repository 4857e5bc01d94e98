"""Requests to one server over connections that stay open: HTTP/1.1 (RFC 9112), as far as DynamoDB speaks it.

http.client spends a tenth of a millisecond on the headers of each answer, urllib3 two: several times what everything
else costs that is done for a small read (docs/decisions/0017).
"""

from __future__ import annotations

import select
import socket
import ssl
from collections import deque
from typing import NamedTuple
from urllib.parse import urlsplit

from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
)

_CHUNK = 64 * 1024


class Answer(NamedTuple):
    """What a server answered; the names of its headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Pool:
    """The connections to the server at `url`. Many threads may use it: each request has a connection to itself.

    Time-outs are in seconds: of connecting, and of waiting for the next part of an answer.
    """

    def __init__(self, url: str, *, connect_timeout: float, read_timeout: float) -> None:
        parts = urlsplit(url)
        self.host = parts.netloc
        self._url = url
        self._address = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._connect_timeout, self._read_timeout = connect_timeout, read_timeout
        self._idle: deque[_Connection] = deque()

    def send(self, request: bytes) -> Answer:
        """The answer to `request`, a whole one.

        Raises botocore's ConnectionError or HTTPClientError where none came: the request may have been carried out.
        """
        connection = self._kept() or self._opened()
        try:
            answer = connection.exchange(request)
        except TimeoutError as error:
            connection.close()
            raise ReadTimeoutError(endpoint_url=self._url, error=error) from error
        except OSError as error:
            connection.close()
            raise ConnectionClosedError(endpoint_url=self._url) from error
        except ValueError as error:
            connection.close()
            raise HTTPClientError(error=error) from error
        except BaseException:
            connection.close()
            raise
        if answer.headers.get("connection", "").lower() == "close":
            connection.close()
        else:
            self._idle.append(connection)
        return answer

    def _kept(self) -> _Connection | None:
        """An open connection that nobody uses."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if connection.is_open():
                return connection
            connection.close()

    def _opened(self) -> _Connection:
        try:
            opened = socket.create_connection(self._address, self._connect_timeout)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                opened = self._tls.wrap_socket(opened, server_hostname=self._address[0])
        except TimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=self._url, error=error) from error
        except OSError as error:
            raise EndpointConnectionError(endpoint_url=self._url, error=error) from error
        opened.settimeout(self._read_timeout)
        return _Connection(opened)


class _Connection:
    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        self._poll = select.poll()
        self._poll.register(opened, select.POLLIN)
        self.close = opened.close

    def is_open(self) -> bool:
        """Whether the server left it open: all that it can have to say between two answers is that it closed it."""
        return not self._poll.poll(0)

    def exchange(self, request: bytes) -> Answer:
        """Raises OSError, or ValueError where the answer is none of HTTP."""
        self._socket.sendall(request)
        received = bytearray()
        while (end := received.find(b"\r\n\r\n")) < 0:
            if len(received) > _CHUNK:
                raise ValueError("an answer whose headers have no end")
            received += self._more()
        first, *lines = received[:end].decode("latin-1").split("\r\n")
        version, status = first.split(" ", 2)[:2]
        if version != "HTTP/1.1":
            raise ValueError(f"an answer in {version}")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if "content-length" not in headers:
            raise ValueError("an answer that does not say how long it is")
        begin = end + 4
        end = begin + int(headers["content-length"])
        while len(received) < end:
            received += self._more()
        if len(received) > end:
            raise ValueError("an answer longer than it says")
        return Answer(int(status), headers, bytes(received[begin:]))

    def _more(self) -> bytes:
        part = self._socket.recv(_CHUNK)
        if not part:
            raise ConnectionResetError("closed within an answer")
        return part
