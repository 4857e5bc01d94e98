"""The index as this process has it, brought up to date."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from functools import cache as once
from pathlib import Path
from typing import Literal, TypeAlias

import tantivy

from chalicelib import settings
from chalicelib.catalogue.search import SearchUnavailable, fields, shelf
from chalicelib.catalogue.search.lease import LIVE, damage_reported, manifest_of
from chalicelib.catalogue.tables import SearchIndex
from chalicelib.database import get

FRESH = timedelta(seconds=1)
"""For so long it is not asked whether there is a newer index."""

RIGHT_AWAY = 0.25
"""Seconds a request waits for a newer index: enough to fetch what one change adds, and not for a whole new index."""

AT_ALL = 5.0
"""Seconds a request waits for the first index."""

State: TypeAlias = Literal["ok", "building", "down"]

log = logging.getLogger(__name__)


class Reader:
    """One index, out of what `folder` holds of it. Safe to share between threads, and the folder between processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._searcher: tantivy.Searcher | None = None
        self._version: str | None = None
        self._looked_at: datetime | None = None
        self._thread = ThreadPoolExecutor(1, "search")
        self._lock = threading.Lock()
        self._looking: Future[None] | None = None

    def current(self, now: datetime) -> tantivy.Searcher:
        """The index as it was at most a second before `now`, or, where a newer one takes long to come, an older one.

        Raises SearchUnavailable.
        """
        if self._looked_at is None or not timedelta() <= now - self._looked_at < FRESH:
            self._look(now)
        if self._searcher is None:
            raise SearchUnavailable
        return self._searcher

    def _look(self, now: datetime) -> None:
        with self._lock:
            looking = self._looking
            begins = looking is None or looking.done()
            if looking is None or begins:
                looking = self._looking = self._thread.submit(self._bring_up_to_date, now)
        if self._searcher is None:
            wait([looking], AT_ALL)
        elif begins:  # one thread waits a little; the others have what was good before
            wait([looking], RIGHT_AWAY)

    def _bring_up_to_date(self, now: datetime) -> None:
        try:
            self._open(get(SearchIndex, LIVE), now)
        except Exception as error:  # whatever is wrong: the index that was good before is still searched
            log.warning("there is no newer index: %r", error)
        self._looked_at = now

    def _open(self, kept: SearchIndex | None, now: datetime) -> None:
        manifest = manifest_of(kept)
        if manifest is None or manifest.id == self._version or not shelf.is_usable(manifest):
            return
        with damage_reported():
            self._searcher = _opened(manifest, self._folder)
        self._version = manifest.id
        shelf.tidy(self._folder, manifest, now)


def _opened(manifest: shelf.Manifest, folder: Path) -> tantivy.Searcher:
    """Raises Damaged."""
    for fetched_anew in (False, True):
        there = shelf.bring(manifest, folder)
        try:
            index = fields.open_index(str(there))
            index.config_reader("Manual")
            return index.searcher()
        except ValueError as error:
            # Torn by a power cut, say, or just tidied away by another process.
            shelf.forget(folder)
            if fetched_anew:
                raise shelf.Damaged(f"{shelf.PREFIX}{manifest.generation}/") from error
    raise AssertionError


@once
def _reader() -> Reader:
    return Reader(Path(settings.current().search_folder))


def current(now: datetime) -> tantivy.Searcher:
    """The index as it was at most a second before `now`. Hold it for one request: what it gives does not change.

    Raises SearchUnavailable.
    """
    return _reader().current(now)


def state(now: datetime) -> State:
    """Whether the index can be searched, or is being made, or cannot be had."""
    try:
        current(now)
        return "ok"
    except SearchUnavailable:
        pass
    try:
        kept = get(SearchIndex, LIVE)
    except Exception:
        return "down"
    return "building" if kept is None or kept.damaged or not shelf.is_usable(manifest_of(kept)) else "down"
