"""The answer of the child that reads a file, as it crosses the pipe: one line of JSON, then the cover's
bytes to the end.

The line goes first, so that a file whose picture kills the child loses its cover and nothing else.
"""

import msgspec

from chalicelib.catalogue.intake.model import Reading, RefusalCode

LONGEST_LINE = 4 * 1024 * 1024
LARGEST_COVER = 4 * 1024 * 1024


class Refusal(msgspec.Struct, frozen=True):
    """A `Refused` in words that survive a pipe."""

    code: RefusalCode
    reason: str
    cause: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """Exactly one of the two is set. The reading comes without its cover."""

    reading: Reading | None = None
    refusal: Refusal | None = None
