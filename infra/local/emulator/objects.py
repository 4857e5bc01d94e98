"""Objects of S3 as files, which a kill or a full disk leaves as they were before or as they are after.

ministack puts an object's content in the place of the old, then its metadata in `KEY.meta.json`, and goes on as if it
had when it could not. Here an object is written beside the old one, in steps that `mend` can tell apart:

    KEY.tmp, KEY.meta.json.tmp   content and metadata, whole
    KEY.tmp.tmp                  the metadata by another name: from here on the new object is the one that is kept
    KEY, KEY.meta.json           both in their places

No key has a file of any of these names: ministack keeps one that ends so by another name. The buckets and their
settings are in `buckets.json`, written anew with each change.
"""

# ministack is not installed where the types are checked, and most of what is patched is private to it.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

from infra.local.emulator import files

log = logging.getLogger(__name__)


def mend(directory: Path) -> None:
    """Put in their places the objects under `directory` that were decided, and remove what was not."""
    for folder, _, names in os.walk(directory):
        unfinished = sorted((name for name in names if name.endswith(".tmp")), reverse=True)  # KEY.tmp.tmp first
        for name in unfinished:
            if name.endswith(".tmp.tmp"):
                _put_in_place(Path(folder, name.removesuffix(".tmp.tmp")))
            else:
                Path(folder, name).unlink(missing_ok=True)


def write(path: Path, content: bytes | None, metadata: dict[str, Any]) -> None:
    """Keep an object at `path`, with the content it has if `content` is None.

    Raises OSError, and then keeps the old one.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside, beside = Path(f"{path}.tmp"), Path(f"{path}.meta.json.tmp")
    try:
        if content is not None:
            files.write(aside, content)
        files.write(beside, json.dumps(metadata).encode())
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    beside.replace(f"{path}.tmp.tmp")
    _put_in_place(path)
    files.sync_soon(path, Path(f"{path}.meta.json"), path.parent)


def _put_in_place(path: Path) -> None:
    content = Path(f"{path}.tmp")
    if content.exists():
        content.replace(path)
    Path(f"{path}.tmp.tmp").replace(f"{path}.meta.json")


def install(directory: Path) -> None:
    """Take the places of ministack's own writing and reading, in buckets without versions.

    Raises Unreadable.
    """
    from ministack.core import persistence
    from ministack.services import s3

    handle, buckets = s3.handle_request, directory / "buckets.json"
    if buckets.exists():
        try:
            s3.load_persisted_state(json.loads(buckets.read_bytes(), object_hook=persistence._json_object_hook))
        except ValueError:
            raise files.Unreadable(f"{buckets} is damaged. Put a backup of its folder in its place.") from None

    def keep_buckets() -> None:
        aside = directory / "buckets.tmp"
        files.write(aside, json.dumps(s3.get_state(), default=persistence._json_default).encode())
        aside.replace(buckets)
        files.sync_soon(buckets, directory)

    def persist_object(bucket: str, key: str, record: dict[str, Any]) -> None:
        path = Path(s3._object_disk_path(bucket, key))
        metadata = {**s3._object_meta_from_record(record), **s3._key_history_meta(bucket, key), "key": key}
        try:
            write(path, record.get("body"), metadata)
        except OSError:
            as_kept(bucket, key, Path(f"{path}.meta.json"))
            raise
        record["body"] = None  # it is read from its file, and need not be held

    def as_kept(bucket: str, key: str, path: Path) -> None:
        objects = s3._buckets[bucket]["objects"]
        objects.pop(key, None)
        if path.exists():
            metadata = json.loads(path.read_bytes())
            objects[key] = {"body": None, **{name: metadata.get(name) for name in s3._object_meta_from_record({})}}

    def read_body(bucket: str, key: str, record: dict[str, Any]) -> bytes:
        held = record.get("body")
        return Path(s3._object_disk_path(bucket, key)).read_bytes() if held is None else held

    async def handle_request(method: str, path: str, *request: Any, **more: Any) -> Any:
        try:
            answer = await handle(method, path, *request, **more)
            if method in ("PUT", "DELETE") and "/" not in path.strip("/") and answer[0] < 300:
                keep_buckets()
            return answer
        except OSError as error:
            log.error("An object could not be kept or read: %s", error)
            return s3._error("InternalError", f"The disk failed: {error.strerror}", 500)

    s3._persist_object, s3._read_body, s3.handle_request = persist_object, read_body, handle_request
