"""What the child that reads a file tells, as it crosses the pipe: frames of one byte for the kind, four for
the length, and so many bytes.

Whatever is sure goes first, so that a file whose picture or text kills the child loses these and nothing
else. A reading may come twice; the later one knows more.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO

import msgspec

from chalicelib.catalogue.intake.model import MEBIBYTE, Cover, Reading, RefusalCode
from chalicelib.decoding import decoded

HEAD = struct.Struct(">cL")
SIDES = struct.Struct(">HH")
READING, REFUSAL, TEXT, COVER, COST = b"R", b"X", b"T", b"C", b"M"
# More bytes than an honest frame of each kind has; and more frames than an honest child sends.
LARGEST = {READING: 4 * MEBIBYTE, REFUSAL: 4096, TEXT: 17 * MEBIBYTE, COVER: 4 * MEBIBYTE, COST: 64}
MOST_FRAMES = 8
LONGEST_TEXT = 16 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class Refusal:
    """A `Refused` in words that survive a pipe."""

    code: RefusalCode
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """The `text` of a reading."""

    packed: bytes


@dataclass(frozen=True, slots=True)
class Cost:
    """The most memory that the child held at once, in bytes, by its own account."""

    peak_bytes: int


Finding = Reading | Refusal | Text | Cover | Cost


def tell(answers: BinaryIO, finding: Finding) -> None:
    """Send one finding, at once."""
    match finding:
        case Reading():
            kind, data = READING, msgspec.json.encode(finding)
        case Refusal():
            kind, data = REFUSAL, msgspec.json.encode(finding)
        case Text():
            kind, data = TEXT, finding.packed
        case Cover():
            kind, data = COVER, SIDES.pack(finding.width, finding.height) + finding.jpeg
        case Cost():
            kind, data = COST, msgspec.json.encode(finding)
    answers.write(HEAD.pack(kind, len(data)) + data)
    answers.flush()


def listen(answers: IO[bytes]) -> Iterator[Finding]:
    """What was told, up to the end or the first thing that makes no sense: a child that has been taken over
    can neither fill this process nor make it fail.
    """
    for _ in range(MOST_FRAMES):
        head = answers.read(HEAD.size)
        if len(head) < HEAD.size:
            return
        kind, length = HEAD.unpack(head)
        if length > LARGEST.get(kind, -1):
            return
        data = answers.read(length)
        if len(data) < length:
            return
        try:
            yield _finding(kind, data)
        except (msgspec.DecodeError, struct.error, zlib.error, ValueError):
            return


def _finding(kind: bytes, data: bytes) -> Finding:
    if kind == TEXT:
        return Text(_checked(data))
    if kind == COVER:
        width, height = SIDES.unpack_from(data)
        return Cover(width, height, data[SIDES.size :])
    return decoded(data, {READING: Reading, REFUSAL: Refusal, COST: Cost}[kind])


def _checked(packed: bytes) -> bytes:
    """The same bytes, if they are gzip of no more than a text may have; else ValueError or zlib.error."""
    inflater, size, left = zlib.decompressobj(31), 0, packed
    while left and not inflater.eof and size <= LONGEST_TEXT:
        size += len(inflater.decompress(left, MEBIBYTE))
        left = inflater.unconsumed_tail
    size += len(inflater.flush()) if size <= LONGEST_TEXT else 0  # less than a window (32 KiB)
    if not inflater.eof or inflater.unused_data or size > LONGEST_TEXT:
        raise ValueError("no text of ours")
    return packed
