"""Object storage: the files of books and their covers."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chalicelib import clients, settings
from chalicelib.errors import LibraryError, Unavailable

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


def upload_address(key: str, length: int, content_type: str, life: int, host: str | None) -> str:
    """An address that takes one PUT of exactly `length` bytes within `life` seconds."""
    return _presigned("put_object", key, life, host, {"ContentLength": length, "ContentType": content_type})


def download_address(key: str, life: int, host: str | None, content_type: str) -> str:
    """An address that gives what is kept under `key` for `life` seconds."""
    return _presigned("get_object", key, life, host, {"ResponseContentType": content_type})


def _presigned(call: str, key: str, life: int, host: str | None, more: Mapping[str, Any]) -> str:
    s = settings.current()
    url = clients.s3().generate_presigned_url(call, Params={"Bucket": s.bucket, "Key": key, **more}, ExpiresIn=life)
    if s.objects_url is None:
        return url
    # On one machine storage has no door of its own: the gateway passes these addresses on, under the name by
    # which the caller reached it.
    scheme, public_host = urlsplit(s.public_url)[:2]
    base = s.objects_url if "://" in s.objects_url else f"{scheme}://{host or public_host}{s.objects_url}"
    signed = urlsplit(url)
    return f"{base}{signed.path}?{signed.query}"
