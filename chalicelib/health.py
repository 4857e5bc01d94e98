"""Whether the library can serve, and what it runs on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache as once
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from chalicelib import clients, settings, wiring
from chalicelib.packing import Packed, pack
from chalicelib.policy import service as policy
from chalicelib.routing import Answer, Call, Nothing, Routes, Who

routes = Routes(__name__)


@routes.operation("GET", "/openapi.json", who=Who.ANYONE, returns=dict, public_cache=True)
def show_openapi(call: Call[Nothing, Nothing]) -> Answer:
    """This document."""
    # It changes with the code only.
    return Answer(_document(), {"Cache-Control": "public, max-age=300"})


@once
def _document() -> Packed:
    return pack(Path(__file__).with_name("openapi.json").read_bytes())


State: TypeAlias = Literal["ok", "down"]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the library and of each part it depends on."""

    status: Literal["ok", "degraded", "down"]
    database: State
    objects: State
    cache: State
    search: Literal["ok", "building", "down"]


def _state(check: Callable[[], object]) -> State:
    try:
        return "down" if check() is False else "ok"
    except Exception as error:  # whatever is wrong with a part, the answer is that it is down
        logging.getLogger(__name__).warning("a part is down: %r", error)
        return "down"


@routes.operation("GET", "/health", who=Who.ANYONE, returns=Health)
def show_health(call: Call[Nothing, Nothing]) -> Answer:
    """Whether the library can serve; 503 only when it cannot."""
    from chalicelib.catalogue.search import reader

    database = _state(policy.current)
    objects = _state(lambda: clients.s3().head_bucket(Bucket=settings.current().bucket))
    cache = _state(wiring.cache().alive)
    search = reader.state(wiring.now())
    fine = objects == cache == search == "ok"
    status = "down" if database == "down" else "ok" if fine else "degraded"
    health = Health(status=status, database=database, objects=objects, cache=cache, search=search)
    return Answer(health, {"Retry-After": "5"}, 503) if status == "down" else Answer(health)
