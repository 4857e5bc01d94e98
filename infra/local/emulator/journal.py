"""A file of records, only ever appended to. What was appended is still there after `kill -9`.

A record is its length and CRC-32 (both 4 bytes, big-endian), then a line of JSON and the request's body.
Appending ends in the kernel's page cache, which outlives the process; `sync` carries it to the disk, for the
day the power fails.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from infra.local.emulator.files import Unreadable

_HEAD = struct.Struct(">II")

_OPENING = b'{"service":'
"""What every record's JSON begins with, by which one is found after bytes that make no sense."""


@dataclass(frozen=True, slots=True)
class Record:
    """A request to `service`, with the account and region it was for and the moment it was carried out in."""

    service: str
    account: str
    region: str
    at: float
    seed: str
    method: str
    path: str
    headers: dict[str, str]
    query: dict[str, list[str]]
    body: bytes


def _pack(record: Record) -> bytes:
    line = asdict(record)
    body = line.pop("body")
    payload = json.dumps(line, separators=(",", ":")).encode() + b"\n" + body
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def _unpack(payload: bytes) -> Record:
    line, _, body = payload.partition(b"\n")
    return Record(**json.loads(line), body=body)


class Journal:
    """The journal at `path`, an empty file at first. Read it to its end before appending."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = open(path, "r+b", buffering=0)  # noqa: SIM115 - open as long as somebody appends or syncs
        self.size = path.stat().st_size
        self._synced = self.size

    def records(self) -> Iterator[Record]:
        """Every whole record.

        A torn one at the end, from a machine that stopped in the middle, is cut off. Raises Unreadable where
        whole ones follow it: then it is not torn but damaged, and was acknowledged like those.
        """
        whole = 0
        with open(self._path, "rb") as file:
            while (payload := _next(file, self.size)) is not None:
                whole = file.tell()
                yield _unpack(payload)
            file.seek(whole)
            if _holds_a_record(file.read()):
                raise Unreadable(
                    f"{self._path} is damaged at byte {whole}, and whole records follow. Put a backup of its folder "
                    f"in its place, or give up every change from there on with: truncate -s {whole} '{self._path}'"
                )
        self._file.truncate(whole)
        self.size = self._synced = whole

    def append(self, record: Record) -> None:
        """Add `record`. When this returns, killing the process loses it no more.

        Raises OSError where there is no room; what was written of it then is written over by the next.
        """
        packed, written = memoryview(_pack(record)), 0
        while written < len(packed):
            written += os.pwrite(self._file.fileno(), packed[written:], self.size + written)
        self.size += written

    def sync(self) -> None:
        """Carry what was appended to the disk, if anything was. Callable from another thread."""
        if self._synced != self.size:
            size = self.size
            os.fsync(self._file.fileno())
            self._synced = size


def _next(file: BinaryIO, size: int) -> bytes | None:
    """The payload of the record that starts here; None if none does. Zeros, which some file systems leave after
    a power cut, are none."""
    if len(head := file.read(_HEAD.size)) < _HEAD.size:
        return None
    length, checksum = _HEAD.unpack(head)
    if not 0 < length <= size - file.tell():
        return None
    payload = file.read(length)
    return payload if zlib.crc32(payload) == checksum else None


def _holds_a_record(rest: bytes) -> bool:
    opening = rest.find(_OPENING, _HEAD.size)
    while opening != -1:
        length, checksum = _HEAD.unpack_from(rest, opening - _HEAD.size)
        if opening + length <= len(rest) and zlib.crc32(rest[opening : opening + length]) == checksum:
            return True
        opening = rest.find(_OPENING, opening + 1)
    return False
