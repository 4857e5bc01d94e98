"""What the library reads from a PDF, and what it refuses."""

import io
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from chalicelib.catalogue.intake import ContentsEntry, Limits, Reading, Refused, read_book
from tests.factories_books import pdf

Read = Callable[[bytes], Reading]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_bytes(data: bytes) -> Reading:
        path = tmp_path / "upload"
        path.write_bytes(data)
        return read_book(path)

    return read_bytes


def utf16(text: str) -> bytes:
    """A PDF text string (ISO 32000-1, section 7.9.2.2) in hexadecimal."""
    return b"<FEFF" + text.encode("utf-16-be").hex().encode() + b">"


def about(**fields: bytes) -> bytes:
    inner = b"".join(b"/%s %s" % (name.encode(), value) for name, value in fields.items())
    return pdf([b"<<%s>>" % inner], trailer=b"/Info 4 0 R")


class TestReading:
    def test_pages_are_counted(self, read: Read):
        book = read(pdf(pages=7))
        assert (book.format, book.pages, book.title, book.words) == ("pdf", 7, None, None)

    def test_title_and_authors_are_read_in_any_script(self, read: Read):
        book = read(about(Title=utf16("हिन्दी की\r\nकिताब"), Author=b"(Ann Lee; Bo Ek;)", Keywords=b"(one, two)"))
        assert (book.title, book.authors, book.subjects) == (
            "हिन्दी की किताब",
            ("Ann Lee", "Bo Ek"),
            ("one", "two"),
        )

    def test_a_blank_title_is_none(self, read: Read):
        assert read(about(Title=b"(  )")).title is None

    def test_the_declared_language_is_read(self, read: Read):
        assert read(pdf(catalog=b"/Lang(de_at)")).language == "de-AT"

    def test_the_outline_becomes_the_contents_list(self, read: Read):
        outline = [
            b"<</First 5 0 R/Last 5 0 R/Count 1>>",
            b"<</Title(One)/Parent 4 0 R/First 6 0 R/Dest[3 0 R/Fit]>>",
            b"<</Title(Two)/Parent 5 0 R>>",
        ]
        book = read(pdf(outline, catalog=b"/Outlines 4 0 R"))
        assert book.contents == (ContentsEntry("One", "#page=1", 1), ContentsEntry("Two", None, 2))

    def test_an_outline_that_runs_in_circles_ends(self, read: Read):
        outline = [
            b"<</First 5 0 R>>",
            b"<</Title(One)/First 5 0 R/Next 6 0 R>>",
            b"<</Title(Two)/Next 5 0 R>>",
        ]
        assert len(read(pdf(outline, catalog=b"/Outlines 4 0 R")).contents) == 2

    @pytest.mark.parametrize(
        ("box", "size"),
        [(b"0 0 300 400", (900, 1200)), (b"0 0 30000 10000", (1200, 400)), (b"0 0 3 4", (900, 1200))],
    )
    def test_the_first_page_is_the_cover_at_a_bounded_size(self, read: Read, box: bytes, size: tuple[int, int]):
        cover = read(pdf(page=b"/MediaBox[%s]" % box)).cover
        assert cover is not None
        with Image.open(io.BytesIO(cover)) as image:
            assert image.format == "JPEG"
            assert max(image.size) <= 1200
            assert image.size == pytest.approx(size, abs=2)

    def test_a_sliver_of_a_page_gives_no_cover(self, read: Read):
        book = read(pdf(page=b"/MediaBox[0 0 14400 1]"))
        assert (book.pages, book.cover) == (1, None)


class TestRepairAndRefusal:
    def test_rubbish_before_the_first_line_is_forgiven(self, read: Read):
        assert read(b"\n\n" + b" " * 100 + pdf()).pages == 1

    def test_a_broken_table_is_repaired(self, read: Read):
        data = pdf(pages=2)
        assert read(data[: data.index(b"xref")] + b"trailer<</Root 1 0 R>>").pages == 2

    def test_what_cannot_be_repaired_is_broken(self, read: Read):
        with pytest.raises(Refused) as refused:
            read(b"%PDF-1.7\nnothing else")
        assert refused.value.code == "broken"

    def test_a_page_tree_that_runs_in_circles_is_broken(self, read: Read):
        loop = (
            b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
            b"2 0 obj<</Type/Pages/Count 2147483647/Kids[2 0 R 2 0 R]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
        )
        with pytest.raises(Refused) as refused:
            read(loop)
        assert refused.value.code == "broken"

    def test_a_book_without_pages_is_broken(self, read: Read):
        with pytest.raises(Refused) as refused:
            read(pdf(pages=0))
        assert refused.value.code == "broken"

    def test_pages_beyond_counting_are_refused(self, tmp_path: Path):
        path = tmp_path / "upload"
        path.write_bytes(pdf(pages=11))
        with pytest.raises(Refused) as refused:
            read_book(path, Limits(pages=10))
        assert refused.value.code == "too_large"

    def test_a_password_is_said_to_be_one(self, read: Read):
        locked = b"/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>/ID[<00><00>]" % (
            b"00" * 32,
            b"00" * 32,
        )
        with pytest.raises(Refused) as refused:
            read(pdf(trailer=locked))
        assert refused.value.code == "encrypted"

    def test_a_sellers_lock_is_said_to_be_one(self, read: Read):
        with pytest.raises(Refused) as refused:
            read(pdf(trailer=b"/Encrypt<</Filter/EBX_HANDLER/V 4>>/ID[<00><00>]"))
        assert refused.value.code == "drm"

    def test_no_script_in_a_pdf_can_run_because_there_is_no_engine(self, read: Read):
        assert not set(pypdfium2.PDFIUM_INFO.flags) & {"V8", "XFA"}
        assert read(pdf(catalog=b"/OpenAction<</S/JavaScript/JS(while\\(1\\);)>>")).pages == 1
