"""The number of the format in which a data folder is kept, in its file `version`.

A folder that a newer Carrel has written is left alone: what this one does not know it would lose.
"""

from __future__ import annotations

import re
from pathlib import Path

from infra.local import keys
from infra.local.processes import Trouble, shown

FORMAT = 1
"""The format this Carrel writes: one more whenever an older one could not read what is kept under CARREL_DATA (the
journal, the snapshots, the tables' items, the objects' keys). Folders from before the stamp have format 1."""

NAME = "version"


def check(data: Path) -> None:
    """Raises Trouble, and touches nothing, if the folder `data` is of a newer format than this one."""
    path = data / NAME
    try:
        text = path.read_text(errors="replace").strip()
    except FileNotFoundError:
        return
    except OSError as error:
        raise Trouble(f"{shown(path)} cannot be read: {error.strerror}.") from error
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Trouble(f"{shown(path)} should hold the number of a format, and holds {text[:40]!r}.")
    if int(text) > FORMAT:
        raise Trouble(
            f"{shown(data)} was written by a newer Carrel (format {text}; this one knows {FORMAT}). "
            "Install the newer one, or set CARREL_DATA to another folder."
        )


def put(data: Path) -> None:
    """Stamp the folder with the format of today, which every older one turns into by being written to."""
    keys.write(data / NAME, f"{FORMAT}\n")
