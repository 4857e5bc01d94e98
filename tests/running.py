"""The whole library on this machine, started as a user starts it, for tests over HTTP and in a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from infra.local.processes import ROOT, free_port
from tests.factories import LIBRARIAN

NOT_FOR_IT = {"AWS_ENDPOINT_URL", "REDIS_URL", "PUBLIC_URL", "OBJECTS_URL", "CARREL_STAGE", "JWT_SECRET", "MAKELEVEL"}


@contextmanager
def running_library(data: Path, **environment: str) -> Generator[str]:
    """The address of an empty library with the tests' librarian; it is closed at the end."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.local"],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if name not in NOT_FOR_IT},
            "PORT": str(port),
            "CARREL_DATA": str(data),
            "CARREL_DEMO": "0",
            "LIBRARIAN_EMAIL": LIBRARIAN["email"],
            "LIBRARIAN_PASSWORD": LIBRARIAN["password"],
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        said = ""
        while "Kept in" not in said:
            line = process.stdout.readline()
            assert line, f"the library did not open: {said}"
            said += line
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
