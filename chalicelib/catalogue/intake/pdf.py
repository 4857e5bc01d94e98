"""PDF, read by pdfium (the parser of Chrome). The only importer of pypdfium2, whose build has no JavaScript
engine and no XFA.
"""

import importlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import Any, BinaryIO

from PIL import Image

from chalicelib.catalogue.intake import language, text
from chalicelib.catalogue.intake.answer import Finding, Text
from chalicelib.catalogue.intake.detection import believed
from chalicelib.catalogue.intake.model import ContentsEntry, Cover, Limits, Reading, Refused
from chalicelib.catalogue.intake.pictures import LONGEST_SIDE, SHORTEST_SIDE, covers, is_blank
from chalicelib.catalogue.intake.transcript import Transcript

# pypdfium2 brings no types that a strict checker accepts.
pdfium: Any = importlib.import_module("pypdfium2")
raw: Any = importlib.import_module("pypdfium2.raw")

MOST_ENTRIES = 1_000
DEEPEST_LEVEL = 12
LONGEST_ENTRY = 200
MOST_AUTHORS = 50
MOST_SUBJECTS = 50
# The first page may be a blank sheet, or say only who scanned the book.
COVER_WITHIN = 3


class Pdf:
    """A PDF that opens without a password and has a first page. Raises `Refused` where one does not."""

    def __init__(self, source: BinaryIO, limits: Limits) -> None:
        try:
            self._document = pdfium.PdfDocument(source)
        except pdfium.PdfiumError as error:
            raise _refusal(getattr(error, "err_code", None)) from error
        self._pages: int = len(self._document)
        if self._pages > limits.pages:
            raise Refused("too_complex", "too many pages")
        try:
            # Its size only: loading a page interprets it, and may cost all the memory there is.
            self._document.get_page_size(0)
        except pdfium.PdfiumError as error:
            raise Refused("incomplete", "pages") from error

    def findings(self) -> Iterator[Finding]:
        """What the document says of itself comes first, because a page may cost more than the child has."""
        reading = self._reading()
        yield reading
        yield from self._covers()
        transcript = Transcript()
        whole = self._read_pages(transcript)
        if packed := transcript.packed():
            yield Text(packed)
            yield replace(
                reading,
                language=believed(reading.declared_language, transcript.passages()),
                words=transcript.words if whole else None,
            )

    def _reading(self) -> Reading:
        """From the information dictionary (ISO 32000-1, section 14.3.3) and the outline (12.3.3)."""
        about: dict[str, str] = self._document.get_metadata_dict()
        declared = language.normalise(self._language())
        return Reading(
            format="pdf",
            title=text.clean(about.get("Title"), text.LONGEST_TITLE),
            # One string for all authors; only the semicolon is never part of a name.
            authors=text.clean_all(about.get("Author", "").split(";"), text.LONGEST_NAME, MOST_AUTHORS),
            language=declared,
            declared_language=declared,
            description=text.plain(about.get("Subject"), text.LONGEST_DESCRIPTION),
            subjects=text.clean_all(
                about.get("Keywords", "").replace(";", ",").split(","), text.LONGEST_NAME, MOST_SUBJECTS
            ),
            pages=self._pages,
            contents=tuple(self._contents()),
        )

    def _covers(self) -> Iterator[Cover]:
        """The first of the first pages that is not blank."""
        for index in range(min(self._pages, COVER_WITHIN)):
            picture = self._drawn(index)
            if picture is not None and not is_blank(picture):
                yield from covers(picture)
                return

    def _drawn(self, index: int) -> Image.Image | None:
        """A page, drawn so that its longer side has 1,200 pixels whatever size it claims; None where that
        leaves a sliver of the other, or nothing can be drawn.
        """
        try:
            width, height = self._document.get_page_size(index)
            longest = max(width, height)
            if not 0 < longest < 1e6 or min(width, height) * LONGEST_SIDE / longest < SHORTEST_SIDE:
                return None
            with closing(self._document[index]) as page:
                return page.render(scale=(LONGEST_SIDE - 1) / longest, may_draw_forms=False).to_pil()
        except pdfium.PdfiumError:
            return None

    def _read_pages(self, transcript: Transcript) -> bool:
        """Whether all pages could be read; a damaged one is passed over, and after a time the rest is."""
        whole = True
        for index in range(self._pages):
            if transcript.is_late():
                return False
            try:
                with closing(self._document[index]) as page, closing(page.get_textpage()) as words:
                    transcript.add(f"#page={index + 1}", words.get_text_range())
            except pdfium.PdfiumError:
                whole = False
        return whole

    def _language(self) -> str:
        """The catalogue's /Lang (ISO 32000-1, section 14.9.2)."""
        length: int = raw.FPDFCatalog_GetLanguage(self._document, None, 0)
        if not 2 < length <= 128:
            return ""
        buffer = (raw.FPDF_WCHAR * (length // 2))()
        raw.FPDFCatalog_GetLanguage(self._document, buffer, length)
        return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")

    def _contents(self) -> Iterator[ContentsEntry]:
        # Counted before the nameless are left out: an outline may be millions of them.
        for bookmark in islice(self._document.get_toc(max_depth=DEEPEST_LEVEL), MOST_ENTRIES):
            title = text.clean(bookmark.get_title(), LONGEST_ENTRY)
            if title is None:
                continue
            destination = bookmark.get_dest()
            index: int | None = destination.get_index() if destination is not None else None
            yield ContentsEntry(title, None if index is None else f"#page={index + 1}", bookmark.level + 1)


def _refusal(code: int | None) -> Refused:
    if code == raw.FPDF_ERR_PASSWORD:
        return Refused("encrypted", "PDF")
    if code == raw.FPDF_ERR_SECURITY:
        return Refused("drm", "PDF")
    return Refused("broken", f"pdfium error {code}")
