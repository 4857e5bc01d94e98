"""Makes a PDF of one of the demo's texts: pages in A5 with a drawn cover and an outline.

It is set in Times, one of the fonts that every PDF reader has (ISO 32000-1, section 9.6.2.2), so nothing of the machine
it is made on shows in it, and the same text makes the same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import cos, pi, sin

from infra.local.demo.texts import Block, Line, Style, Text

WIDTH, HEIGHT = 420, 595
LEFT, RIGHT, TOP, BOTTOM = 56, 56, 64, 70
SIZE, LEADING = 11.5, 16.5
FONTS: dict[Style, str] = {"": "Times-Roman", "em": "Times-Italic", "strong": "Times-Bold"}
NAMES: dict[Style, str] = {"": "R", "em": "I", "strong": "B"}

# Widths in thousandths of the size, of the characters from the blank to the tilde (Adobe's font metrics). What lies
# beyond is a little punctuation and the odd accented letter. Bold is used for a word or a short heading, and is close.
ROMAN = (
    *(250, 333, 408, 500, 500, 833, 778, 180, 333, 333, 500, 564, 250, 333, 250, 278),
    *(500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444),
    *(921, 722, 667, 667, 722, 611, 556, 722, 722, 333, 389, 722, 611, 889, 722, 722),
    *(556, 722, 667, 556, 611, 722, 722, 944, 722, 722, 611, 333, 278, 333, 469, 500),
    *(333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500, 278, 778, 500, 500),
    *(500, 500, 333, 389, 278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541),
)
ITALIC = (
    *(250, 333, 420, 500, 500, 833, 778, 214, 333, 333, 500, 675, 250, 333, 250, 278),
    *(500, 500, 500, 500, 500, 500, 500, 500, 500, 500, 333, 333, 675, 675, 675, 500),
    *(920, 611, 611, 667, 722, 611, 611, 722, 722, 333, 444, 667, 556, 833, 667, 722),
    *(611, 722, 611, 500, 556, 722, 611, 833, 611, 556, 556, 389, 278, 389, 422, 500),
    *(333, 500, 500, 444, 500, 444, 278, 500, 500, 278, 278, 444, 278, 722, 500, 500),
    *(500, 500, 389, 389, 278, 500, 444, 667, 444, 444, 389, 400, 275, 400, 541),
)
BEYOND = {"‘": 333, "’": 333, "“": 500, "”": 500, "–": 500, "—": 1000, "•": 350}


def make(text: Text) -> bytes:
    """The bytes of the PDF. The text may use the characters of Windows' Western code page."""
    typesetter = _Typesetter()
    outline = [_Mark(text.title, 0)]
    for number, chapter in enumerate(text.chapters):
        if number:
            outline.append(_Mark(chapter.title, typesetter.heading(chapter.title)))
        for block in chapter.blocks:
            typesetter.block(block)
    return _file(text, [_cover(text), *typesetter.pages], outline)


@dataclass(frozen=True, slots=True)
class _Mark:
    """A line of the outline, and the page it leads to, from 0."""

    title: str
    page: int


class _Typesetter:
    """Sets blocks on pages, from top to bottom."""

    def __init__(self) -> None:
        self._pages: list[list[bytes]] = []
        self._y = 0.0
        self._turn()

    @property
    def pages(self) -> list[bytes]:
        """The content of each page, its number below."""
        return [
            b"".join([*page, _show(WIDTH / 2 - 3, 36, 9.5, [("", str(number))])])
            for number, page in enumerate(self._pages, start=2)
        ]

    def heading(self, title: str) -> int:
        """Set a heading; the page it came to stand on, the cover being page 0."""
        self._y -= 12
        self._turn_unless(4 * LEADING)
        self._put(LEFT, 14.5, [("strong", title)])
        self._y -= LEADING * 0.5
        return len(self._pages)

    def block(self, block: Block) -> None:
        """Set a paragraph or a list."""
        for number, line in enumerate(block.lines, start=1):
            mark = {"paragraph": "", "bullets": "•", "steps": f"{number}."}[block.kind]
            indent = 16 if mark else 0
            for at, row in enumerate(_rows(line, WIDTH - LEFT - RIGHT - indent)):
                self._turn_unless(LEADING)
                if mark and at == 0:
                    self._pages[-1].append(_show(LEFT, self._y, SIZE, [("", mark)]))
                self._put(LEFT + indent, SIZE, row)
        self._y -= LEADING * 0.45

    def _put(self, x: float, size: float, row: Iterable[tuple[Style, str]]) -> None:
        self._pages[-1].append(_show(x, self._y, size, row))
        self._y -= LEADING

    def _turn_unless(self, room: float) -> None:
        if self._y - room < BOTTOM - LEADING:
            self._turn()

    def _turn(self) -> None:
        self._pages.append([])
        self._y = HEIGHT - TOP


def _rows(line: Line, width: float) -> Iterator[list[tuple[Style, str]]]:
    """`line` in rows no wider than `width`."""
    row: list[tuple[Style, str]] = []
    used = 0.0
    for word in _words(line):
        needed = sum(_width(style, run) for style, run in word)
        if row and used + needed > width:
            yield row
            row, used = [], 0.0
        if row:
            row.append(("", " "))
            used += _width("", " ")
        row += word
        used += needed
    yield row


def _words(line: Line) -> Iterator[list[tuple[Style, str]]]:
    """The words of a line; one of them may change its style within, as at a full stop after emphasis."""
    word: list[tuple[Style, str]] = []
    for style, run in line:
        first, *rest = run.split(" ")
        word.append((style, first))
        for piece in rest:
            yield word
            word = [(style, piece)]
    yield word


def _width(style: Style, run: str, size: float = SIZE) -> float:
    widths = ITALIC if style == "em" else ROMAN
    return sum(widths[ord(c) - 32] if " " <= c <= "~" else BEYOND.get(c, 500) for c in run) * size / 1000


def _show(x: float, y: float, size: float, row: Iterable[tuple[Style, str]]) -> bytes:
    """The operators that show a row from (`x`, `y`) on."""
    shown = b"".join(b"/%s %.1f Tf (%s) Tj " % (NAMES[style].encode(), size, _escaped(run)) for style, run in row)
    return b"BT %.1f %.1f Td %sET\n" % (x, y, shown)


def _escaped(run: str) -> bytes:
    return run.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


# ------------------------------------------------------------------------------------------------ the cover


def _cover(text: Text) -> bytes:
    """A wall with lichens, and the title above."""
    chance = random.Random(text.name)
    drawn = [b"0.26 0.29 0.28 rg 0 0 %d %d re f\n" % (WIDTH, HEIGHT)]
    tints = (b"0.60 0.66 0.55", b"0.80 0.56 0.24", b"0.49 0.57 0.53", b"0.72 0.74 0.62")
    for number in range(15):
        x, y = chance.uniform(0, WIDTH), chance.uniform(-20, HEIGHT * 0.56)
        drawn += _rosette(x, y, chance.uniform(14, 52), tints[number % len(tints)], chance)
    y = HEIGHT - 92.0
    drawn.append(b"0.95 0.92 0.83 rg\n")
    size = 32
    for row in _rows((("", text.title),), (WIDTH - 2 * LEFT) * SIZE / size):
        drawn.append(_show(LEFT, y, size, row))
        y -= size * 1.2
    drawn.append(b"0.80 0.56 0.24 rg %d %.1f 48 1.5 re f 0.95 0.92 0.83 rg\n" % (LEFT, y + 12))
    for author in text.authors:
        y -= 18
        drawn.append(_show(LEFT, y + 4, 13, [("em", author)]))
    return b"".join(drawn)


def _rosette(x: float, y: float, radius: float, tint: bytes, chance: random.Random) -> Iterator[bytes]:
    """Lobes round a middle, the outer ones larger, as a lichen grows."""
    yield tint + b" rg\n"
    for ring in (1.0, 0.72, 0.45):
        lobes = int(6 + radius * ring / 3.2)
        for lobe in range(lobes):
            angle = 2 * pi * (lobe + chance.uniform(-0.25, 0.25)) / lobes
            away = radius * ring * chance.uniform(0.82, 1.04)
            yield _disc(x + away * cos(angle), y + away * sin(angle), radius * ring * chance.uniform(0.16, 0.25))
    yield b"0.26 0.29 0.28 rg\n"
    for _ in range(int(radius / 5)):
        angle, away = chance.uniform(0, 2 * pi), radius * chance.uniform(0.1, 0.4)
        yield _disc(x + away * cos(angle), y + away * sin(angle), radius * 0.045)


def _disc(x: float, y: float, radius: float) -> bytes:
    """A filled circle out of four curves."""
    k = radius * 0.5523
    path = b"%.1f %.1f m " % (x + radius, y)
    for dx, dy in ((0, 1), (-1, 0), (0, -1), (1, 0)):
        from_x, from_y = dy, -dx  # the direction in which this quarter starts
        ends = (x + dx * radius, y + dy * radius)
        path += b"%.1f %.1f %.1f %.1f %.1f %.1f c " % (
            x + from_x * radius + dx * k,
            y + from_y * radius + dy * k,
            ends[0] + from_x * k,
            ends[1] + from_y * k,
            *ends,
        )
    return path + b"f\n"


# ------------------------------------------------------------------------------------------------- the file


def _file(text: Text, pages: list[bytes], outline: list[_Mark]) -> bytes:
    """The objects of the file, and where each starts (ISO 32000-1, section 7.5)."""
    first_page, first_mark = 8, 8 + 2 * len(pages)
    kids = " ".join(f"{first_page + 2 * number} 0 R" for number in range(len(pages)))
    fonts = " ".join(f"/{NAMES[style]} {4 + number} 0 R" for number, style in enumerate(FONTS))
    last_mark = first_mark + len(outline) - 1
    objects = [
        f"<</Type/Catalog/Pages 2 0 R/Outlines 7 0 R/PageMode/UseOutlines/Lang({text.language})"
        "/ViewerPreferences<</DisplayDocTitle true>>>>".encode(),
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]/MediaBox[0 0 {WIDTH} {HEIGHT}]"
        f"/Resources<</Font<<{fonts}>>>>>>".encode(),
        _about(text),
        *(f"<</Type/Font/Subtype/Type1/BaseFont/{font}/Encoding/WinAnsiEncoding>>".encode() for font in FONTS.values()),
        f"<</Type/Outlines/First {first_mark} 0 R/Last {last_mark} 0 R/Count {len(outline)}>>".encode(),
    ]
    for number, content in enumerate(pages):
        objects += [
            f"<</Type/Page/Parent 2 0 R/Contents {first_page + 2 * number + 1} 0 R>>".encode(),
            b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        ]
    for number, mark in enumerate(outline, start=first_mark):
        before = f"/Prev {number - 1} 0 R" if number > first_mark else ""
        after = f"/Next {number + 1} 0 R" if number < last_mark else ""
        page = first_page + 2 * mark.page
        objects.append(
            f"<</Title {_string(mark.title)}/Parent 7 0 R{before}{after}/Dest[{page} 0 R/Fit]>>".encode(),
        )
    return _written(objects)


def _about(text: Text) -> bytes:
    about = {
        "Title": text.title,
        "Author": "; ".join(text.authors),
        "Subject": text.description,
        "Keywords": "; ".join(text.subjects),
        "CreationDate": "D:20260101000000Z",
    }
    return f"<<{''.join(f'/{name} {_string(value)}' for name, value in about.items())}>>".encode()


def _string(value: str) -> str:
    """A text string in any script (ISO 32000-1, section 7.9.2.2)."""
    return f"<FEFF{value.encode('utf-16-be').hex()}>"


def _written(objects: list[bytes]) -> bytes:
    output = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    starts: list[int] = []
    for number, body in enumerate(objects, start=1):
        starts.append(len(output))
        output += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(output)
    output += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    output += b"".join(b"%010d 00000 n \n" % start for start in starts)
    output += b"trailer\n<</Root 1 0 R/Info 3 0 R/Size %d>>\n" % (len(objects) + 1)
    return bytes(output + b"startxref\n%d\n%%%%EOF\n" % table)
