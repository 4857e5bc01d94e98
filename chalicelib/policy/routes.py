"""Routes of the library's settings."""

from __future__ import annotations

from typing import Any

from chalicelib.decoding import converted
from chalicelib.policy import service
from chalicelib.policy.schemas import LibraryFront, LibrarySettings, LibrarySettingsPatch
from chalicelib.policy.tables import Policy
from chalicelib.routing import Call, Nothing, Routes, Who
from chalicelib.validation import changes

routes = Routes(__name__)


def _shown(policy: Policy) -> LibrarySettings:
    return converted(policy, LibrarySettings, from_attributes=True)


@routes.operation("GET", "/settings", who=Who.LIBRARIAN, returns=LibrarySettings)
def show_settings(call: Call[Nothing, Nothing]) -> LibrarySettings:
    """The library's settings."""
    return _shown(service.current())


@routes.operation(
    "PATCH", "/settings", who=Who.LIBRARIAN, body=LibrarySettingsPatch, returns=LibrarySettings, guarded=True
)
def change_settings(call: Call[LibrarySettingsPatch, Nothing]) -> Any:
    """Change the library's settings."""
    return _shown(service.change(changes(call.body), lambda policy: call.require_match(_shown(policy))))


@routes.operation("GET", "/library", who=Who.ANYONE, returns=LibraryFront, public_cache=True)
def show_library(call: Call[Nothing, Nothing]) -> LibraryFront:
    """What everyone may know of the library: its name, and how it lends."""
    return converted(service.current(), LibraryFront, from_attributes=True)
