"""A cover that the librarian chooses: drawn anew like a book's own, or refused."""

import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from chalicelib.catalogue.intake import Limits, Refused, read_picture
from tests.factories_books import epub, patched, picture


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cover.jpg"


def refusal(path: Path, data: bytes, limits: Limits | None = None) -> str:
    path.write_bytes(data)
    with pytest.raises(Refused) as refused:
        read_picture(path, limits)
    return refused.value.code


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_is_known_by_its_bytes_and_drawn_in_every_size(path: Path, form: str):
    path.write_bytes(picture(size=(800, 1600), form=form))
    covers = read_picture(path)
    assert [(cover.width, cover.height) for cover in covers] == [(600, 1200), (480, 960), (240, 480)]
    for cover in covers:
        with Image.open(io.BytesIO(cover.jpeg)) as image:
            assert (image.format, image.size) == ("JPEG", (cover.width, cover.height))


def test_a_white_picture_is_taken_as_it_was_chosen(path: Path):
    path.write_bytes(picture(tone=255))
    assert len(read_picture(path)) == 1


def test_a_photograph_is_turned_the_way_it_was_taken(path: Path):
    output = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: a quarter turn
    Image.new("RGB", (90, 60)).save(output, "JPEG", exif=exif)
    path.write_bytes(output.getvalue())
    assert [(cover.width, cover.height) for cover in read_picture(path)] == [(60, 90)]


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        epub(),
        picture(form="BMP"),
        picture(form="TIFF"),
        picture()[:40],
        picture(size=(300, 300), form="JPEG")[:-200],
    ],
    ids=["SVG", "PDF", "EPUB", "BMP", "TIFF", "cut off", "cut off late"],
)
def test_what_is_no_picture_is_refused_as_such(path: Path, data: bytes):
    assert refusal(path, data) == "not_a_picture"


@pytest.mark.parametrize(("size", "taken"), [((31, 400), False), ((32, 400), True)])
def test_a_side_has_at_least_32_pixels(path: Path, size: tuple[int, int], taken: bool):
    data = picture(size=size)
    if taken:
        path.write_bytes(data)
        assert read_picture(path)
    else:
        assert refusal(path, data) == "picture_size"


def test_a_picture_just_over_40_megapixels_is_refused_by_its_header(path: Path):
    assert refusal(path, patched(picture(form="GIF"), 6, struct.pack("<HH", 8_000, 5_001))) == "picture_size"


def test_a_picture_of_40_megapixels_is_drawn(path: Path):
    path.write_bytes(picture("L", size=(8_000, 5_000)))
    assert read_picture(path)[0].width == 1_200


def test_a_picture_just_over_32_mib_is_refused(path: Path):
    assert refusal(path, picture() + bytes(32 * 1024 * 1024)) == "picture_size"


def test_an_empty_file_and_one_over_the_limit_are_refused_unopened(path: Path):
    assert refusal(path, b"") == "empty"
    assert refusal(path, picture(), Limits(file_bytes=100)) == "too_large"
