"""How far a run is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Any

from tqdm import tqdm

EVERY = 10.0
"""Seconds between two lines where there is no terminal."""

MOST_SAID = 50
"""Refusals told while the run goes; the report has them all."""


class Progress:
    """Tells on standard error how many of about `total` are done. It may be told by several threads."""

    def __init__(self, total: int) -> None:
        self._bar: Any = None
        if sys.stderr.isatty():
            self._bar = tqdm(total=total, unit=" books", dynamic_ncols=True, smoothing=0.05)
        self._lock = threading.Lock()
        self._total = total
        self._done = 0
        self._said = 0
        self._last = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(self) -> None:
        """One more is done."""
        with self._lock:
            self._done += 1
            if self._bar is not None:
                self._bar.update()
            elif time.monotonic() - self._last >= EVERY:
                self._last = time.monotonic()
                self.say(f"{self._done:,} of about {self._total:,}")

    def refused(self, sentence: str) -> None:
        """Tell of a refusal, as long as they are few."""
        with self._lock:
            self._said += 1
            if self._said <= MOST_SAID:
                self.say(sentence)
            elif self._said == MOST_SAID + 1:
                self.say("More were refused; the report will name them all.")

    def say(self, sentence: str) -> None:
        """A line of its own, above the bar where there is one."""
        sentence = sentence.encode(errors="replace").decode()
        if self._bar is not None:
            self._bar.write(sentence, file=sys.stderr)
        else:
            print(sentence, file=sys.stderr, flush=True)
