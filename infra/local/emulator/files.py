"""Files that are whole or not there when a process ends, and on the disk a second after they were written."""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from pathlib import Path

_to_sync = deque[Path]()


class Unreadable(Exception):
    """What is kept is damaged, or of a newer version: a sentence that names the file and says what to do."""


def write(path: Path, content: bytes) -> None:
    """Make `path`, for its owner only.

    Raises OSError, and then leaves nothing: on a full disk every byte counts.
    """
    try:
        with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(content)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Carry a file to the disk, or which files a folder holds."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_soon(*paths: Path) -> None:
    """Have `sync_due` carry these to the disk: a request that waits for the disk would hold up all others."""
    _to_sync.extend(paths)


def sync_due() -> None:
    """Carry to the disk what is due, and still there.

    Callable from another thread. Raises OSError.
    """
    for path in {_to_sync.popleft() for _ in range(len(_to_sync))}:
        with suppress(FileNotFoundError):
            sync(path)
