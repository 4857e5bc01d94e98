"""PDF, read by pdfium (the parser of Chrome). The only importer of pypdfium2, whose build has no JavaScript
engine and no XFA.
"""

import importlib
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

from chalicelib.catalogue.intake import language, text
from chalicelib.catalogue.intake.model import ContentsEntry, Limits, Reading, Refused
from chalicelib.catalogue.intake.pictures import LONGEST_SIDE, SHORTEST_SIDE, as_jpeg

# pypdfium2 brings no types that a strict checker accepts.
pdfium: Any = importlib.import_module("pypdfium2")
raw: Any = importlib.import_module("pypdfium2.raw")

MOST_ENTRIES = 1_000
DEEPEST_LEVEL = 12
LONGEST_ENTRY = 200
MOST_AUTHORS = 50
MOST_SUBJECTS = 50

DAMAGED = "This PDF is damaged beyond repair. Uploading it again may help."


class Pdf:
    """A PDF that opens without a password and has a first page. Raises `Refused` where one does not."""

    def __init__(self, source: BinaryIO, limits: Limits) -> None:
        try:
            self._document = pdfium.PdfDocument(source)
        except pdfium.PdfiumError as error:
            raise _refusal(getattr(error, "err_code", None)) from error
        self._pages: int = len(self._document)
        if self._pages > limits.pages:
            raise Refused("too_large", f"This PDF claims more than {limits.pages:,} pages.")
        try:
            # Its size only: loading a page interprets it, and may cost all the memory there is.
            self._first_size: tuple[float, float] = self._document.get_page_size(0)
        except pdfium.PdfiumError as error:
            raise Refused("broken", "This PDF has no page that can be read.", type(error).__name__) from error

    def reading(self) -> Reading:
        """Everything but the cover, from the information dictionary (ISO 32000-1, section 14.3.3) and the
        outline (12.3.3).
        """
        about: dict[str, str] = self._document.get_metadata_dict()
        return Reading(
            format="pdf",
            title=text.clean(about.get("Title"), text.LONGEST_TITLE),
            # One string for all authors; only the semicolon is never part of a name.
            authors=text.clean_all(about.get("Author", "").split(";"), text.LONGEST_NAME, MOST_AUTHORS),
            language=language.normalise(self._language()),
            description=text.plain(about.get("Subject"), text.LONGEST_DESCRIPTION),
            subjects=text.clean_all(
                about.get("Keywords", "").replace(";", ",").split(","), text.LONGEST_NAME, MOST_SUBJECTS
            ),
            pages=self._pages,
            contents=tuple(self._contents()),
        )

    def cover(self) -> bytes | None:
        """The first page, drawn so that its longer side has 1,200 pixels whatever size it claims."""
        width, height = self._first_size
        longest = max(width, height)
        if not 0 < longest < 1e6 or min(width, height) * LONGEST_SIDE / longest < SHORTEST_SIDE:
            return None
        bitmap = self._document[0].render(scale=(LONGEST_SIDE - 1) / longest, may_draw_forms=False)
        return as_jpeg(bitmap.to_pil())

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
        return Refused("encrypted", "This PDF opens only with a password. Upload it without one.")
    if code == raw.FPDF_ERR_SECURITY:
        return Refused("drm", "This PDF is locked by its seller. Only an edition without a lock can be lent from here.")
    return Refused("broken", DAMAGED, f"pdfium error {code}")
