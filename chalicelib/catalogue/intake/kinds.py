"""What a file is, by its bytes. Its name and what the browser said of it play no part."""

from typing import BinaryIO, Protocol

from chalicelib.catalogue.intake.epub import Epub
from chalicelib.catalogue.intake.model import Limits, Reading, Refused
from chalicelib.catalogue.intake.pdf import Pdf

ZIP_SIGNATURE = b"PK\x03\x04"
PDF_SIGNATURE = b"%PDF-"
# Readers accept rubbish before the signature up to here (ISO 32000-1, annex H.3, implementation note 13).
PDF_SIGNATURE_WITHIN = 1024


class OpenBook(Protocol):
    """A file that has turned out to be a book. `cover` is separate because drawing it is the likeliest part
    to fail.
    """

    def reading(self) -> Reading: ...

    def cover(self) -> bytes | None: ...


def open_book(source: BinaryIO, limits: Limits) -> OpenBook:
    """The book in `source`, an EPUB or a PDF. Raises `Refused` if it is neither, or one that cannot be
    taken.
    """
    head = source.read(PDF_SIGNATURE_WITHIN)
    source.seek(0)
    if head.startswith(ZIP_SIGNATURE):
        return Epub(source, limits)
    if PDF_SIGNATURE in head:
        return Pdf(source, limits)
    raise Refused("not_a_book", "This is neither an EPUB nor a PDF, whatever its name says.")
