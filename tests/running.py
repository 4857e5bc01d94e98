"""The whole library on this machine, started as a user starts it, for tests over HTTP and in a browser."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from infra.local.processes import ROOT, free_port
from tests.factories import LIBRARIAN

PATIENCE = 60.0
"""Seconds a test waits for what takes a few."""

NOT_FOR_IT = {"AWS_ENDPOINT_URL", "REDIS_URL", "PUBLIC_URL", "OBJECTS_URL", "CARREL_STAGE", "JWT_SECRET", "MAKELEVEL"}


class Library:
    """`python -m infra.local` in a process group of its own, empty at first."""

    def __init__(self, data: Path, port: int | None = None, **environment: str) -> None:
        self.data = data
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # Files and no pipes: whoever reads late must not hold it up.
        self._out, self._errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "infra.local"],
            cwd=ROOT,
            env={
                **{name: value for name, value in os.environ.items() if name not in NOT_FOR_IT},
                "PORT": str(self.port),
                "CARREL_DATA": str(data),
                "CARREL_DEMO": "0",
                **environment,
            },
            stdout=self._out,
            stderr=self._errors,
            start_new_session=True,
        )

    @property
    def said(self) -> str:
        """What it told the terminal so far."""
        return _read(self._out)

    @property
    def errors(self) -> str:
        """What it told of troubles so far."""
        return _read(self._errors)

    @property
    def log(self) -> str:
        """The log of all its parts."""
        return (self.data / "logs" / "library.log").read_text()

    @property
    def runtime(self) -> dict[str, Any]:
        """Where everything is, while it is open."""
        return json.loads((self.data / "runtime.json").read_text())

    def says(self, words: str) -> None:
        """Wait until it says `words`."""
        assert eventually(lambda: words in self.said or self.process.poll() is not None), self.said
        assert words in self.said, f"it ended: {self.errors}"

    def opened(self) -> Library:
        """Wait until it says that it is open."""
        self.says("Kept in")
        return self

    def refused(self) -> str:
        """What it says on standard error when it will not open, or not go on."""
        assert self.process.wait(PATIENCE) == 1
        return self.errors

    def close(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to close; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def kill_group(self) -> None:
        """Kill all of it at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def kill(self, part: str) -> None:
        """Kill one part."""
        os.kill(self.runtime["pids"][part], signal.SIGKILL)

    def processes(self) -> set[int]:
        """It and everything below it."""
        return family(self.process.pid)

    def forget(self) -> None:
        """Let go of what it said; kill it if it runs still."""
        if self.process.poll() is None:
            self.kill_group()
        self._out.close()
        self._errors.close()


@contextmanager
def running_library(data: Path, **environment: str) -> Generator[str]:
    """The address of an empty library with the tests' librarian; it is closed at the end."""
    librarian = {"LIBRARIAN_EMAIL": LIBRARIAN["email"], "LIBRARIAN_PASSWORD": LIBRARIAN["password"]}
    library = Library(data, **librarian, **environment)
    try:
        yield library.opened().url
        assert library.close() == 0
    finally:
        library.forget()


def family(pid: int) -> set[int]:
    """The process `pid` and everything below it."""
    below: set[int] = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            below |= family(int(stat.parent.name))
    return {pid} | below


def alive(pid: int) -> bool:
    """Whether it runs still; what nobody has asked after yet (a zombie) does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def eventually(true: Callable[[], bool]) -> bool:
    """Whether it comes `true`, given time."""
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _read(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), 1024 * 1024, 0).decode()
