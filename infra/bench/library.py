"""A library of its own for the bench: `python -m infra.local` over a folder, and its environment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.local.processes import ROOT, Trouble, free_port

PATIENCE = 120
"""Seconds until it is open: a library of 100,000 books reads its journal first."""

NOT_FOR_IT = {"AWS_ENDPOINT_URL", "REDIS_URL", "PUBLIC_URL", "MAKELEVEL"}


@dataclass(frozen=True, slots=True)
class Open:
    """An open library: where it answers, and what its parts have in their environment."""

    host: str
    port: int
    environment: dict[str, str]


@contextmanager
def opened(data: Path) -> Generator[Open]:
    """The library kept in `data`, without the demo; it is closed at the end.

    Raises Trouble where it does not open.
    """
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_FOR_IT}
    told = data / "runtime.json"
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local"],
            cwd=ROOT,
            env={**inherited, "PORT": str(port), "CARREL_DATA": str(data), "CARREL_DEMO": "0"},
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            until = time.monotonic() + PATIENCE
            while not told.exists() or json.loads(told.read_text())["port"] != port:
                if process.poll() is not None or time.monotonic() > until:
                    said.seek(0)
                    raise Trouble(f"The library did not open: {said.read().decode().strip()}")
                time.sleep(0.1)
            yield Open("127.0.0.1", port, json.loads(told.read_text())["environment"])
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
