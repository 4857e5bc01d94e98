"""The web app's files as S3 and CloudFront serve them: cached for good where the name says what is inside,
compressed, and `index.html` at every address of the app."""

from __future__ import annotations

import hashlib
import json
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from infra.local.gateway import wsgi
from infra.local.gateway.refusals import Answer
from infra.local.gateway.wsgi import Environ, StartResponse
from infra.local.processes import ROOT

HEADERS = ROOT / "infra" / "web_headers.json"
"""Headers of every page and file, which the cloud's response headers policy is made from too."""

ASSETS = "/assets/"
"""Below this the build puts a digest of the content into each name."""

FOR_GOOD = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"

NOT_FOUND = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Not found</title>
<style>body{font:1.1rem/1.5 system-ui;max-width:32rem;margin:4rem auto;padding:0 1rem}</style>
<h1>There is nothing here</h1><p>The library has no such page. <a href="/">Go to the shelves</a>."""

NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Not built</title>
<h1>The web app is not built yet</h1><p>Run <code>make build</code>. The API answers already."""

# What Python's tables lack on some machines.
for _suffix, _type in {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".bcmap": "application/octet-stream",
}.items():
    mimetypes.add_type(_type, _suffix)


@dataclass(frozen=True, slots=True)
class _File:
    """One file as last read; `changed` tells when to read it again."""

    changed: tuple[int, int]
    tag: str
    media_type: str
    body: bytes
    compressed: bytes | None


class Site:
    """The files below `folder`. They are read once, and again when they change."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._always = list(json.loads(HEADERS.read_text()).items())
        self._files: dict[Path, _File] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        answer = self._answer(environ)
        return wsgi.send(Answer(answer.status, answer.headers + self._always, answer.body), environ, start_response)

    def _answer(self, environ: Environ) -> Answer:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return Answer(405, [("Allow", "GET, HEAD"), ("Content-Type", "text/plain")], b"Only GET and HEAD.\n")
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        if found := self._file(path):
            return _served(found, environ, FOR_GOOD if path.startswith(ASSETS) else ASK_FIRST)
        # An address of the app has no file extension; what has one is a file, and it is missing.
        if "." not in path.rpartition("/")[2] and not path.startswith(ASSETS):
            if index := self._file("/index.html"):
                return _served(index, environ, ASK_FIRST)
            return wsgi.page(503, NOT_BUILT)
        return wsgi.page(404, NOT_FOUND)

    def _file(self, path: str) -> _File | None:
        if "\0" in path:
            return None
        file = Path(f"{self._folder}{path}").resolve()
        if not file.is_relative_to(self._folder) or not file.is_file():
            return None
        stat = file.stat()
        changed = (stat.st_mtime_ns, stat.st_size)
        known = self._files.get(file)
        if known is None or known.changed != changed:
            known = self._files[file] = _read(file, changed)
        return known


def _read(file: Path, changed: tuple[int, int]) -> _File:
    body = file.read_bytes()
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    compressed = None
    if len(body) >= wsgi.WORTH_COMPRESSING and (wsgi.shrinks(media_type) or media_type == "application/wasm"):
        compressed = wsgi.compress(body, level=9)
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    return _File(changed, hashlib.blake2b(body, digest_size=12).hexdigest(), media_type, body, compressed)


def _served(file: _File, environ: Environ, caching: str) -> Answer:
    squeezed = file.compressed is not None and wsgi.takes_gzip(environ)
    tag = f'"{file.tag}{"-gzip" if squeezed else ""}"'
    headers = [("ETag", tag), ("Cache-Control", caching), ("Vary", "Accept-Encoding")]
    known = {candidate.strip().removeprefix("W/") for candidate in environ.get("HTTP_IF_NONE_MATCH", "").split(",")}
    if tag in known or "*" in known:
        return Answer(304, headers, b"")
    headers.append(("Content-Type", file.media_type))
    if squeezed and file.compressed is not None:
        return Answer(200, [*headers, ("Content-Encoding", "gzip")], file.compressed)
    return Answer(200, headers, file.body)
