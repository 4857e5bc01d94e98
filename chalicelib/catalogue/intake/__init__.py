"""Reading an uploaded book: what it is, what it says of itself, and whether the library can take it.

A file comes from outside and is hostile until proven otherwise, so nothing in this process ever parses it:
`read_book` hands it to a child with narrow limits (`isolation`) and believes only a small, typed answer.
Importing this package costs the standard library and msgspec; lxml, Pillow and pdfium are loaded in the
child alone.

    read_book ── isolation ──┊── worker ── kinds ── epub ── archive, protection, package, navigation, covers
                     (a pipe) ┊                   └─ pdf
"""

from chalicelib.catalogue.intake.isolation import read_book, read_picture
from chalicelib.catalogue.intake.markdown import Writing, read_markdown
from chalicelib.catalogue.intake.model import REASONS, ContentsEntry, Cover, Limits, Reading, RefusalCode, Refused

__all__ = [
    "REASONS",
    "ContentsEntry",
    "Cover",
    "Limits",
    "Reading",
    "RefusalCode",
    "Refused",
    "Writing",
    "read_book",
    "read_markdown",
    "read_picture",
]
