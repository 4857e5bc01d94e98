"""The words in which intake answers: a reading, or a refusal; and the limits it works within."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

RefusalCode = Literal[
    "empty",
    "not_a_book",
    "not_a_picture",
    "picture_size",
    "broken",
    "incomplete",
    "drm",
    "encrypted",
    "hostile",
    "too_large",
    "too_complex",
    "too_slow",
    "too_long",
    "not_text",
]

# One sentence for each code, so that who translates the codes translates everything.
REASONS: Mapping[RefusalCode, str] = MappingProxyType(
    {
        "empty": "This file is empty; choose the file again, or get it anew from where it came from.",
        "not_a_book": "This is neither an EPUB nor a PDF, whatever its name says; choose a book that is one.",
        "not_a_picture": "This is not a picture that can be read; choose a JPEG, PNG, WebP or GIF.",
        "picture_size": "This picture is too small or too large for a cover; choose one of at least 32 by 32 points,"
        " at most 40 megapixels and at most 32 MB.",
        "broken": "This file is cut off or damaged and cannot be read; upload it again, or get it anew from where it"
        " came from.",
        "incomplete": "This book lacks its list of parts, its chapters or its pages; ask whoever made it for a whole"
        " one.",
        "drm": "This book is locked by its seller; only an edition without a lock can be lent from here.",
        "encrypted": "This file opens only with a password; save it without one and upload that.",
        "hostile": "This file is built like those made to harm computers and was not opened; get the book from another"
        " place.",
        "too_large": "This file is larger than 200 MB, the most that the library takes; save it with smaller pictures,"
        " or in parts.",
        "too_complex": "This file has more parts or pages, or needs more room, than the library gives to one book;"
        " save it anew in another program, or in parts.",
        "too_slow": "This file took too long to read and was left alone; save it anew in another program, or in parts.",
        "too_long": "This text is longer than 1,000,000 characters; divide it into several books.",
        "not_text": "This text holds characters that are not text; take out what was pasted in from another program.",
    }
)

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
class Cover:
    """A JPEG drawn by us, never bytes of the upload; `width` and `height` are its pixels, at most 1,200."""

    width: int
    height: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from a file. All text is plain, on one line (the description: lines), bounded, and
    never escaped.

    `title` is None where the file names none; `fixed_layout` is true where at least a quarter of the pages
    are fixed; `vertical` where the lines run from top to bottom. `language` is the BCP 47 tag that the
    library should believe, `declared_language` what the file says of itself, both in their usual case.
    `pages` is the page count of a PDF, or the length of an EPUB's page list; `words` is None where not all
    of the text could be read.

    `covers` is the same picture in several sizes, widest first; empty where there is none. `text` is what
    the book says, for searching in it: gzip of JSON lines `{"href": …, "text": …}`, one for each chapter or
    page in reading order, with places as in `ContentsEntry`; at most 16 MiB when unpacked, whole chapters,
    the last ones missing where there is more; None where there is no text.
    """

    format: Literal["epub", "pdf"]
    title: str | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None
    declared_language: str | None = None
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
    vertical: bool = False
    contents: tuple[ContentsEntry, ...] = ()
    covers: tuple[Cover, ...] = ()
    text: bytes | None = None


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

    `code` is for programs, `reason` is the code's sentence for the librarian (`REASONS`), which quotes
    nothing from the file, and `cause`, where there is one, is for the operator's log.
    """

    def __init__(self, code: RefusalCode, cause: str | None = None) -> None:
        super().__init__(REASONS[code])
        self.code: RefusalCode = code
        self.reason = REASONS[code]
        self.cause = cause
