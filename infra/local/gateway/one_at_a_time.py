"""Lets one Chalice app answer on many threads.

Lambda gives a process one request at a time, so Chalice keeps the current one in plain attributes of the app.
On threads they would be overwritten by the neighbour's request: a view would read another person's body. Here
each thread has its own.
"""

from __future__ import annotations

import threading
from typing import Any

from chalice.app import Chalice


class _PerThread:
    """An attribute that each thread sets and reads for itself."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._local = threading.local()

    def __get__(self, app: Chalice | None, owner: type[Chalice]) -> Any:
        if app is None:
            return self
        try:
            return self._local.value
        except AttributeError:
            raise AttributeError(self._name) from None

    def __set__(self, app: Chalice, value: Any) -> None:
        self._local.value = value


def install() -> None:
    """Make `current_request` and `lambda_context` of every Chalice app the thread's own."""
    for name in ("current_request", "lambda_context"):
        setattr(Chalice, name, _PerThread(name))
