"""How far each trigger has come, kept in one small file that is never half written."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path


class Positions:
    """Words by names, in the JSON file at `path`. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, name: str) -> str | None:
        return self._known.get(name)

    def set(self, name: str, value: str) -> None:
        with self._lock:
            self._known[name] = value
            unfinished = self._path.with_suffix(".new")
            with open(unfinished, "w") as file:
                json.dump(self._known, file, indent=1)
                file.flush()
                os.fsync(file.fileno())  # else a power cut could leave the name with nothing in it
            unfinished.replace(self._path)
