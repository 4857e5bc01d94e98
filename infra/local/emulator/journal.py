"""A file of records, only ever appended to. What was appended is still there after `kill -9`.

A record is its length and CRC-32 (both 4 bytes, big-endian), then a line of JSON and the request's body.
Appending ends in the kernel's page cache, which outlives the process; `sync` carries it to the disk, for the
day the power fails.
"""

from __future__ import annotations

import errno
import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

_HEAD = struct.Struct(">II")


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
    """The journal at `path`, made if it is missing. Read it to its end before appending."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "a+b", buffering=0)  # noqa: SIM115 - open as long as the process
        self.size = path.stat().st_size
        self._synced = self.size

    def records(self) -> Iterator[Record]:
        """Every whole record.

        A torn one at the end, from a machine that stopped in the middle, is cut off.
        """
        self._file.seek(0)
        whole = 0
        with open(self._file.fileno(), "rb", closefd=False) as file:
            while len(head := file.read(_HEAD.size)) == _HEAD.size:
                length, checksum = _HEAD.unpack(head)
                payload = file.read(length)
                if len(payload) < length or zlib.crc32(payload) != checksum:
                    break
                whole += _HEAD.size + length
                yield _unpack(payload)
        self._file.truncate(whole)
        self.size = self._synced = whole

    def append(self, record: Record) -> None:
        """Add `record`. When this returns, killing the process loses it no more."""
        packed = _pack(record)
        try:
            if self._file.write(packed) != len(packed):
                raise OSError(errno.ENOSPC, "the journal could not be written to its end")
        except OSError:
            self._file.truncate(self.size)  # half a record would hide every one after it
            raise
        self.size += len(packed)

    def sync(self) -> None:
        """Carry what was appended to the disk, if anything was. Callable from another thread."""
        if self._synced != self.size:
            size = self.size
            os.fsync(self._file.fileno())
            self._synced = size

    def close(self) -> None:
        self.sync()
        self._file.close()
