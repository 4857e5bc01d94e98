"""One writer of an index at a time.

A lease runs out, so that a writer that died holds up nobody for long. One that was only slow, and still believes in
its lease, does no harm: each lease has a number, the index keeps the latest, and what is published under another is
refused (fencing, after Kleppmann, "How to do distributed locking", 2016). The lease and the manifest are in one item,
so that this is one conditional write.
"""

from __future__ import annotations

import logging
import random
import secrets
import time
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from pynamodb.expressions.update import Action

from chalicelib.catalogue.search.shelf import Damaged, Manifest
from chalicelib.catalogue.tables import SearchIndex
from chalicelib.database import get, unless
from chalicelib.decoding import decoded
from chalicelib.errors import Outdated, Unavailable

LIVE = "live"
REBUILD = "rebuild"

LIFE = {LIVE: timedelta(seconds=10), REBUILD: timedelta(minutes=1)}
"""For so long after a sign of life a writer is left alone: longer than it takes from one publication to the next."""

OVERDUE = timedelta(minutes=5)
"""So long after its lease ended a writer publishes nothing more, though nobody else has begun: what it put into storage
may be about to be collected."""

Clock = Callable[[], datetime]

log = logging.getLogger(__name__)


class Held(Unavailable):
    """Somebody else is writing this index."""


class Lost(Outdated):
    """Somebody else has begun to write this index, since this writer took longer than its lease."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write the index `kept.name`; `kept` is its item as the lease was taken."""

    kept: SearchIndex

    @property
    def manifest(self) -> Manifest | None:
        """What the index consisted of as the lease was taken, or last published by its holder."""
        return manifest_of(self.kept)


def manifest_of(kept: SearchIndex | None) -> Manifest | None:
    """What an index consists of; None before it was first published, and where nobody can read that any more: it is
    made anew then."""
    if kept is None or not kept.manifest:
        return None
    try:
        return decoded(zlib.decompress(b64decode(kept.manifest)), Manifest)
    except (ValueError, zlib.error, msgspec.DecodeError):
        log.exception("nobody can read of what the index %s consists", kept.name)
        return None


def take(name: str, clock: Clock, patience: timedelta = timedelta()) -> Lease:
    """The lease of an index.

    Raises Held where others hold it for all of `patience`.
    """
    holder, end = secrets.token_hex(8), clock() + patience
    while True:
        now = clock()
        try:
            return _taken(name, holder, now)
        except Held:
            if now >= end:
                raise
        time.sleep(random.uniform(0.02, 0.1))


def _taken(name: str, holder: str, now: datetime) -> Lease:
    kept = SearchIndex(name=name)
    free = SearchIndex.held_until.does_not_exist() | (SearchIndex.held_until < now)
    with unless(lambda: Held(retry_after=1)):
        # Its own again, for the call that was answered and whose answer was lost.
        kept.update(
            [SearchIndex.token.add(1), SearchIndex.holder.set(holder), SearchIndex.held_until.set(now + LIFE[name])],
            condition=free | (SearchIndex.holder == holder),
        )
    return Lease(kept)


def publish(lease: Lease, manifest: Manifest, now: datetime, *also: Action) -> None:
    """Let the index consist of `manifest` from now on, and change its item by what `also` says; a sign of life.

    Raises Lost.
    """
    if now > lease.kept.held_until + OVERDUE:
        raise Lost
    with unless(Lost):
        lease.kept.update(
            [*consisting_of(manifest), SearchIndex.held_until.set(now + LIFE[lease.kept.name]), *also],
            condition=SearchIndex.token == lease.kept.token,
        )


def consisting_of(manifest: Manifest) -> list[Action]:
    """What has to be changed of an index's item so that it consists of `manifest`."""
    return [
        SearchIndex.version.set(manifest.id),
        SearchIndex.schema_version.set(manifest.schema_version),
        # A quarter of its size: each lease, publication and look at the item costs by the kilobyte.
        SearchIndex.manifest.set(b64encode(zlib.compress(msgspec.json.encode(manifest))).decode()),
    ]


def release(lease: Lease) -> None:
    """Let others write the index, if they do not already."""
    with suppress(Lost), unless(Lost):
        lease.kept.update(
            [SearchIndex.holder.remove(), SearchIndex.held_until.remove()],
            condition=SearchIndex.token == lease.kept.token,
        )


@contextmanager
def held(name: str, clock: Clock, patience: timedelta = timedelta()) -> Generator[Lease]:
    """The lease of an index, for as long as the block takes.

    Raises Held where others hold it for all of `patience`.
    """
    lease = take(name, clock, patience)
    try:
        yield lease
    finally:
        release(lease)


@contextmanager
def damage_reported() -> Generator[None]:
    """Note where the block meets a piece that is damaged, so that the index which needs it is made anew."""
    try:
        yield
    except Damaged as damage:
        for name in (LIVE, REBUILD):
            kept = get(SearchIndex, name)
            manifest = manifest_of(kept)
            if kept is not None and manifest and any(piece.key.startswith(damage.key) for piece in manifest.pieces):
                with suppress(Outdated), unless(Outdated):
                    kept.update([SearchIndex.damaged.set(True)], condition=SearchIndex.version == kept.version)
        raise
