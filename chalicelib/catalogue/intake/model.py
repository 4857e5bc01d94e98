"""The words in which intake answers: a reading, or a refusal; and the limits it works within."""

from dataclasses import dataclass
from typing import Literal

RefusalCode = Literal["not_a_book", "broken", "drm", "encrypted", "too_large", "hostile"]

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ContentsEntry:
    """One line of a book's contents list.

    `href` is the place as a reader would open it: for an EPUB the path inside the container with its
    fragment ("OEBPS/c1.xhtml#s2"), for a PDF the fragment of RFC 8118 ("#page=12"); None for a heading that
    leads nowhere. `level` counts from 1.
    """

    title: str
    href: str | None
    level: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from a file. All text is plain, on one line (the description: lines), bounded, and
    never escaped.

    `title` is None where the file names none; `fixed_layout` is true where at least a quarter of the pages
    are fixed; `language` is a BCP 47 tag as declared, in its usual case; `pages` is the page count of a
    PDF, or the length of an EPUB's page list; `words` are counted for an EPUB; `cover` is a JPEG drawn by
    us, at most 1,200 pixels on its longer side, never bytes of the upload.
    """

    format: Literal["epub", "pdf"]
    title: str | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None
    description: str | None = None
    publisher: str | None = None
    identifiers: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    series: str | None = None
    series_index: float | None = None
    pages: int | None = None
    words: int | None = None
    direction: Literal["ltr", "rtl"] | None = None
    fixed_layout: bool = False
    contents: tuple[ContentsEntry, ...] = ()
    cover: bytes | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may cost before it is refused. Sizes are bytes, times seconds.

    `ratio` is inflated size over compressed size for an entry of more than 1 MiB; `memory_bytes` is the
    address space of the child that reads the file.
    """

    file_bytes: int = 200 * MEBIBYTE
    entries: int = 10_000
    entry_bytes: int = 150 * MEBIBYTE
    total_bytes: int = 600 * MEBIBYTE
    ratio: int = 200
    xml_bytes: int = 10 * MEBIBYTE
    pages: int = 20_000
    memory_bytes: int = 1024 * MEBIBYTE
    cpu_seconds: int = 20
    wall_seconds: float = 25.0


class Refused(Exception):
    """This file does not come in.

    `code` is for programs, `reason` is a sentence for the librarian that quotes nothing from the file, and
    `cause`, where there is one, is for the operator's log.
    """

    def __init__(self, code: RefusalCode, reason: str, cause: str | None = None) -> None:
        super().__init__(reason)
        self.code: RefusalCode = code
        self.reason = reason
        self.cause = cause
