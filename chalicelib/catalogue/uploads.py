"""Files on their way in: from a browser straight to storage, then read in the background.

An upload is pending until its file is complete, then processing, and ends ready or refused. The address that was
given out stays writable for a while, so the file behind it is never what is lent: the bytes that were read are kept
under another key.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import PurePosixPath

import msgspec
from pynamodb.expressions.update import Action

from chalicelib import objects, queues, settings
from chalicelib.catalogue import service
from chalicelib.catalogue.schemas import NewUpload, UploadStatus
from chalicelib.catalogue.tables import Upload
from chalicelib.database import Transaction, get, unless
from chalicelib.errors import Invalid, NotFound, Rule, TooLarge
from chalicelib.ids import new_id
from chalicelib.validation import changes

TICKET_LIFE = 3600
KEPT_FOR = timedelta(days=30)


class FileNotThere(Rule):
    title = "The file has not arrived yet"


class UploadHasEnded(Rule):
    title = "This upload has ended"


class Message(msgspec.Struct, frozen=True):
    """What the intake queue carries."""

    upload_id: str


def begin(wanted: NewUpload, librarian: str, host: str | None, now: datetime) -> tuple[Upload, str]:
    """An upload, and the address its file goes to.

    Raises TooLarge, Invalid, and NotFound for a book there is not.
    """
    limit = settings.current().upload_limit
    if wanted.size > limit:
        raise TooLarge(f"A file may have at most {limit // 1024**2} MB.")
    if wanted.book_id is not None:
        service.book(wanted.book_id)
    elif wanted.purpose == "cover":
        raise Invalid.field("book_id", "Say which e-book the cover is for.", "required")
    upload_id = new_id(now)
    upload = Upload(
        id=upload_id,
        book_id=wanted.book_id or new_id(now),
        replaces=wanted.book_id,
        purpose=wanted.purpose,
        unless_held=wanted.unless_held,
        about=changes(wanted.about) if wanted.about else None,
        filename=PurePosixPath(wanted.filename.replace("\\", "/")).name or "book",
        size=wanted.size,
        key=f"uploads/{upload_id}",
        uploaded_by=librarian,
        created_at=now,
        expires_at=now + KEPT_FOR,
    )
    upload.save()
    return upload, objects.upload_address(upload.key, wanted.size, "application/octet-stream", TICKET_LIFE, host)


def show(upload_id: str) -> Upload:
    """The upload.

    Raises NotFound.
    """
    kept = get(Upload, upload_id)
    if kept is None:
        raise NotFound("There is no such upload.")
    return kept


def complete(upload_id: str) -> Upload:
    """The file is there: let it be read. Repeating this is harmless.

    Raises FileNotThere, Invalid where the file has not the size that was announced.
    """
    upload = show(upload_id)
    if upload.status in ("ready", "refused"):
        return upload
    size = objects.size(upload.key)
    if size is None:
        if (now := show(upload_id)).status != "pending":
            return now  # it was read while this was asked
        raise FileNotThere("Send the file to its address first.")
    if size != upload.size:
        objects.remove(upload.key)
        raise Invalid.field("size", f"{upload.size} bytes were announced, and {size} came. Upload it again.", "size")
    with unless(lambda: UploadHasEnded()):
        upload.update([Upload.status.set("processing")], Upload.status.is_in("pending", "processing"))
    queues.send("intake", Message(upload_id))
    return upload


def end_ready(transaction: Transaction, upload: Upload) -> None:
    """End an upload whose file the book's transaction puts on the shelves. Fails where it has ended."""
    transaction.update(upload, [Upload.status.set("ready")], Upload.status == "processing", lambda _: UploadHasEnded())


def end_held(upload: Upload, book_id: str) -> None:
    """End an upload whose file the library has as the file of this book."""
    _end(upload, "ready", [Upload.held.set(True), Upload.book_id.set(book_id)])


def refuse(upload: Upload, code: str, reason: str) -> None:
    """End an upload whose file cannot become a book, and let go of the file."""
    _end(upload, "refused", [Upload.code.set(code), Upload.reason.set(reason)])


def _end(upload: Upload, status: UploadStatus, actions: list[Action]) -> None:
    transaction = Transaction()
    transaction.update(
        upload,
        [Upload.status.set(status), *actions],
        Upload.status == "processing",
        lambda _: UploadHasEnded(),
    )
    transaction.commit()
    objects.let_go(upload.key)
