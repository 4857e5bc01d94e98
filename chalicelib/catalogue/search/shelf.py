"""Indexes in storage: what an index consists of is said by a manifest; the rest never changes.

tantivy keeps an index as segments, a handful of files each, and lists of what was deleted from them. A segment, and
such a list, is one object in storage here: a *piece*, whose key ends in the digest of its content. So a change costs
one or two objects, what was fetched can be checked, and no two writers ever put different things under one key.

On disk each version of an index is a directory of its own, made aside, then renamed into place; what it shares with
another version is linked and not fetched. Many processes may share the folder of these directories.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import msgspec

from chalicelib import objects
from chalicelib.catalogue.search import fields
from chalicelib.decoding import decoded

PREFIX = "search/"
"""Before the keys of all pieces."""

_META, _MANIFEST = "meta.json", "manifest.json"
_UNFINISHED = ".unfinished-"
_SUPERSEDED = timedelta(seconds=10)
"""After so long nobody is about to open a version that is not the newest. Who has one open keeps it."""
_ABANDONED = timedelta(minutes=15)
_CHUNK = 1024 * 1024


class Damaged(Exception):
    """What is in storage under `key`, or under keys that begin so, is missing or not what was put there."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class Piece(msgspec.Struct, frozen=True):
    """An object that holds one or more of an index's files, one after the other, with their sizes in bytes."""

    name: str
    key: str
    files: tuple[tuple[str, int], ...]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A version of an index: its pieces, and `meta`, which is tantivy's own account of them ("" while it is empty)."""

    id: str
    generation: str
    schema_version: int
    meta: str = ""
    pieces: tuple[Piece, ...] = ()

    @property
    def documents(self) -> int:
        """How many documents it has."""
        return self._written - self.deleted

    @property
    def deleted(self) -> int:
        """How many documents are deleted and still take room."""
        return sum(segment["deletes"]["num_deleted_docs"] for segment in self._segments if segment["deletes"])

    @property
    def _written(self) -> int:
        return sum(segment["max_doc"] for segment in self._segments)

    @property
    def _segments(self) -> list[dict[str, Any]]:
        return decoded(self.meta, _Meta).segments if self.meta else []


class _Meta(msgspec.Struct, frozen=True):
    """What is read of tantivy's meta.json."""

    segments: list[dict[str, Any]]


def new() -> Manifest:
    """An empty index."""
    return Manifest(id=secrets.token_hex(8), generation=secrets.token_hex(8), schema_version=fields.SCHEMA_VERSION)


def is_usable(manifest: Manifest | None) -> bool:
    """Whether there is an index that this release of the library reads and writes."""
    return manifest is not None and manifest.schema_version == fields.SCHEMA_VERSION


def bring(manifest: Manifest, folder: Path) -> Path:
    """The directory in `folder` with this version of an index; what is not there yet is fetched.

    Raises Damaged.
    """
    there = folder / manifest.id
    if not there.is_dir():
        with desk(manifest, folder) as made:
            settle(made, manifest)
    return there


@contextmanager
def desk(manifest: Manifest, folder: Path) -> Generator[Path]:
    """A directory in `folder` with this version of an index, to be worked on; removed in the end unless settled.

    Raises Damaged.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
    try:
        held = _held(folder)
        for piece in manifest.pieces:
            if not _link(piece, held.get(piece.key), made):
                _fetch(piece, made)
        if manifest.meta:
            (made / _META).write_text(manifest.meta)
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def put_away(made: Path, base: Manifest) -> Manifest:
    """The manifest of the index as it is on a desk that held `base`, once its new pieces are in storage."""
    meta = (made / _META).read_text()
    known = {piece.name: piece for piece in base.pieces}
    pieces = [
        known.get(name) or _store(name, files, made, base.generation)
        for name, files in _files(decoded(meta, _Meta).segments, made)
    ]
    return Manifest(
        id=secrets.token_hex(8),
        generation=base.generation,
        schema_version=base.schema_version,
        meta=meta,
        pieces=tuple(pieces),
    )


def settle(made: Path, manifest: Manifest) -> None:
    """Let a desk, on which all of `manifest` is, be its directory from now on."""
    kept = {_META} | {name for piece in manifest.pieces for name, _ in piece.files}
    for path in made.iterdir():
        if path.name not in kept:
            path.unlink()
    (made / _MANIFEST).write_bytes(msgspec.json.encode(manifest))
    with suppress(OSError):  # another process was quicker
        made.rename(made.parent / manifest.id)


def forget(folder: Path) -> None:
    """Let go of all versions in `folder`, since one of them cannot be opened: they share files."""
    for path in folder.glob("[!.]*"):
        shutil.rmtree(path, ignore_errors=True)


def tidy(folder: Path, newest: Manifest, now: datetime) -> None:
    """Remove the versions that `newest` made superfluous, and what was left half done."""
    for path in folder.iterdir():
        patience = _ABANDONED if path.name.startswith(_UNFINISHED) else _SUPERSEDED
        with suppress(FileNotFoundError):
            if path.name != newest.id and now.timestamp() - path.stat().st_mtime > patience.total_seconds():
                shutil.rmtree(path, ignore_errors=True)


def _held(folder: Path) -> dict[str, Path]:
    """The directories in which pieces are, by their keys."""
    held: dict[str, Path] = {}
    for path in folder.glob(f"*/{_MANIFEST}"):
        with suppress(OSError, msgspec.DecodeError):
            held |= dict.fromkeys((piece.key for piece in decoded(path.read_bytes(), Manifest).pieces), path.parent)
    return held


def _link(piece: Piece, source: Path | None, made: Path) -> bool:
    """Whether the files of a piece could be had from another version's directory."""
    if source is None:
        return False
    try:
        for name, size in piece.files:
            os.link(source / name, made / name)
            if (made / name).stat().st_size != size:
                break
        else:
            return True
    except OSError:
        pass
    for name, _ in piece.files:
        (made / name).unlink(missing_ok=True)
    return False


def _fetch(piece: Piece, made: Path) -> None:
    fetched = made / ".piece"
    if not objects.fetch(piece.key, fetched):
        raise Damaged(piece.key)
    with fetched.open("rb") as source:
        if not piece.key.endswith(_digest(source)):
            raise Damaged(piece.key)
        source.seek(0)
        for name, size in piece.files:
            with (made / name).open("wb") as target:
                _copy(source, target, size)
    fetched.unlink()


def _store(name: str, files: Iterable[Path], made: Path, generation: str) -> Piece:
    files = sorted(files)
    joined = made / ".piece"
    with joined.open("w+b") as target:
        for path in files:
            with path.open("rb") as source:
                shutil.copyfileobj(source, target, _CHUNK)
        target.seek(0)
        key = f"{PREFIX}{generation}/{name}-{_digest(target)}"
    objects.keep(key, joined, "application/octet-stream")
    joined.unlink()
    return Piece(name, key, tuple((path.name, path.stat().st_size) for path in files))


def _files(segments: Iterable[dict[str, Any]], made: Path) -> Generator[tuple[str, list[Path]]]:
    """The pieces by name, and their files. tantivy calls a segment's files `<id>.<part>`, and the list of what was
    deleted from it until a certain operation `<id>.<operation>.del`."""
    for segment in segments:
        name = segment["segment_id"].replace("-", "")
        yield name, [path for path in made.glob(f"{name}.*") if path.suffix != ".del"]
        if segment["deletes"]:
            deletions = f"{name}.{segment['deletes']['opstamp']}.del"
            yield deletions, [made / deletions]


def _digest(file: IO[bytes]) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()[:32]  # pyright: ignore[reportArgumentType]


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    while size:
        chunk = source.read(min(size, _CHUNK))
        target.write(chunk)
        size -= len(chunk)
