"""A small EPUB with a cover, made here so that the rehearsal needs no files."""

from __future__ import annotations

import io
import struct
import zlib
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

TITLE = "The Rehearsed Book"

_CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>"""

_PACKAGE = f"""<?xml version="1.0"?>
<package version="3.0" xmlns="http://www.idpf.org/2007/opf" unique-identifier="id">
  <metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
    <dc:identifier id="id">urn:carrel:rehearsal</dc:identifier>
    <dc:title>{TITLE}</dc:title><dc:creator>Ada Lovelace</dc:creator><dc:language>en</dc:language>
    <meta property="dcterms:modified">2026-01-01T00:00:00Z</meta>
  </metadata>
  <manifest>
    <item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
    <item id="one" href="one.xhtml" media-type="application/xhtml+xml"/>
    <item id="cover" href="cover.png" media-type="image/png" properties="cover-image"/>
  </manifest>
  <spine><itemref idref="one"/></spine>
</package>"""

_PAGE = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>One</title></head><body>{}</body></html>'
_NAV = (
    '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><head><title>Contents'
    '</title></head><body><nav epub:type="toc"><ol><li><a href="one.xhtml">One</a></li></ol></nav></body></html>'
)


def epub() -> bytes:
    """The file."""
    content = io.BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED) as file:
        file.writestr("mimetype", "application/epub+zip", ZIP_STORED)
        file.writestr("META-INF/container.xml", _CONTAINER)
        file.writestr("book.opf", _PACKAGE)
        file.writestr("nav.xhtml", _NAV)
        file.writestr("one.xhtml", _PAGE.format("<p>" + "Words to be read. " * 50 + "</p>"))
        file.writestr("cover.png", _png(120, 180))
    return content.getvalue()


def _png(width: int, height: int) -> bytes:
    """A green picture (PNG, third edition, section 5)."""
    rows = (b"\0" + b"\x1b\x5e\x4a" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
