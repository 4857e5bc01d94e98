"""The time and the ids with which a request is carried out, so that carrying it out again gives the same
result.

Sequence numbers, message ids, receipt handles and times of visibility all come from the clock and from random
ids. A journal that replayed requests with new ones would lose track of which message a receipt stood for.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(slots=True)
class Moment:
    """One request's clock, which stands still, and its source of ids."""

    at: float = field(default_factory=time.time)
    seed: bytes = field(default_factory=lambda: os.urandom(8))
    ids: int = 0

    def new_id(self) -> str:
        self.ids += 1
        digest = hashlib.blake2b(self.seed + self.ids.to_bytes(4), digest_size=16).digest()
        return str(uuid.UUID(bytes=digest, version=4))


current: ContextVar[Moment | None] = ContextVar("current", default=None)


class Clock:
    """Stands in for the module `time` inside a service: the request's own time while there is one."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def time(self) -> float:
        moment = current.get()
        return moment.at if moment else time.time()


def new_uuid() -> str:
    """Stands in for ministack's function of that name."""
    moment = current.get()
    return moment.new_id() if moment else str(uuid.uuid4())


def now_iso() -> str:
    """Stands in for ministack's function of that name, in its format: milliseconds and `Z`."""
    moment = current.get()
    at = datetime.fromtimestamp(moment.at if moment else time.time(), UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def install(service: Any) -> None:
    """Let `service`, a module of ministack, take its time and ids from the moment."""
    service.time = Clock()
    for name, stand_in in (("new_uuid", new_uuid), ("now_iso", now_iso)):
        if hasattr(service, name):
            setattr(service, name, stand_in)
