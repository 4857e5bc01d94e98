"""What a book says, chapter by chapter: counted, and kept for searching in it."""

import time
import zlib

import msgspec

from chalicelib.catalogue.intake.answer import LONGEST_TEXT
from chalicelib.catalogue.intake.text import BLANKS, UNWANTED
from chalicelib.catalogue.intake.words import count_words

# To tell a language: passages of so many characters from all over the book, the front matter being no part of it.
PASSAGE = 600
MOST_OF_A_CHAPTER = 8
MOST_HELD = 512
PASSAGES = 40
# Seconds of the processor and of the clock after which the rest stays unread, so that the book comes in all the
# same. A long novel takes half of one, a PDF of a thousand pages one and a half.
PROCESSOR_SECONDS = 8.0
CLOCK_SECONDS = 14.0
STARTED = time.monotonic()


class Transcript:
    """The text of a book as it is read. Holds the packed lines only, at most 16 MiB of them unpacked, and some
    passages.
    """

    def __init__(self) -> None:
        self._packer = zlib.compressobj(wbits=31)
        self._packed: list[bytes] = []
        self._left = LONGEST_TEXT
        self._passages: list[str] = []
        self._chapters = 0
        self._quoted_of = 1
        self.words = 0

    def add(self, href: str, text: str) -> None:
        """The next chapter or page, with its place as in `ContentsEntry`."""
        text = UNWANTED.sub("", BLANKS.sub(" ", text)).strip()
        if not text:
            return
        self.words += count_words(text)
        self._quote(text)
        line = msgspec.json.encode({"href": href, "text": text}) + b"\n"
        if len(line) > self._left:
            self._left = 0  # nothing after what was left out: a search would look complete
            return
        self._left -= len(line)
        self._packed.append(self._packer.compress(line))

    def is_late(self) -> bool:
        """Whether the child has used the time there is for reading; it has one book to read in its life."""
        return time.process_time() > PROCESSOR_SECONDS or time.monotonic() - STARTED > CLOCK_SECONDS

    def passages(self) -> list[str]:
        """At most 80 passages, evenly from all of it, in order."""
        return self._passages[:: max(1, len(self._passages) // PASSAGES)]

    def _quote(self, text: str) -> None:
        self._chapters += 1
        if self._chapters % self._quoted_of:
            return
        count = max(1, min(MOST_OF_A_CHAPTER, len(text) // PASSAGE))
        middles = (len(text) * (2 * number + 1) // (2 * count) for number in range(count))
        self._passages += [text[max(0, middle - PASSAGE // 2) : middle + PASSAGE // 2] for middle in middles]
        if len(self._passages) > MOST_HELD:
            del self._passages[::2]
            self._quoted_of *= 2

    def packed(self) -> bytes | None:
        """All of it as gzip, at the end; None where there was nothing."""
        return b"".join([*self._packed, self._packer.flush()]) if self._left < LONGEST_TEXT and self._packed else None
