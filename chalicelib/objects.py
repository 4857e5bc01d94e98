"""Object storage: the files of books and their covers."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from chalicelib import clients, settings
from chalicelib.errors import LibraryError, Unavailable
from chalicelib.signing import Signer, moment

FOREVER = "public, max-age=31536000, immutable"


def put(key: str, body: bytes, content_type: str, cache_control: str = "private, no-store") -> None:
    """Keep `body` under `key`."""
    clients.s3().put_object(
        Bucket=settings.current().bucket,
        Key=key,
        Body=body,
        ContentType=content_type,
        CacheControl=cache_control,
    )


def keep(key: str, path: Path, content_type: str) -> None:
    """Keep the file at `path` under `key`, streaming."""
    with path.open("rb") as file:
        clients.s3().put_object(
            Bucket=settings.current().bucket,
            Key=key,
            Body=file,
            ContentType=content_type,
            CacheControl="private, no-store",
        )


def begin_parts(key: str, content_type: str) -> str:
    """Begin a file that comes in parts; what is returned names it until `finish_parts`."""
    kept = clients.s3().create_multipart_upload(
        Bucket=settings.current().bucket, Key=key, ContentType=content_type, CacheControl="private, no-store"
    )
    return kept["UploadId"]


def put_part(key: str, upload_id: str, number: int, body: bytes) -> str:
    """Keep a part of a file, its number counted from 1; each but the last has at least 5 MiB. What is returned names
    it.

    Raises PartsAreGone.
    """
    with _while_open():
        s3, bucket = clients.s3(), settings.current().bucket
        part = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=body)
        return part["ETag"]


def finish_parts(key: str, upload_id: str, parts: Sequence[str]) -> None:
    """Make the file of its parts, as `put_part` named them.

    Raises PartsAreGone.
    """
    named = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(parts, 1)]
    with _while_open():
        clients.s3().complete_multipart_upload(
            Bucket=settings.current().bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": named}
        )


class PartsAreGone(Exception):
    """The parts of a file were made a file already, or were given up."""


@contextmanager
def _while_open() -> Generator[None]:
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchUpload":
            raise PartsAreGone from None
        raise


def remove(*keys: str) -> None:
    """Remove what is kept under `keys`, if it is."""
    for key in keys:
        clients.s3().delete_object(Bucket=settings.current().bucket, Key=key)


@contextmanager
def undone_if_refused(*keys: str) -> Generator[None]:
    """Remove what was put under `keys` where the block, which was to make use of it, is refused.

    After any other failure it stays: the write may have happened and only its answer been lost, and a file too many
    costs less than a book without one.
    """
    try:
        yield
    except LibraryError as refusal:
        if not isinstance(refusal, Unavailable):
            let_go(*keys)
        raise


def let_go(*keys: str) -> None:
    """Remove what is kept under `keys` and no longer needed; failing is logged, since what mattered is done."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        remove(*keys)
    except (BotoCoreError, ClientError, OSError):
        logging.getLogger(__name__).exception("%s stays in storage", ", ".join(keys))


def size(key: str) -> int | None:
    """How many bytes are kept under `key`, or None where there is nothing."""
    from botocore.exceptions import ClientError

    try:
        return clients.s3().head_object(Bucket=settings.current().bucket, Key=key)["ContentLength"]
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return None
        raise


def get(key: str) -> bytes | None:
    """What is kept under `key`, or None where there is nothing; for small things only."""
    s3 = clients.s3()
    try:
        return s3.get_object(Bucket=settings.current().bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None


def fetch(key: str, path: Path) -> bool:
    """Write what is kept under `key` to `path`, streaming; false where there is nothing.

    boto3's own download would import its transfer manager, most of the weight of boto3.
    """
    s3 = clients.s3()
    try:
        body = s3.get_object(Bucket=settings.current().bucket, Key=key)["Body"]
    except s3.exceptions.NoSuchKey:
        return False
    with path.open("wb") as file:
        for chunk in body.iter_chunks(1024 * 1024):
            file.write(chunk)
    return True


def listed(prefix: str) -> Generator[str]:
    """The keys that begin with `prefix`."""
    pages = clients.s3().get_paginator("list_objects_v2").paginate(Bucket=settings.current().bucket, Prefix=prefix)
    yield from (found["Key"] for page in pages for found in page.get("Contents", []))


def upload_address(key: str, length: int, content_type: str, life: int, host: str | None) -> str:
    """An address that takes one PUT of exactly `length` bytes within `life` seconds."""
    return _presigned("PUT", key, life, host, {"content-length": str(length), "content-type": content_type}, {})


def download_address(key: str, life: int, host: str | None, content_type: str, filename: str | None = None) -> str:
    """An address that gives what is kept under `key` for `life` seconds; with a `filename`, to be saved as that."""
    saved = {"response-content-disposition": f'attachment; filename="{filename}"'} if filename else {}
    return _presigned("GET", key, life, host, {}, {"response-content-type": content_type, **saved})


def _presigned(
    method: str, key: str, life: int, host: str | None, headers: Mapping[str, str], query: Mapping[str, str]
) -> str:
    # Signed by hand: boto3 would do the same, after being imported for half a second.
    s = settings.current()
    storage = s.aws_endpoint_url or f"https://s3.{s.region}.amazonaws.com"
    signer, path, name = Signer(s.region, "s3"), f"/{s.bucket}/{key}", urlsplit(storage).netloc
    target = signer.target(clients.credentials(), method, name, path, headers, query, life, moment())
    if s.objects_url is None:
        return storage + target
    # On one machine storage has no door of its own: the gateway passes these addresses on, under the name by
    # which the caller reached it.
    scheme, public_host = urlsplit(s.public_url)[:2]
    base = s.objects_url if "://" in s.objects_url else f"{scheme}://{host or public_host}{s.objects_url}"
    return base + target
