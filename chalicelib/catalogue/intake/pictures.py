"""Pictures from outside, drawn anew: what leaves here was written by us, bounded in pixels, and carries
nothing along.
"""

import io
import warnings

from PIL import Image, ImageOps

LONGEST_SIDE = 1_200
# Smaller is a spacer or a tracking pixel, not a cover.
SHORTEST_SIDE = 32
# 40 megapixels are 160 MB when decoded, well inside the child's memory; a scan of a cover has 10.
MOST_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
PAPER = (255, 255, 255)


def redrawn(data: bytes) -> bytes | None:
    """The picture in `data` as a new JPEG, at most 1,200 pixels on its longer side; None if it is none or
    too large.

    Only the header is read before the size is known. Of an animation the first frame is taken.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS or min(picture.size) < SHORTEST_SIDE:
                    return None
                picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # lets JPEG decode at a fraction of its size
                return as_jpeg(ImageOps.exif_transpose(picture))
        except (OSError, SyntaxError, ValueError, TypeError, EOFError, Image.DecompressionBombError):
            return None  # Pillow's ways to say that a picture is not one


def as_jpeg(picture: Image.Image) -> bytes:
    """A picture of any mode, on white paper where it is transparent, as JPEG without metadata."""
    picture = _in_colour(picture)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    output = io.BytesIO()
    picture.save(output, "JPEG", quality=85, optimize=True, progressive=True, icc_profile=None, exif=b"")
    return output.getvalue()


def _in_colour(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        # 16 bits of grey; a plain conversion keeps the values and clips nearly all of them to white.
        scaled = picture.convert("I").point(lambda grey: grey / 256)  # pyright: ignore[reportUnknownMemberType]
        picture = scaled.convert("L")
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        layer.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        paper = Image.new("RGB", layer.size, PAPER)
        paper.paste(layer, mask=layer.getchannel("A"))
        return paper
    return picture.convert("RGB")
