"""Folders, walked to any depth: which files could be books, and what lies beside them.

Left out are hidden files, what macOS adds to archives, and everything that is not a regular file. Links too: one that
leads to a place within the folder leads to what is met there anyway, and none may lead out of it, or around.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.importer import calibre, opf
from infra.importer.candidate import Candidate, shown

OPF = "metadata.opf"
PREFERENCE = {".epub": 0, ".pdf": 1}
_LEFT_OUT = frozenset({"__MACOSX"})

# By their names these are no e-books, and nobody asked for them: what lies among books. Their bytes are looked at
# all the same.
_OTHER_THINGS = frozenset(
    f".{ending}"
    for ending in (
        *("jpg", "jpeg", "png", "gif", "webp", "svg", "bmp", "tif", "tiff", "ico", "psd", "heic"),
        *("opf", "ncx", "db", "sqlite", "ini", "json", "xml", "xsl", "css", "js", "html", "htm", "xhtml"),
        *(
            "txt",
            "md",
            "nfo",
            "log",
            "csv",
            "tsv",
            "jsonl",
            "ndjson",
            "xls",
            "xlsx",
            "ods",
            "doc",
            "docx",
            "odt",
            "rtf",
        ),
        *("mp3", "m4a", "m4b", "ogg", "opus", "flac", "wav", "mp4", "mkv", "avi", "webm", "mov"),
        *("zip", "rar", "7z", "gz", "bz2", "xz", "tar", "iso", "torrent", "part", "tmp", "bak"),
        *("ttf", "otf", "woff", "woff2", "sfv", "md5", "sha1", "sha256", "sig", "asc", "py", "sh", "exe", "dll"),
    )
)


@dataclass(frozen=True, slots=True)
class _Found:
    """One candidate before anything of it was read: its files, the one to be preferred first."""

    place: Path
    files: tuple[Path, ...] = ()
    opf: Path | None = None
    cover: Path | None = None
    trouble: str | None = None


def count(root: Path) -> int:
    """How many candidates there are, without reading any."""
    return sum((calibre.count(found) or 0) if isinstance(found, Path) else 1 for found in _walk(root))


def candidates(root: Path) -> Iterator[Candidate]:
    """The candidates in a folder and below, calibre libraries among them."""
    for found in _walk(root):
        if isinstance(found, Path):
            yield from calibre.candidates(found)
        else:
            about = opf.about(found.opf) if found.opf else {}
            yield Candidate(shown(found.place), about, found.files, found.cover, found.trouble)


def unreadable_database(root: Path) -> bool:
    """Whether this folder has a calibre database that cannot be read, so that the OPF files stand in for it."""
    return (root / calibre.DATABASE).is_file() and calibre.count(root) is None


def _walk(root: Path) -> Iterator[_Found | Path]:
    """What is found from `root` on: candidates, and the folders of calibre libraries."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as scanned:
                entries = sorted((entry for entry in scanned if not _is_left_out(entry.name)), key=lambda e: e.name)
        except OSError as error:
            yield _Found(folder, trouble=f"This folder cannot be opened: {error.strerror}.")
            continue
        files = [Path(entry.path) for entry in entries if entry.is_file(follow_symlinks=False)]
        if any(path.name == calibre.DATABASE for path in files) and calibre.count(folder) is not None:
            yield folder
            continue
        yield from _in_one_folder(files)
        # The last is taken first.
        waiting += [Path(entry.path) for entry in reversed(entries) if entry.is_dir(follow_symlinks=False)]


def _is_left_out(name: str) -> bool:
    return name.startswith(".") or name in _LEFT_OUT


def _in_one_folder(files: list[Path]) -> Iterator[_Found]:
    """The books among the files of one folder; where calibre has kept one, its formats are one book."""
    beside = {path.name: path for path in files}
    books = [path for path in files if _may_be_a_book(path)]
    if OPF in beside:
        formats = [path for path in books if path.suffix.lower() in PREFERENCE]
        if len({path.stem for path in formats}) <= 1:
            formats.sort(key=lambda path: PREFERENCE[path.suffix.lower()])
            yield _Found((formats or [beside[OPF]])[0], tuple(formats), beside[OPF], beside.get("cover.jpg"))
            return
    yield from (_Found(path, (path,)) for path in books)


def _may_be_a_book(path: Path) -> bool:
    """Whether to try this file: unless it is obviously something else, by its name and by its bytes."""
    if path.suffix.lower() not in _OTHER_THINGS:
        return True
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError:
        return False
    return head.startswith(b"%PDF-") or (head.startswith(b"PK\x03\x04") and b"mimetypeapplication/epub+zip" in head)
