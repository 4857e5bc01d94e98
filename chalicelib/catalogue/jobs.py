"""Jobs of the catalogue: reading what was uploaded, and what follows from what happened."""

from __future__ import annotations

import logging
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from chalicelib import objects
from chalicelib.cache import NEWEST, POPULAR, RATED, SECTIONS, TITLED, Cache, book_namespace
from chalicelib.catalogue import accession, intake, popularity, sections, uploads
from chalicelib.catalogue.holdings import AlreadyHeld
from chalicelib.catalogue.tables import Book, Upload
from chalicelib.database import Collision, Transaction
from chalicelib.errors import Invalid, NotFound
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
            _accept(upload, path, cache, now)
        except intake.Refused as refusal:
            uploads.refuse(upload, refusal.code, refusal.reason)
        except Invalid as refusal:
            uploads.refuse(upload, "not_fitting", refusal.fields[0].message if refusal.fields else refusal.detail)
        except NotFound:
            uploads.refuse(upload, "book_gone", "The e-book this file was for has been removed.")
        except AlreadyHeld as refusal:
            uploads.end_held(upload, refusal.book_id)
        else:
            objects.let_go(upload.key)


def _accept(upload: Upload, path: Path, cache: Cache, now: datetime) -> Book:
    def end(transaction: Transaction) -> None:
        uploads.end_ready(transaction, upload)

    actor = upload.uploaded_by
    if upload.replaces and upload.purpose == "cover":
        return accession.give_cover(upload.replaces, path, actor, cache, now, also=end)
    if upload.replaces:
        return accession.give_file(upload.replaces, path, actor, cache, now, also=end)
    return accession.add_file(
        path,
        upload.about or {},
        actor,
        cache,
        now,
        name=upload.filename,
        book_id=upload.book_id,
        alone=upload.unless_held,
        also=end,
    )


def on_fact(happened: Fact, cache: Cache, now: datetime) -> None:
    """Finish what a change began and may not have finished: a section's removal, and what the cache keeps."""
    match happened.kind.split("."):
        case ["section", change]:
            if change in {"removed", "emptied"}:
                sections.go_on_removing(happened.subject, happened.actor, cache, now)
            cache.forget(SECTIONS)
        case ["book" | "review", _]:
            cache.forget(NEWEST, RATED, POPULAR, TITLED, SECTIONS, book_namespace(happened.subject))
        case _:
            pass


def count_loans(happened: Iterable[Fact], cache: Cache, now: datetime) -> None:
    """Count each loan that these facts tell of, once, though they be told twice."""
    granted: defaultdict[str, list[str]] = defaultdict(list)
    for each in happened:
        if each.kind in ("loan.granted", "loan.accepted"):
            granted[each.details["book_id"]].append(each.id)
    for book_id, fact_ids in granted.items():
        popularity.count_loans(book_id, fact_ids, cache, now)
