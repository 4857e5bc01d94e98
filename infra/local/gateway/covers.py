"""Covers of books, `/covers/…`: the one folder of the bucket that the CDN reads for anyone who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from botocore.exceptions import ClientError

from infra.local.gateway import wsgi
from infra.local.gateway.refusals import Answer
from infra.local.gateway.wsgi import Environ, StartResponse

PREFIX = "/covers"


class Covers:
    """The folder of covers in `bucket`. `s3` makes the client, at the first cover: it takes a while."""

    def __init__(self, s3: Callable[[], Any], bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return wsgi.send(self._answer(environ), environ, start_response)

    def _answer(self, environ: Environ) -> Answer:
        key = environ["PATH_INFO"].encode("latin-1").decode(errors="replace").lstrip("/")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return Answer(405, [("Allow", "GET, HEAD")], b"")
        if ".." in key.split("/"):
            return wsgi.page(404, _NONE)
        try:
            found = self._s3().get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):
                return wsgi.page(404, _NONE)
            raise
        headers = [
            ("Content-Type", found["ContentType"]),
            ("ETag", found["ETag"]),
            ("Cache-Control", found.get("CacheControl") or "no-cache"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if environ.get("HTTP_IF_NONE_MATCH") == found["ETag"]:
            found["Body"].close()
            return Answer(304, headers, b"")
        return Answer(200, headers, found["Body"].read())


_NONE = "<!doctype html><title>404</title><p>There is no such cover."
