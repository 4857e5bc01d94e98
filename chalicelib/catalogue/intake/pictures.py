"""Pictures from outside, drawn anew: what leaves here was written by us, bounded in pixels, and carries
nothing along.
"""

import io
import warnings
from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image, ImageOps

from chalicelib.catalogue.intake.model import MEBIBYTE, Cover, Refused

LONGEST_SIDE = 1_200
# For lists on a dense screen and on a plain one.
SMALLER_WIDTHS = (480, 240)
# Smaller is a spacer or a tracking pixel, not a cover.
SHORTEST_SIDE = 32
# 40 megapixels are 160 MB when decoded, well inside the child's memory; a scan of a cover has 10.
MOST_PIXELS = 40_000_000
LARGEST_PICTURE = 32 * MEBIBYTE
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
PAPER = (255, 255, 255)
# Blank paper is light, and of a page of a million points fewer than 300 are darker than it: a page number
# has 50, "Hello, world!" has 570.
LIGHT = 160
DARKER = 40
LEAST_INK = 0.0003


class Picture:
    """A file that is to be a picture, such as the cover that a librarian chooses."""

    def __init__(self, source: BinaryIO) -> None:
        data = source.read(LARGEST_PICTURE + 1)
        if len(data) > LARGEST_PICTURE:
            raise Refused("picture_size", "bytes")
        self._drawn = redrawn(data)

    def findings(self) -> Iterator[Cover]:
        return covers(self._drawn)


def redrawn(data: bytes) -> Image.Image:
    """The picture in `data` in colour on white paper, at most 1,200 pixels on its longer side. Raises
    `Refused`: not_a_picture, or picture_size.

    Only the header is read before the size is known. Of an animation the first frame is taken.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS or min(picture.size) < SHORTEST_SIDE:
                    raise Refused("picture_size", f"{picture.width} by {picture.height}")
                picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # lets JPEG decode at a fraction of its size
                ImageOps.exif_transpose(picture, in_place=True)
                return _in_colour(picture)
        # Pillow's ways to say that a picture is not one, or is too large.
        except (OSError, SyntaxError, ValueError, TypeError, EOFError, Image.DecompressionBombError) as error:
            code = "picture_size" if isinstance(error, Image.DecompressionBombError) else "not_a_picture"
            raise Refused(code, type(error).__name__) from error


def covers(picture: Image.Image) -> Iterator[Cover]:
    """A picture as JPEG without metadata, widest first, each drawn from the one before and never larger."""
    drawn = _in_colour(picture)
    yield _cover(drawn)
    for width in SMALLER_WIDTHS:
        if width < drawn.width:
            height = max(1, round(drawn.height * width / drawn.width))
            drawn = drawn.resize((width, height), Image.Resampling.LANCZOS)
            yield _cover(drawn)


def is_blank(picture: Image.Image) -> bool:
    """Whether a picture shows little more than paper, of whatever tint."""
    tones = picture.convert("L").histogram()
    paper = max(range(256), key=tones.__getitem__)
    ink = sum(tones[: max(0, paper - DARKER)])
    return paper >= LIGHT and ink < LEAST_INK * sum(tones)


def _cover(picture: Image.Image) -> Cover:
    output = io.BytesIO()
    picture.save(output, "JPEG", quality=85, optimize=True, progressive=True, icc_profile=None, exif=b"")
    return Cover(picture.width, picture.height, output.getvalue())


def _in_colour(picture: Image.Image) -> Image.Image:
    """A picture of any mode in red, green and blue, made smaller if need be; the picture itself where it will do,
    because a copy of 40 megapixels is 160 MB.
    """
    if picture.mode.startswith("I"):
        # 16 bits of grey; a plain conversion keeps the values and clips nearly all of them to white.
        scaled = picture.convert("I").point(lambda grey: grey / 256)  # pyright: ignore[reportUnknownMemberType]
        picture = scaled.convert("L")
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        layer = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        layer.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        paper = Image.new("RGB", layer.size, PAPER)
        paper.paste(layer, mask=layer.getchannel("A"))
        return paper
    picture = picture if picture.mode == "RGB" else picture.convert("RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return picture
