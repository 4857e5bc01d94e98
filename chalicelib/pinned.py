"""A connection to an address that was looked at before: what `outside` sends by."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from http.client import HTTPConnection, HTTPException

__all__ = ["HTTPException", "Pinned"]


class Pinned(HTTPConnection):
    """A connection to one of some addresses, whatever its host's name resolves to by now."""

    def __init__(self, host: str, port: int, addresses: list[str], secure: bool, patience: float) -> None:
        super().__init__(host, port, timeout=patience)
        self._addresses = addresses
        self._secure = secure

    def connect(self) -> None:
        failure: OSError = ConnectionError("it has no address")
        for address in self._addresses:
            try:
                self.sock = socket.create_connection((address, self.port), self.timeout)
            except OSError as error:
                failure = error
                continue
            if self._secure:
                self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
            return
        raise failure

    def cut(self) -> None:
        """End what is going on at this connection."""
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)
