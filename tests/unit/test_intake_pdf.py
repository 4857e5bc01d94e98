"""What the library reads from a PDF, and what it refuses."""

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from chalicelib.catalogue.intake import ContentsEntry, Limits, Reading, Refused, read_book, transcript
from tests.factories_books import pdf, stream

Read = Callable[[bytes], Reading]
# A page that is black from edge to edge, whatever its size.
BLACK = stream(b"0 0 30000 30000 re f")


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


def leaf(content: int) -> bytes:
    """A page of its own, with a font, whose content is another object."""
    font = b"/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    return b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]%s/Contents %d 0 R>>" % (font, content)


def words(said: bytes) -> bytes:
    return stream(b"BT /F 12 Tf 10 200 Td (%s) Tj ET" % said)


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
        cover = read(pdf([BLACK], page=b"/Contents 4 0 R/MediaBox[%s]" % box)).covers[0]
        with Image.open(io.BytesIO(cover.jpeg)) as image:
            assert image.format == "JPEG"
            assert max(image.size) <= 1200
            assert image.size == pytest.approx(size, abs=2)

    @pytest.mark.parametrize(("blank", "found"), [(0, True), (2, True), (3, False)])
    def test_the_first_of_three_pages_that_is_not_blank_is_the_cover(self, read: Read, blank: int, found: bool):
        sheet = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]>>"
        book = read(pdf([BLACK, sheet], page=b"/Contents 4 0 R", kids=b"5 0 R " * blank + b"3 0 R", pages=blank + 1))
        assert bool(book.covers) is found

    def test_a_sliver_of_a_page_gives_no_cover(self, read: Read):
        book = read(pdf(page=b"/MediaBox[0 0 14400 1]"))
        assert (book.pages, book.covers) == (1, ())


class TestText:
    def test_what_its_pages_say_is_kept_page_by_page_and_counted(self, read: Read):
        pages = [words(b"One two"), words(b""), words(b"three")]
        objects = [each for number, content in enumerate(pages) for each in (leaf(5 + 2 * number), content)]
        book = read(pdf(objects, pages=3, kids=b"4 0 R 6 0 R 8 0 R"))
        assert [json.loads(line) for line in gzip.decompress(book.text or b"").splitlines()] == [
            {"href": "#page=1", "text": "One two"},
            {"href": "#page=3", "text": "three"},
        ]
        assert book.words == 3

    def test_pages_without_text_give_none(self, read: Read):
        book = read(pdf([BLACK], page=b"/Contents 4 0 R/MediaBox[0 0 300 400]"))
        assert (book.text, book.words) == (None, None)

    def test_the_language_is_read_from_the_text_where_none_is_declared(self, read: Read):
        sentence = b"The keeper of the lighthouse climbed the narrow stairs with a lamp in his hand. "
        objects = [leaf(5), words(sentence * 6)]
        assert read(pdf(objects, pages=1, kids=b"4 0 R")).language == "en"
        book = read(pdf(objects, pages=1, kids=b"4 0 R", catalog=b"/Lang(en-GB)"))
        assert (book.language, book.declared_language) == ("en-GB", "en-GB")

    @pytest.mark.parametrize("clock", ["PROCESSOR_SECONDS", "CLOCK_SECONDS"])
    def test_what_takes_too_long_stays_unread_and_uncounted(self, monkeypatch: pytest.MonkeyPatch, clock: str):
        from chalicelib.catalogue.intake import pdf as pdfs

        data = pdf([leaf(5), words(b"One two")], pages=1, kids=b"4 0 R")
        monkeypatch.setattr(transcript, clock, -1.0)
        findings = list(pdfs.Pdf(io.BytesIO(data), Limits()).findings())
        assert [finding.words for finding in findings if isinstance(finding, Reading)] == [None]


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
        assert refused.value.code == "too_complex"

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
