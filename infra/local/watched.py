"""A part that is started again when it ends, at the same address and with the same secrets, so that the others need
not be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from infra.local import processes
from infra.local.processes import Part, Trouble

PAUSES = (0.2, 1.0, 3.0, 6.0)
"""Seconds to wait before a part is started again after its first, second, … end. After as many it is given up."""

HEALTHY = 60.0
"""Seconds it has to have worked for its ends to be forgotten."""

SLOW = 60.0
"""Seconds within which it has to be ready."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A part came to an end, and is started again in `pause` seconds. `how` follows its name."""

    process: int | None
    how: str
    pause: float


@dataclass(frozen=True, slots=True)
class Back:
    """It is ready again, `seconds` after it ended."""

    process: int
    seconds: float


class GivenUp(Exception):
    """A part keeps ending, or cannot start. `how` follows its name."""

    def __init__(self, process: int | None, how: str) -> None:
        super().__init__(how)
        self.process = process
        self.how = how


class Watched:
    """The part called `name`. `start` starts it; `ready` says whether it works, given for how many seconds it has run;
    `patience` is how long it may take to stop. Every `now` is of one clock, in seconds."""

    def __init__(
        self, name: str, start: Callable[[], Part], ready: Callable[[float], bool], patience: float = 5
    ) -> None:
        self.name = name
        self._start = start
        self._ready = ready
        self._patience = patience
        self._part: Part | None = None
        self._began = 0.0
        self._ready_since: float | None = None
        self._again_at: float | None = None
        self._ended_at: float | None = None
        self._ends = 0

    @property
    def process(self) -> int | None:
        """Its process id, while it has one."""
        return self._part.process.pid if self._part else None

    @property
    def is_ready(self) -> bool:
        """Whether it worked when it was last looked after."""
        return self._ready_since is not None

    def begin(self, now: float) -> None:
        """Start it. Raises Trouble or OSError if it cannot even be tried."""
        self._began = now
        with processes.undisturbed():
            self._part = self._start()

    def look(self, now: float) -> Ended | Back | None:
        """Look after it, several times a second; what happened, if anything did.

        Raises GivenUp if it ended for the fifth time without a healthy minute between, or is not ready in time.
        """
        if self._again_at is not None:
            return self._try_again(now) if now >= self._again_at else None
        if self._part is None:
            raise RuntimeError(f"the {self.name} was not begun")
        if how := self._part.ended():
            return self._fell(how, now)
        if self._ready_since is not None:
            return None
        if self._ready(now - self._began):
            self._ready_since = now
            return None if self._ended_at is None else Back(self._part.process.pid, now - self._ended_at)
        if now - self._began > SLOW:
            raise GivenUp(self.process, f"was not ready after {SLOW:.0f} seconds")
        return None

    def stop(self) -> None:
        """Stop it, and start it no more."""
        if self._part is not None:
            self._part.stop(self._patience)

    def _try_again(self, now: float) -> Ended | None:
        self._again_at = None
        try:
            self.begin(now)
        except (OSError, Trouble) as error:
            return self._fell(f"could not be started ({error})", now)
        return None

    def _fell(self, how: str, now: float) -> Ended:
        if self._ready_since is not None and now - self._ready_since >= HEALTHY:
            self._ends = 0
        self._ends += 1
        if self._ends > len(PAUSES):
            raise GivenUp(self.process, f"{how}, the {self._ends}th time in a row")
        if self._ended_at is None or self._ready_since is not None:
            self._ended_at = now
        self._ready_since = None
        self._again_at = now + PAUSES[self._ends - 1]
        return Ended(self.process, how, PAUSES[self._ends - 1])
