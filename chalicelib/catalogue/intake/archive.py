"""The ZIP container of an EPUB (EPUB 3.3, section 4.3), opened only after every entry has been proven
harmless.

A ZIP states each size three times and the statements may lie, so all entries are inflated once, a little at
a time, and counted. Nothing is ever written to disk.
"""

import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO
from urllib.parse import unquote

from chalicelib.catalogue.intake.model import Limits, Refused

CHUNK = 256 * 1024
DEEPEST_FOLDER = 32
# Below this size a high ratio is a blank page, not a bomb.
RATIO_FROM = 1024 * 1024
# A directory for the permitted number of entries with generous names; the standard library reads it whole.
LARGEST_DIRECTORY = 8 * 1024 * 1024

ENCRYPTED = 0x1 | 0x40 | 0x2000  # APPNOTE 4.4.4: traditional, strong, and a masked directory
UTF8_NAME = 0x800
DRIVE = re.compile(r"[A-Za-z]:")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")

LIES = "parts that contradict themselves"
TOO_MANY = "too many parts"


class Archive:
    """The entries of a container that has been checked: every one has a plain name, an honest size and a
    right checksum.
    """

    def __init__(self, file: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo]) -> None:
        self._file = file
        self._entries = entries
        self._alike: dict[str, str] = {}
        for name in entries:
            self._alike.setdefault(_alike(name), name)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def located(self, name: str) -> str:
        """The entry that is meant by `name`: itself, else one that differs in case, in percent-encoding or in
        how its accents are composed, as books made on forgiving systems have them; else `name` unchanged.
        """
        return name if name in self._entries else self._alike.get(_alike(name), name)

    def names(self) -> Iterator[str]:
        return iter(self._entries)

    def read(self, name: str, limit: int) -> bytes | None:
        """The bytes of an entry, or None if there is no such entry or it is larger than `limit`."""
        entry = self._entries.get(name)
        return self._file.read(entry) if entry is not None and entry.file_size <= limit else None


def _alike(name: str) -> str:
    return unicodedata.normalize("NFC", unquote(name)).casefold()


def open_archive(source: BinaryIO, limits: Limits) -> Archive:
    """Check the whole container and open it. Raises `Refused` with code broken, hostile, encrypted or
    too_complex.
    """
    _check_directory_size(source)
    try:
        file = zipfile.ZipFile(source)
        entries = [entry for entry in file.infolist() if not entry.is_dir()]
        _check_count(file, limits)
        named = {_checked_name(entry): entry for entry in file.infolist() if not entry.is_dir()}
        for entry in file.infolist():
            _check_form(entry)
        _check_contents(source, entries, file.start_dir, limits)
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, ValueError, EOFError) as error:
        raise Refused("broken", type(error).__name__) from error
    return Archive(file, named)


def _check_directory_size(source: BinaryIO) -> None:
    """The directory is read into memory before its entries can be counted, so its size has to be looked at
    first.
    """
    source.seek(0, 2)
    size = source.tell()
    source.seek(max(0, size - 65_557))  # the end record and the longest comment that may follow it
    tail = source.read()
    source.seek(0)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or end + 22 > len(tail):
        raise Refused("broken", "no end record")
    directory_size: int = struct.unpack_from("<L", tail, end + 12)[0]
    # A ZIP64 directory is for more than 65,535 entries or 4 GiB; no book needs it, and its size would
    # overrule the one read here.
    if directory_size > LARGEST_DIRECTORY or tail[max(0, end - 20) : end].startswith(b"PK\x06\x07"):
        raise Refused("too_complex", TOO_MANY)


def _check_count(file: zipfile.ZipFile, limits: Limits) -> None:
    if len(file.infolist()) > limits.entries:
        raise Refused("too_complex", TOO_MANY)


def _checked_name(entry: zipfile.ZipInfo) -> str:
    """The path of an entry, if it is one that stays inside the container on every system (EPUB 3.3, section
    4.2.4).
    """
    name = _decoded(entry)
    parts = name.split("/")
    if (
        UNPRINTABLE.search(entry.orig_filename)
        or "\\" in name
        or DRIVE.match(name)
        or name.startswith("/")
        or ".." in parts
        or len(parts) > DEEPEST_FOLDER
    ):
        raise Refused("hostile", "parts outside of the file")
    return name


def _decoded(entry: zipfile.ZipInfo) -> str:
    """Many tools write UTF-8 names without saying so, and the standard library then reads them as code page
    437.
    """
    if entry.flag_bits & UTF8_NAME:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _check_form(entry: zipfile.ZipInfo) -> None:
    if entry.is_dir():
        _checked_name(entry)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Refused("hostile", "a link to another place")
    if entry.flag_bits & ENCRYPTED:
        raise Refused("encrypted", "ZIP")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused("broken", "an unknown compression")


def _check_contents(source: BinaryIO, entries: list[zipfile.ZipInfo], directory_at: int, limits: Limits) -> None:
    """Inflate everything once: real sizes, checksums, and no two entries made of the same bytes."""
    total, free_from = 0, 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        data_at = _data_offset(source, entry)
        # Entries that share bytes make a bomb with a modest ratio ("a better zip bomb", Fifield 2019).
        if entry.header_offset < free_from or data_at + entry.compress_size > directory_at:
            raise Refused("hostile", LIES)
        free_from = data_at + entry.compress_size
        total += _inflated_size(source, data_at, entry, limits, limits.total_bytes - total)


def _data_offset(source: BinaryIO, entry: zipfile.ZipInfo) -> int:
    source.seek(entry.header_offset)
    header = source.read(30)
    if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
        raise Refused("broken", "no local header")
    name_length, extra_length = struct.unpack_from("<HH", header, 26)
    return entry.header_offset + 30 + name_length + extra_length


def _inflated_size(source: BinaryIO, data_at: int, entry: zipfile.ZipInfo, limits: Limits, left: int) -> int:
    """The real size of an entry. Stops at the first byte too many, whatever the headers say."""
    allowed = min(limits.entry_bytes, left)
    suspicious = max(RATIO_FROM, entry.compress_size * limits.ratio)
    size, checksum = 0, 0
    for chunk in _inflated(source, data_at, entry):
        size += len(chunk)
        checksum = zlib.crc32(chunk, checksum)
        if size > suspicious:
            raise Refused("hostile", "a part that unpacks out of all proportion")
        if size > allowed:
            raise Refused("too_complex", "unpacks to too much")
        if size > entry.file_size:
            raise Refused("hostile", LIES)
    if size != entry.file_size or checksum != entry.CRC:
        raise Refused("broken", "checksum")
    return size


def _inflated(source: BinaryIO, data_at: int, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The contents of an entry in pieces of at most `CHUNK` bytes."""
    source.seek(data_at)
    left = entry.compress_size
    inflater = zlib.decompressobj(-15) if entry.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0:
        packed = source.read(min(CHUNK, left))
        if not packed:
            raise EOFError
        left -= len(packed)
        if inflater is None:
            yield packed
            continue
        while packed and not inflater.eof:
            yield inflater.decompress(packed, CHUNK)
            packed = inflater.unconsumed_tail
    if inflater is not None and not inflater.eof:
        # What the inflater still holds is less than a window (32 KiB), so this stays small.
        yield inflater.flush()
