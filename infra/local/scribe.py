"""Writes down what the parts say: `python -m infra.local.scribe FILE NAME=DESCRIPTOR…`, as `logs` starts it.

Each descriptor is the reading end of a part's pipe. A process of its own, with nothing else to do, so that a part
waits for nobody to take its words: not for a supervisor that is busy, stopped or gone. What one part says without a
pause, as a stack trace, stays together. It ends when nobody is left to speak.
"""

from __future__ import annotations

import math
import os
import selectors
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from infra.local import processes

SIZE = 10 * 1024 * 1024
"""Bytes after which a log is set aside."""

KEPT = 4
"""Logs set aside that are kept: FILE.1, the youngest, to FILE.4."""

PAUSE = 0.05
"""Seconds of silence after which somebody has finished, and others are written down."""

BREATH = 1.0
"""Seconds for which others wait for somebody who does not finish; and for which the rest of an unfinished line is
waited for."""

MUCH = 256 * 1024
"""Bytes of one part that wait at most."""


class Book:
    """The log at `path`, and the `kept` before it, each of `size` bytes at most."""

    def __init__(self, path: Path, size: int = SIZE, kept: int = KEPT) -> None:
        self._path = path
        self._size = size
        self._kept = kept
        self._lost = 0

    def write(self, lines: bytes, going_on: bool = False) -> None:
        """Append `lines`, to the same file as those before if it is `going_on`. Where the disk takes none, they are
        counted, and the count is written down as soon as it takes some again."""
        if self._lost:
            lines = _stamped("log", f"{self._lost} lines could not be written".encode()) + lines
        try:
            self._append(lines, self._size + MUCH if going_on else self._size)
            self._lost = 0
        except OSError:
            self._lost += lines.count(b"\n") - bool(self._lost)

    def _append(self, lines: bytes, size: int) -> None:
        # Opened each time: somebody may have tidied up.
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists() and self._path.stat().st_size + len(lines) > size:
            self._set_aside()
        with open(self._path, "ab", buffering=0, opener=_for_the_owner) as file:
            before = file.seek(0, os.SEEK_END)
            if file.write(lines) != len(lines):
                file.truncate(before)
                raise OSError("the disk is full")

    def _set_aside(self) -> None:
        names = [self._path, *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, self._kept + 1))]
        for older, younger in zip(reversed(names), reversed(names[:-1]), strict=False):
            if younger.exists():
                younger.replace(older)


class Voice:
    """A part called `name`, and what it said that is not written down yet."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rest = b""
        self._heard = 0.0
        self.lines = bytearray()
        self.since = 0.0

    def hear(self, said: bytes, now: float) -> None:
        """Take in the next bytes, at the monotonic time `now`."""
        *whole, self._rest = (self._rest + said).split(b"\n")
        self._heard = now
        if len(self._rest) >= MUCH:
            whole, self._rest = [*whole, self._rest], b""
        self._add(whole)

    def end_line(self, now: float) -> None:
        """Take half a line for a whole one, if the rest does not come."""
        if self._rest and now - self._heard >= BREATH:
            self._add([self._rest])
            self._rest = b""

    def take(self) -> bytes:
        """What was said since this was asked last."""
        lines = bytes(self.lines)
        self.lines.clear()
        return lines

    def _add(self, lines: list[bytes]) -> None:
        if not self.lines:
            self.since = self._heard
        for line in lines:
            self.lines += _stamped(self._name, line)


class Table:
    """Where one speaks at a time. Who does is written down at once; who breaks in waits for the end."""

    def __init__(self, names: Iterable[str], book: Book) -> None:
        self._voices = {name: Voice(name) for name in names}
        self._book = book
        self._speaker: Voice | None = None
        self._began = self._last = 0.0

    def hear(self, name: str, said: bytes, now: float) -> None:
        """Write down what `name` said, or keep it for later."""
        voice = self._voices[name]
        voice.hear(said, now)
        if self._speaker is None:
            self._speaker, self._began = voice, now
            self._write(voice, now)
        elif voice is self._speaker:
            self._write(voice, now, going_on=True)
        elif len(voice.lines) >= MUCH:
            self._book.write(voice.take())

    def turn(self, now: float) -> float | None:
        """Let the next one speak if it is time; the seconds until it is time again, None if nobody waits."""
        for voice in self._voices.values():
            voice.end_line(now)
        if self._speaker is not None and (left := min(self._last + PAUSE, self._began + BREATH) - now) > 0:
            return left
        waiting = [voice for voice in self._voices.values() if voice.lines]
        self._speaker = min(waiting, key=lambda voice: voice.since) if waiting else None
        if self._speaker is None:
            return None
        self._began = now
        self._write(self._speaker, now)
        return PAUSE

    def close(self) -> None:
        """Write down what is left."""
        for voice in sorted(self._voices.values(), key=lambda voice: voice.since):
            voice.end_line(math.inf)
            self._book.write(voice.take())

    def _write(self, voice: Voice, now: float, *, going_on: bool = False) -> None:
        self._last = now
        if voice.lines:
            self._book.write(voice.take(), going_on)


def listen(voices: Mapping[int, str], book: Book) -> None:
    """Write into `book` what comes from the descriptors of `voices`, until all have ended, or this process's parent
    has."""
    ending: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _frame: ending.append(number))
    processes.end_with_parent(signal.SIGUSR1)
    table = Table(voices.values(), book)
    with selectors.DefaultSelector() as selector:
        for descriptor in voices:
            selector.register(descriptor, selectors.EVENT_READ)
        wait: float | None = None
        while selector.get_map():
            # A signal does not end the wait (PEP 475), so it is never long.
            heard = selector.select(0 if ending else min(BREATH if wait is None else wait, BREATH))
            now = time.monotonic()
            for key, _ in heard:
                if said := os.read(key.fd, 64 * 1024):
                    table.hear(voices[key.fd], said, now)
                else:
                    selector.unregister(key.fd)
            wait = table.turn(now)
            if ending and not heard:
                break
    table.close()


def _stamped(name: str, line: bytes) -> bytes:
    now = time.time()
    local = time.localtime(now)
    at = f"{time.strftime('%Y-%m-%d %H:%M:%S', local)}.{int(now * 1000) % 1000:03d}{time.strftime('%z', local)}"
    return f"{at} {name:<10} ".encode() + line.rstrip(b"\r") + b"\n"


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def main() -> None:
    """Write until everybody is silent for good."""
    # Whoever stops the whole group means the others: this one ends after them.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    voices = {int(descriptor): name for name, _, descriptor in (word.rpartition("=") for word in sys.argv[2:])}
    listen(voices, Book(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
