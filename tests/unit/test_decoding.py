"""Data becomes what it should be, whoever reads it, and however many at once."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]

AT_ONCE = textwrap.dedent(
    """
    import sys, threading
    from chalicelib.catalogue.schemas import Books, NewBook
    from chalicelib.decoding import decoded
    from chalicelib.validation import validated

    sys.setswitchinterval(1e-6)
    ready = threading.Barrier(16)
    page = '{"items": [], "next_cursor": null}'

    def read(n):
        ready.wait()
        decoded(page, Books) if n % 2 else validated(NewBook, {"title": "T", "price": {"amount": 1, "currency": "EUR"}})

    threads = [threading.Thread(target=read, args=[n]) for n in range(16)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    """
)


def test_sixteen_threads_that_meet_a_type_for_the_first_time_all_read_it() -> None:
    """Each time in a process of its own: what msgspec knows of a type it learns once, and where it does not it dies."""
    for _ in range(3):
        ran = subprocess.run([sys.executable, "-c", AT_ONCE], cwd=ROOT, capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stderr) == (0, "")
