"""What is kept on disk: snapshots, and the journal of what was asked since, as one generation.

    DIRECTORY/00000007/     the newest generation counts, older ones are leftovers
        dynamodb.json …     what each service held when it began
        generation          the format's number and the snapshots' CRC-32, as JSON; format 1 had no such file
        journal             requests that may change something, in the order they were carried out

A generation becomes real by one rename, so that a snapshot and its journal never disagree, and only when all of
it is on the disk. Whatever ends the process before leaves the old generation, and after it the new one.
"""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from infra.local.emulator import files
from infra.local.emulator.files import Unreadable
from infra.local.emulator.journal import Journal

FORMAT = 2
"""The number of the format that is written. Format 1 is read too; its journal had no requests that were refused."""

_BACKUP = "Put a backup of its folder in its place."


class Generations:
    """The generations under `directory`, which is made if it is missing.

    `journal` is the newest one's, and `snapshot_size` the bytes of its snapshots; there is neither before the first
    generation.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._number = max((int(d.name) for d in directory.iterdir() if d.name.isdigit()), default=0)
        self.journal: Journal | None = None
        self.snapshot_size = 0

    def load(self) -> Iterator[tuple[str, bytes]]:
        """The newest generation's snapshots, by service. Then its journal can be read.

        Raises Unreadable if one is missing or damaged, or of a format newer than this.
        """
        if not self._number:
            return
        folder = self._folder()
        try:
            for name, checksum in self._checksums().items():
                content = (folder / f"{name}.json").read_bytes()
                if checksum is not None and zlib.crc32(content) != checksum:
                    raise self.damaged(f"{name}.json")
                self.snapshot_size += len(content)
                yield name, content
            self.journal = Journal(folder / "journal")
        except FileNotFoundError as error:
            raise Unreadable(f"{error.filename} is missing. {_BACKUP}") from None

    def begin(self, snapshots: Iterable[tuple[str, bytes]]) -> None:
        """Begin a generation with `snapshots`, by service, and an empty journal.

        Raises OSError, and then the old generation stays the newest.
        """
        new = self._directory / "new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        size, checksums = 0, dict[str, int]()
        try:
            for name, content in snapshots:
                files.write(new / f"{name}.json", content)
                size, checksums[name] = size + len(content), zlib.crc32(content)
            files.write(new / "journal", b"")
            files.write(new / "generation", json.dumps({"format": FORMAT, "snapshots": checksums}).encode())
            for path in (*new.iterdir(), new):
                files.sync(path)
            journal = Journal(new / "journal")  # opened before the rename, after which nothing may fail
            new.rename(self._folder(self._number + 1))
        except OSError:
            shutil.rmtree(new, ignore_errors=True)  # on a full disk every byte counts
            raise
        self._number += 1
        self.journal, self.snapshot_size = journal, size
        with suppress(OSError):
            files.sync(self._directory)
        self.tidy()

    def tidy(self) -> None:
        """Remove what a crash left: a generation that was not finished, and old ones."""
        for folder in self._directory.iterdir():
            if folder != self._folder() and (folder.name == "new" or folder.name.isdigit()):
                shutil.rmtree(folder, ignore_errors=True)

    def damaged(self, name: str) -> Unreadable:
        """What to say of a file of the newest generation that makes no sense."""
        return Unreadable(f"{self._folder() / name} is damaged. {_BACKUP}")

    def _folder(self, number: int | None = None) -> Path:
        return self._directory / f"{number or self._number:08d}"

    def _checksums(self) -> dict[str, int | None]:
        """The CRC-32 of each snapshot, by service; None where the format had none."""
        path = self._folder() / "generation"
        if not path.exists():
            return dict.fromkeys(("dynamodb", "sqs"))
        try:
            said = json.loads(path.read_bytes())
            number, checksums = said["format"], said.get("snapshots")
        except (ValueError, KeyError, TypeError):
            raise self.damaged(path.name) from None
        if number > FORMAT:
            raise Unreadable(
                f"{path.parent} was written by a newer version of the library (its format is {number}, and this "
                f"version reads formats up to {FORMAT}). Start that version, or set CARREL_DATA to another folder."
            )
        return checksums
