"""What a file is, by its bytes. Its name and what the browser said of it play no part."""

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from chalicelib.catalogue.intake.answer import Finding
from chalicelib.catalogue.intake.model import Limits, Refused

ZIP_SIGNATURE = b"PK\x03\x04"
PDF_SIGNATURE = b"%PDF-"
# Readers accept rubbish before the signature up to here (ISO 32000-1, annex H.3, implementation note 13).
PDF_SIGNATURE_WITHIN = 1024


class OpenFile(Protocol):
    """A file that has turned out to be what was asked for."""

    def findings(self) -> Iterator[Finding]:
        """What it holds, the surest first: the child may be lost over any of them, and what was told before
        stays.
        """
        ...


def open_book(source: BinaryIO, limits: Limits) -> OpenFile:
    """The book in `source`, an EPUB or a PDF. Raises `Refused` if it is neither, or one that cannot be
    taken.
    """
    head = source.read(PDF_SIGNATURE_WITHIN)
    source.seek(0)
    if head.startswith(ZIP_SIGNATURE):
        from chalicelib.catalogue.intake.epub import Epub

        return Epub(source, limits)
    if PDF_SIGNATURE in head:
        from chalicelib.catalogue.intake.pdf import Pdf

        return Pdf(source, limits)
    raise Refused("not_a_book")


def open_picture(source: BinaryIO, limits: Limits) -> OpenFile:
    """The picture in `source`. Raises `Refused` if it is none, or one that cannot be taken."""
    from chalicelib.catalogue.intake.pictures import Picture

    return Picture(source)
