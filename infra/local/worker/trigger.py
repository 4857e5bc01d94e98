"""What every trigger shares: a loop of its own, a handler to wake, and a way to stop."""

from __future__ import annotations

import logging
import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from infra.local.gateway.api import LambdaContext

log = logging.getLogger(__name__)

TIME_LIMIT = 900.0
"""Seconds a function may take on Lambda."""

REST = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds to wait after the first, second, … failure in a row."""

Handler = Callable[[dict[str, Any], Any], Any]


class Trigger(ABC):
    """Wakes `handler`, in a thread of its own, so that a slow job holds up no other."""

    def __init__(self, name: str, handler: Handler) -> None:
        self.name = name
        self._handler = handler
        self._stopping = threading.Event()
        self._at_work = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask it to begin nothing new."""
        self._stopping.set()

    def finish(self, seconds: float) -> bool:
        """Wait for the job at hand, if there is one; False if it takes longer."""
        if finished := self._at_work.acquire(timeout=seconds):
            self._at_work.release()
        return finished

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def rest(self, seconds: float) -> None:
        """Wait, or stop waiting when asked to stop."""
        self._stopping.wait(seconds)

    @contextmanager
    def job(self) -> Generator[None]:
        """Around waking the handler and noting that it is done: `finish` waits for both.

        Raises Stopping if it is too late to begin.
        """
        with self._at_work:
            if self.stopping:
                raise Stopping
            yield

    def wake(self, event: dict[str, Any]) -> Any:
        """Hand `event` to the handler as Lambda would; what it answers. Whatever it raises, this raises."""
        return self._handler(event, LambdaContext(str(uuid.uuid4()), TIME_LIMIT))

    @abstractmethod
    def turn(self) -> None:
        """Look once for something to do, and do it. What it raises is logged, and it is called again."""

    def _run(self) -> None:
        failures = 0
        while not self.stopping:
            try:
                self.turn()
                failures = 0
            except Stopping:
                return
            except Exception:
                log.exception("%s: will be tried again", self.name)
                self.rest(REST[min(failures, len(REST) - 1)])
                failures += 1


class Stopping(Exception):
    """The worker was asked to stop before the job began."""


def failed_ids(answer: Any) -> set[str]:
    """The ids of a batch's items that a handler says it could not deal with (`batchItemFailures`)."""
    failures: list[dict[str, str]] = (answer.get("batchItemFailures") if isinstance(answer, dict) else None) or []
    return {failure["itemIdentifier"] for failure in failures}
