"""Makers of small books, whole and harmful, so that no binary file has to be kept.

`epub` gives the bytes of an EPUB that any reader opens; its arguments replace or add what one test is
about. `pdf` gives a PDF of empty pages. `picture` gives an image file.
"""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

from PIL import Image

CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""

CHAPTER = """<?xml version="1.0" encoding="utf-8"?>
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>unread</title></head><body>{}</body></html>"""

NAV = """<?xml version="1.0" encoding="utf-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>{}</body></html>"""

CHAPTER_ITEM = '<item id="c1" href="c1.xhtml" media-type="application/xhtml+xml"/>'
NAV_ITEM = '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
DEFAULT_METADATA = "<dc:title>A Book</dc:title><dc:creator>Somebody</dc:creator><dc:language>en</dc:language>"


def package(
    metadata: str = DEFAULT_METADATA,
    manifest: str = CHAPTER_ITEM,
    spine: str = '<itemref idref="c1"/>',
    spine_attributes: str = "",
    after: str = "",
    doctype: str = "",
) -> str:
    """A package document, from the inner XML of its parts."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{doctype}'
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="uid">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">'
        f'<dc:identifier id="uid">urn:x-test:1</dc:identifier>{metadata}</metadata>'
        f"<manifest>{manifest}</manifest><spine {spine_attributes}>{spine}</spine>{after}</package>"
    )


def parts(
    opf: str | None = None,
    chapter: str = "<p>Some words.</p>",
    extra: Mapping[str, str | bytes] | None = None,
    without: Sequence[str] = (),
) -> dict[str, str | bytes]:
    """The entries of an EPUB by name: `chapter` is the inside of a body, `extra` adds or replaces,
    `without` leaves out.
    """
    entries: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/package.opf": opf if opf is not None else package(),
        "OEBPS/c1.xhtml": CHAPTER.format(chapter),
        **(extra or {}),
    }
    return {name: data for name, data in entries.items() if name not in without}


def zipped(entries: Mapping[str | zipfile.ZipInfo, str | bytes] | Mapping[str, str | bytes]) -> bytes:
    """A ZIP of these entries, in this order."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            # Without a time: the same parts make the same bytes.
            entry = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED if entry is not name else entry.compress_type
            archive.writestr(entry, data)
    return output.getvalue()


def epub(
    opf: str | None = None,
    chapter: str = "<p>Some words.</p>",
    extra: Mapping[str, str | bytes] | None = None,
    without: Sequence[str] = (),
) -> bytes:
    """The bytes of an EPUB; see `parts`."""
    return zipped(parts(opf, chapter, extra, without))


def directory_entry(archive: bytes, name: str) -> int:
    """Where the central directory speaks of `name`: 20 bytes on is the packed size, 24 the real one
    (APPNOTE 4.3.12).
    """
    at = archive.find(b"PK\x01\x02")
    while at >= 0:
        length: int = struct.unpack_from("<H", archive, at + 28)[0]
        if archive[at + 46 : at + 46 + length] == name.encode():
            return at
        at = archive.find(b"PK\x01\x02", at + 4)
    raise KeyError(name)


def patched(archive: bytes, at: int, value: bytes) -> bytes:
    """`archive` with the bytes at `at` replaced: a ZIP that lies."""
    return archive[:at] + value + archive[at + len(value) :]


def picture(mode: str = "RGB", size: tuple[int, int] = (60, 90), form: str = "PNG", tone: int = 90) -> bytes:
    """An image file of one grey: `tone` is 0 for black, 255 for paper."""
    output = io.BytesIO()
    Image.new("L", size, tone).convert(mode).save(output, form)
    return output.getvalue()


def pdf(
    objects: Sequence[bytes] = (),
    pages: int = 1,
    page: bytes = b"/MediaBox[0 0 300 400]",
    catalog: bytes = b"",
    trailer: bytes = b"",
    kids: bytes | None = None,
) -> bytes:
    """A PDF with `pages` references to one page (object 3), or those in `kids`; `objects` are numbered from
    4, and the others may name them.
    """
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R %s>>" % catalog,
        b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, b"3 0 R " * pages if kids is None else kids),
        b"<</Type/Page/Parent 2 0 R %s>>" % page,
        *objects,
    ]
    output = bytearray(b"%PDF-1.7\n")
    offsets: list[int] = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(output))
        output += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table_at = len(output)
    output += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    output += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    output += b"trailer\n<</Root 1 0 R/Size %d%s>>\n" % (len(bodies) + 1, trailer)
    return bytes(output + b"startxref\n%d\n%%%%EOF\n" % table_at)


def stream(data: bytes, dictionary: bytes = b"") -> bytes:
    """A PDF stream object's body."""
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (dictionary, len(data), data)
