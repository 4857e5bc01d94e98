"""Files on their way in: from a browser straight to storage, then read in the background.

An upload is pending until its file is complete, then processing, and ends ready or refused. The address that was
given out stays writable for a while, so the file behind it is never what is lent: the bytes that were read are kept
under another key.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import PurePosixPath

import msgspec

from chalicelib import clients, objects, settings
from chalicelib.catalogue import service
from chalicelib.catalogue.tables import Upload
from chalicelib.database import get, unless
from chalicelib.errors import Invalid, NotFound, Rule, TooLarge
from chalicelib.ids import new_id

TICKET_LIFE = 3600
KEPT_FOR = timedelta(days=30)


class FileNotThere(Rule):
    title = "The file has not arrived yet"


class UploadHasEnded(Rule):
    title = "This upload has ended"


class Message(msgspec.Struct, frozen=True):
    """What the intake queue carries."""

    upload_id: str


def begin(
    filename: str, size: int, replaces: str | None, librarian: str, host: str | None, now: datetime
) -> tuple[Upload, str]:
    """An upload, and the address its file goes to.

    Raises TooLarge, and NotFound for a book there is not.
    """
    limit = settings.current().upload_limit
    if size > limit:
        raise TooLarge(f"A file may have at most {limit // 1024**2} MB.")
    if replaces is not None:
        service.book(replaces)
    upload_id = new_id(now)
    upload = Upload(
        id=upload_id,
        book_id=replaces or new_id(now),
        replaces=replaces,
        filename=PurePosixPath(filename.replace("\\", "/")).name or "book",
        size=size,
        key=f"uploads/{upload_id}",
        uploaded_by=librarian,
        created_at=now,
        expires_at=now + KEPT_FOR,
    )
    upload.save()
    return upload, objects.upload_address(upload.key, size, "application/octet-stream", TICKET_LIFE, host)


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
    clients.sqs().send_message(
        QueueUrl=settings.current().intake_queue_url,
        MessageBody=msgspec.json.encode(Message(upload_id)).decode(),
    )
    return upload


def refuse(upload: Upload, reason: str) -> None:
    """End an upload whose file cannot become a book, and let go of the file."""
    with unless(lambda: UploadHasEnded()):
        upload.update([Upload.status.set("refused"), Upload.reason.set(reason)], Upload.status == "processing")
    objects.let_go(upload.key)
