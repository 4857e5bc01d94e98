"""What reports do about facts."""

from __future__ import annotations

from chalicelib.facts import Fact
from chalicelib.reports import service


def on_fact(happened: Fact) -> None:
    """Let go of the reports of who was erased."""
    if happened.kind == "account.erased":
        service.forget(happened.subject)
