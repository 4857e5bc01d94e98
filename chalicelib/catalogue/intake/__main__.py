"""What the library reads from files: one line each, for an operator who wonders about a book.

python -m chalicelib.catalogue.intake FILE…
"""

import sys
import time
import zlib
from pathlib import Path

from chalicelib.catalogue.intake.isolation import examine, reading_of
from chalicelib.catalogue.intake.model import MEBIBYTE, Limits, Reading, Refused


def main(names: list[str]) -> None:
    for name in names:
        sys.stdout.write(f"{Path(name).name} | {_line(Path(name))}\n")


def _line(path: Path) -> str:
    started, memory = time.monotonic(), "lost"
    try:
        outcome = examine("book", path, Limits())
        if (peak := outcome.peak_bytes()) is not None:
            memory = f"{peak / MEBIBYTE:.0f} MB"
        told = _told(reading_of(outcome))
    except Refused as refused:
        told = f"refused | {refused.code} ({refused.cause or refused.reason})"
    except OSError as error:
        return f"cannot be read | {error.strerror}"
    return f"{told} | {time.monotonic() - started:.2f} s | {memory}"


def _told(reading: Reading) -> str:
    text = len(zlib.decompress(reading.text, 31)) if reading.text else 0
    declared = f" (declares {reading.declared_language})" if reading.language != reading.declared_language else ""
    flags = [name for name in ("fixed_layout", "vertical") if getattr(reading, name)]
    return " | ".join(
        [
            " ".join([reading.format, reading.direction or "", *flags]).strip(),
            reading.title or "no title",
            "; ".join(reading.authors) or "nobody",
            f"{reading.language or 'no language'}{declared}",
            f"{reading.pages or '-'} pages, {reading.words or '-'} words, {len(reading.contents)} in contents",
            "covers " + (" ".join(f"{cover.width}x{cover.height}" for cover in reading.covers) or "none"),
            f"text {text / 1024:.0f} KB",
        ]
    )


if __name__ == "__main__":
    main(sys.argv[1:])
