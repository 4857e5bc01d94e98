"""Intake: what happens to a file between its upload and its place on the shelves."""

from __future__ import annotations

import logging
import secrets
import tempfile
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from chalicelib import objects
from chalicelib.cache import NEWEST, SECTIONS, Cache, book_namespace
from chalicelib.catalogue import intake, sections, service, uploads
from chalicelib.catalogue.tables import File, Upload
from chalicelib.database import Collision, Transaction
from chalicelib.errors import NotFound
from chalicelib.facts import Fact


def read_upload(upload_id: str, cache: Cache, now: datetime) -> None:
    """Read the file of an upload; a book comes of it, or a reason why not. Delivered twice, it ends once."""
    upload = uploads.show(upload_id)
    if upload.status != "processing":
        return
    try:
        _read(upload, cache, now)
    except (uploads.UploadHasEnded, Collision):
        # Delivered twice, and the other was quicker; if not, the queue delivers it again.
        if uploads.show(upload_id).status == "processing":
            raise
        logging.getLogger(__name__).info("upload %s was read twice", upload_id)


def _read(upload: Upload, cache: Cache, now: datetime) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "book")
        if not objects.fetch(upload.key, path):
            raise uploads.UploadHasEnded
        try:
            _shelve(upload, path, intake.read_book(path), cache, now)
        except intake.Refused as refusal:
            uploads.refuse(upload, refusal.reason)
        except NotFound:
            uploads.refuse(upload, "The e-book this file was for has been removed.")
        else:
            objects.let_go(upload.key)


def _shelve(upload: Upload, path: Path, reading: intake.Reading, cache: Cache, now: datetime) -> None:
    """Make the book of an upload, or give a book its new file, in one transaction with the upload's end."""
    key = f"books/{upload.book_id}/{secrets.token_hex(8)}.{reading.format}"
    objects.keep(key, path, service.CONTENT_TYPES[reading.format])
    cover = _keep_cover(upload.book_id, reading.cover) if reading.cover else None
    with objects.undone_if_refused(key, *([cover] if cover else [])):
        _put(upload, key, path.stat().st_size, cover, reading, cache, now)


def _put(
    upload: Upload, key: str, size: int, cover: str | None, reading: intake.Reading, cache: Cache, now: datetime
) -> None:
    found: dict[str, Any] = {
        "file": File(format=reading.format, key=key, size=size),
        "pages": reading.pages,
        "words": reading.words,
    }
    if cover:
        found["cover"] = cover

    def end(transaction: Transaction) -> None:
        transaction.update(
            upload,
            [Upload.status.set("ready")],
            Upload.status == "processing",
            lambda _: uploads.UploadHasEnded(),
        )

    if upload.replaces:
        service.change_book(upload.replaces, found, upload.uploaded_by, cache, now, also=end)
        return
    found |= {
        "title": reading.title or _title_of(upload.filename),
        "authors": list(reading.authors)[:50],
        "description": (reading.description or "")[:10_000],
        "language": reading.language,
    }
    made = service.new_book(upload.book_id, found, now)
    service.put_on_shelves(made, upload.uploaded_by, cache, now, also=end)


def _title_of(filename: str) -> str:
    """A title out of a file's name, where the file itself says none."""
    return PurePosixPath(filename).stem.replace("_", " ").strip()[:500] or "Untitled"


def _keep_cover(book_id: str, cover: bytes) -> str:
    key = f"covers/{book_id}-{secrets.token_hex(6)}.jpg"
    objects.put(key, cover, "image/jpeg", objects.FOREVER)
    return key


def on_fact(happened: Fact, cache: Cache, now: datetime) -> None:
    """Finish what a change began and may not have finished: a section's removal, and what the cache keeps."""
    match happened.kind.split("."):
        case ["section", change]:
            if change in {"removed", "emptied"}:
                sections.go_on_removing(happened.subject, happened.actor, cache, now)
            cache.forget(SECTIONS)
        case ["book" | "review", _]:
            cache.forget(NEWEST, SECTIONS, book_namespace(happened.subject))
        case _:
            pass
