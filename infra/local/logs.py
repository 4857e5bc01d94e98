"""The one log of all parts, `library.log`, and the pipes by which they reach it."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from infra.local import processes
from infra.local.processes import Log, Part

OWN = "supervisor"
"""Under whose name `note` writes."""

TAIL = 64 * 1024
"""Bytes at the end of the log in which last words are looked for."""

ROOM = 1024 * 1024
"""Bytes a pipe holds for a scribe who is away."""

PATIENCE = 2.0
"""Seconds that the scribe is given to write down what was said."""


class Logs:
    """The log in `folder` of the parts called `names`. A part that is started again speaks into the same pipe.

    Both ends of each pipe stay open here: while the scribe is started again, what the parts say waits for it.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.path = folder / "library.log"
        self._pipes = {name: _pipe() for name in (OWN, *names)}

    def of(self, name: str) -> Log:
        """Where the part called `name` speaks."""
        return Log(self.path, self._pipes[name][1])

    def start(self) -> Part:
        """Start the scribe, who writes it all down."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        ends = {name: reading for name, (reading, _) in self._pipes.items()}
        command = [
            sys.executable,
            "-m",
            "infra.local.scribe",
            self.path,
            *(f"{name}={end}" for name, end in ends.items()),
        ]
        with open(self.path, "ab") as own:  # what it says is why it failed
            return processes.start("scribe", command, {}, Log(self.path, own.fileno()), handed_on=tuple(ends.values()))

    def note(self, sentence: str) -> None:
        """Write a line of one's own."""
        os.write(self._pipes[OWN][1], f"{sentence}\n".encode())

    def last_words(self, name: str, note: str) -> str | None:
        """The last line of the part called `name` before `note` was written: why it ended, if it knew."""
        end = time.monotonic() + PATIENCE
        while not (found := self._before(note)) and time.monotonic() < end:
            time.sleep(0.02)
        return next((words for who, words in reversed(found) if who == name and words), None)

    def close(self) -> None:
        """Let the scribe come to the end: once nobody can speak, it stops."""
        for ends in self._pipes.values():
            for end in ends:
                os.close(end)

    def _before(self, note: str) -> list[tuple[str, str]]:
        """Who said what before `note`, oldest first; nothing if it is not written down yet."""
        if not self.path.exists():
            return []
        with open(self.path, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            lines = file.read().decode(errors="replace").splitlines()
        said = [(words[2], words[3].strip()) for line in lines if len(words := line.split(maxsplit=3)) == 4]
        at = next((n for n, (who, words) in enumerate(said) if who == OWN and words == note), None)
        return said[: at + 1] if at is not None else []


def _pipe() -> tuple[int, int]:
    reading, writing = os.pipe()
    if sys.platform == "linux":
        with suppress(OSError):  # somebody with very many pipes is allowed small ones only
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, ROOM)
    return reading, writing
