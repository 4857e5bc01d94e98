"""What a book says, chapter by chapter: counted, and kept for searching in it."""

import zlib

import msgspec

from chalicelib.catalogue.intake.answer import LONGEST_TEXT
from chalicelib.catalogue.intake.text import BLANKS, UNWANTED
from chalicelib.catalogue.intake.words import count_words


class Transcript:
    """The text of a book as it is read. Holds the packed lines only, at most 16 MiB of them unpacked."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(wbits=31)
        self._packed: list[bytes] = []
        self._left = LONGEST_TEXT
        self.words = 0

    def add(self, href: str, text: str) -> None:
        """The next chapter or page, with its place as in `ContentsEntry`."""
        text = UNWANTED.sub("", BLANKS.sub(" ", text)).strip()
        if not text:
            return
        self.words += count_words(text)
        line = msgspec.json.encode({"href": href, "text": text}) + b"\n"
        if len(line) > self._left:
            self._left = 0  # nothing after what was left out: a search would look complete
            return
        self._left -= len(line)
        self._packed.append(self._packer.compress(line))

    def packed(self) -> bytes | None:
        """All of it as gzip, at the end; None where there was nothing."""
        return b"".join([*self._packed, self._packer.flush()]) if self._left < LONGEST_TEXT and self._packed else None
