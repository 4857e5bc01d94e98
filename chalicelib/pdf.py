"""Pages as PDFs: the only importer of WeasyPrint, which needs Pango from the system and three quarters of a second."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any


class NoPrinter(Exception):
    """WeasyPrint's libraries are not on this machine (docs/deploy.md says which)."""


def printed(html: str) -> bytes:
    """A page, whole in itself, as a PDF for every reader: tagged, with its title and language (PDF/UA-1, ISO 14289-1).

    Nothing is fetched, whatever the page names.

    Raises NoPrinter.
    """
    weasyprint = _weasyprint()
    nothing = weasyprint.urls.URLFetcher(allowed_protocols=())
    return weasyprint.HTML(string=html, url_fetcher=nothing).write_pdf(pdf_variant="pdf/ua-1")


def is_possible() -> bool:
    """Whether pages can be printed here."""
    try:
        _weasyprint()
    except NoPrinter:
        return False
    return True


@cache
def _weasyprint() -> Any:
    try:
        import weasyprint
    except OSError as error:
        logging.getLogger(__name__).warning("PDFs cannot be made here: %s", error)
        raise NoPrinter(str(error)) from None
    return weasyprint
