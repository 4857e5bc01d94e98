"""What the library reads from an EPUB, and what it forgives. Each book goes the whole way, through the
child process.
"""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from chalicelib.catalogue.intake import ContentsEntry, Limits, Reading, Refused, read_book, transcript
from tests.factories_books import CHAPTER_ITEM, CONTAINER, NAV, NAV_ITEM, epub, package, parts, picture, zipped

Read = Callable[[bytes], Reading]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read_bytes(data: bytes) -> Reading:
        path = tmp_path / "upload"
        path.write_bytes(data)
        return read_book(path)

    return read_bytes


def cover_item(href: str, more: str = "") -> str:
    return f'{CHAPTER_ITEM}<item id="cov" href="{href}" media-type="image/png" {more}/>'


def sizes_of(book: Reading) -> list[tuple[int, int]]:
    for cover in book.covers:
        with Image.open(io.BytesIO(cover.jpeg)) as image:
            assert (image.format, image.size) == ("JPEG", (cover.width, cover.height))
    return [(cover.width, cover.height) for cover in book.covers]


class TestWhatABookSaysOfItself:
    def test_title_authors_and_language_are_read(self, read: Read):
        book = read(epub())
        assert (book.format, book.title, book.authors, book.language) == (
            "epub",
            "A Book",
            ("Somebody",),
            "en",
        )

    def test_a_book_that_says_nothing_of_itself_is_still_read(self, read: Read):
        book = read(epub(package(metadata="")))
        assert (book.title, book.authors, book.language, book.covers) == (None, (), None, ())

    def test_white_space_is_tidied_and_control_and_bidi_characters_are_taken_out(self, read: Read):
        title = "  A\n\t long&#13;&#10;title &#x202E;desrever&#x2066; "
        assert read(epub(package(f"<dc:title>{title}</dc:title>"))).title == "A long title desrever"

    def test_joiners_that_a_script_needs_stay(self, read: Read):
        assert read(epub(package("<dc:title>می‌خواهم</dc:title>"))).title == "می‌خواهم"

    def test_a_title_of_a_megabyte_is_cut_at_500_characters(self, read: Read):
        title = read(epub(package(f"<dc:title>{'L' * 1_000_000}</dc:title>"))).title
        assert title is not None
        assert len(title) == 500
        assert title.endswith("L…")

    def test_markup_in_a_title_stays_text(self, read: Read):
        assert read(epub(package("<dc:title>&lt;b&gt; &amp; so on</dc:title>"))).title == "<b> & so on"

    def test_a_description_in_html_becomes_lines_of_plain_text(self, read: Read):
        html = "&lt;p&gt;One &amp;amp; two&lt;/p&gt;&lt;script&gt;x()&lt;/script&gt;&lt;p&gt;three&lt;/p&gt;"
        assert read(epub(package(f"<dc:description>{html}</dc:description>"))).description == "One & two\nthree"

    def test_the_main_title_is_chosen_among_several(self, read: Read):
        titles = (
            '<dc:title id="a">Series</dc:title><meta refines="#a" property="title-type">collection</meta>'
            '<dc:title id="b">Proper</dc:title><meta refines="#b" property="title-type">main</meta>'
        )
        assert read(epub(package(titles))).title == "Proper"

    def test_authors_come_in_the_order_that_the_book_gives_them(self, read: Read):
        creators = (
            '<dc:creator id="a">Second</dc:creator><meta refines="#a" property="display-seq">2</meta>'
            '<dc:creator id="b">First</dc:creator><meta refines="#b" property="display-seq">1</meta>'
            '<dc:creator>Third</dc:creator><dc:creator opf:role="aut" opf:file-as="Last, The">Fourth</dc:creator>'
        )
        assert read(epub(package(creators))).authors == ("First", "Second", "Third", "Fourth")

    @pytest.mark.parametrize(
        ("declared", "language"),
        [
            ("en_us", "en-US"),
            ("zh-hant-tw", "zh-Hant-TW"),
            (" ENG ", "en"),
            ("grc", "grc"),
            ("und", None),
            ("English, mostly", None),
            ("", None),
        ],
    )
    def test_languages_are_put_in_their_usual_form(self, read: Read, declared: str, language: str | None):
        assert read(epub(package(f"<dc:language>{declared}</dc:language>"))).language == language

    def test_series_are_read_from_collections_and_from_calibre(self, read: Read):
        collection = (
            '<meta id="s" property="belongs-to-collection">Saga</meta>'
            '<meta refines="#s" property="collection-type">series</meta>'
            '<meta refines="#s" property="group-position">2.5</meta>'
        )
        calibre = '<meta name="calibre:series" content="Saga"/><meta name="calibre:series_index" content="2.5"/>'
        for metadata in (collection, calibre):
            book = read(epub(package(metadata)))
            assert (book.series, book.series_index) == ("Saga", 2.5)

    def test_direction_and_fixed_layout_are_read(self, read: Read):
        book = read(
            epub(
                package(
                    '<meta property="rendition:layout">pre-paginated</meta>',
                    spine_attributes='page-progression-direction="rtl"',
                )
            )
        )
        assert (book.direction, book.fixed_layout) == ("rtl", True)

    def test_one_fixed_page_does_not_make_a_picture_book(self, read: Read):
        manifest = CHAPTER_ITEM + CHAPTER_ITEM.replace("c1", "c2")
        fixed, free = (
            '<itemref idref="c1" properties="rendition:layout-pre-paginated"/>',
            '<itemref idref="c2"/>',
        )
        assert read(epub(package(manifest=manifest, spine=fixed + free))).fixed_layout
        assert not read(epub(package(manifest=manifest, spine=fixed + free * 9))).fixed_layout


class TestHowTheLinesRun:
    @pytest.mark.parametrize(
        ("sheet", "vertical"),
        [
            ("html { -epub-writing-mode: vertical-rl; }", True),
            ("p { margin: 0 } @media print { a {} body.tate { writing-mode : tb-rl } }", True),
            ("h1, .tate > p, .tate { writing-mode: vertical-lr }", True),
            ('@import url("inner.css");', True),
            (".title { writing-mode: vertical-rl }", False),
            ("body .title { writing-mode: vertical-rl }", False),
            ("html { writing-mode: horizontal-tb }", False),
            ("/* html { writing-mode: vertical-rl } */", False),
            ("/*" * 50_000 + "@import " * 20_000 + "{" * 50_000, False),
        ],
    )
    def test_a_style_sheet_for_the_whole_chapter_sets_it_in_columns(self, read: Read, sheet: str, vertical: bool):
        chapter = (
            '<html xmlns="http://www.w3.org/1999/xhtml"><head><link rel="stylesheet" href="a.css"/></head>'
            '<body class="x tate">縦書き</body></html>'
        )
        extra = {"OEBPS/c1.xhtml": chapter, "OEBPS/a.css": sheet, "OEBPS/inner.css": "body{writing-mode:vertical-rl}"}
        assert read(epub(extra=extra)).vertical is vertical

    @pytest.mark.parametrize(
        ("head", "body", "vertical"),
        [
            ("<style>body { writing-mode: vertical-rl }</style>", "", True),
            ("", 'style="-webkit-writing-mode: vertical-rl"', True),
            ('<link rel="alternate stylesheet" href="v.css"/>', "", False),
        ],
        ids=["in the chapter", "on its body", "an alternate"],
    )
    def test_a_chapter_can_say_it_itself_but_an_alternate_sheet_is_not_asked(
        self, read: Read, head: str, body: str, vertical: bool
    ):
        chapter = f'<html xmlns="http://www.w3.org/1999/xhtml"><head>{head}</head><body {body}>縦</body></html>'
        extra = {"OEBPS/c1.xhtml": chapter, "OEBPS/v.css": "html{writing-mode:vertical-rl}"}
        assert read(epub(extra=extra)).vertical is vertical

    def test_a_title_page_in_columns_does_not_make_the_book_so(self, read: Read):
        names = ["c1", "c2", "c3"]
        item = '<item id="{0}" href="{0}.xhtml" media-type="application/xhtml+xml"/>'
        chapters = {f"OEBPS/{name}.xhtml": "<html><body>文</body></html>" for name in names}
        chapters["OEBPS/c1.xhtml"] = '<html><body style="writing-mode:vertical-rl">題</body></html>'
        opf = package(
            manifest="".join(map(item.format, names)), spine="".join(f'<itemref idref="{name}"/>' for name in names)
        )
        assert not read(epub(opf, extra=chapters)).vertical

    def test_an_older_declaration_is_believed(self, read: Read):
        assert read(epub(package('<meta name="primary-writing-mode" content="vertical-rl"/>'))).vertical


class TestContentsAndWords:
    def test_the_contents_list_keeps_its_levels_and_leads_to_places_in_the_book(self, read: Read):
        nav = NAV.format(
            '<nav epub:type="toc"><ol><li><a href="c1.xhtml">One</a>'
            '<ol><li><a href="c1.xhtml#s">A <b>s</b>ection</a></li>'
            '</ol></li><li><span>Part</span></li><li><a href="http://127.0.0.1:9/x">Away</a></li></ol></nav>'
            '<nav epub:type="page-list"><ol><li><a href="c1.xhtml#p1">1</a></li>'
            '<li><a href="c1.xhtml#p2">2</a></li></ol></nav>'
        )
        book = read(epub(package(manifest=CHAPTER_ITEM + NAV_ITEM), extra={"OEBPS/nav.xhtml": nav}))
        assert book.contents == (
            ContentsEntry("One", "OEBPS/c1.xhtml", 1),
            ContentsEntry("A section", "OEBPS/c1.xhtml#s", 2),
            ContentsEntry("Part", None, 1),
        )
        assert book.pages == 2

    def test_the_contents_of_an_older_book_are_read_from_its_ncx(self, read: Read):
        ncx = (
            '<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">'
            '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>One</text></navLabel>'
            '<content src="c1.xhtml"/>'
            '<navPoint><navLabel><text>Two</text></navLabel><content src="c1.xhtml#b"/></navPoint>'
            "</navPoint></navMap></ncx>"
        )
        manifest = CHAPTER_ITEM + '<item id="toc" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
        book = read(epub(package(manifest=manifest, spine_attributes='toc="toc"'), extra={"OEBPS/toc.ncx": ncx}))
        assert book.contents == (
            ContentsEntry("One", "OEBPS/c1.xhtml", 1),
            ContentsEntry("Two", "OEBPS/c1.xhtml#b", 2),
        )

    def test_a_contents_list_of_any_length_is_bounded(self, read: Read):
        lines = '<li><a href="c1.xhtml">x</a></li>' * 5_000
        nav = NAV.format(f'<nav epub:type="toc"><ol>{lines}</ol></nav>')
        book = read(epub(package(manifest=CHAPTER_ITEM + NAV_ITEM), extra={"OEBPS/nav.xhtml": nav}))
        assert len(book.contents) == 1_000

    @pytest.mark.parametrize(
        ("chapter", "words"),
        [
            ("<p>Once <b>u</b>pon<br/>a time—now.</p><p>End</p>", 6),
            ("<p>吾輩は猫である。</p>", 7),
            ("<p>हिन्दी में लिखा</p>", 3),
            ("<p><ruby>東<rt>とう</rt>京<rt>きょう</rt></ruby></p><script>not me</script>", 2),
            ("<p>one<!-- c -->two caf&eacute;&nbsp;noir</p>", 3),
        ],
    )
    def test_words_are_counted_as_their_script_has_them(self, read: Read, chapter: str, words: int):
        assert read(epub(chapter=chapter)).words == words

    @pytest.mark.parametrize("clock", ["PROCESSOR_SECONDS", "CLOCK_SECONDS"])
    def test_what_takes_too_long_stays_unread_and_uncounted(self, monkeypatch: pytest.MonkeyPatch, clock: str):
        from chalicelib.catalogue.intake import epub as epubs

        monkeypatch.setattr(transcript, clock, -1.0)
        (reading,) = epubs.Epub(io.BytesIO(epub()), Limits()).findings()
        assert isinstance(reading, Reading)
        assert (reading.title, reading.words) == ("A Book", None)

    def test_a_chapter_used_twice_counts_once(self, read: Read):
        assert read(epub(package(spine='<itemref idref="c1"/><itemref idref="c1"/>'))).words == 2


class TestCovers:
    COVER_PAGE = '<html xmlns="http://www.w3.org/1999/xhtml"><body><img src="../pics/a%20b.png"/></body></html>'

    @pytest.mark.parametrize(
        ("opf", "extra"),
        [
            (package(manifest=cover_item("x.png", 'properties="cover-image"')), {"OEBPS/x.png": picture()}),
            (
                package('<meta name="cover" content="cov"/>', manifest=cover_item("x.png")),
                {"OEBPS/x.png": picture()},
            ),
            (
                package(after='<guide><reference type="cover" href="text/cover.xhtml"/></guide>'),
                {"OEBPS/text/cover.xhtml": COVER_PAGE, "OEBPS/pics/a b.png": picture()},
            ),
            (package(), {"OEBPS/images/Front-Cover.PNG": picture()}),
        ],
        ids=["EPUB 3", "EPUB 2", "guide", "by its name"],
    )
    def test_a_cover_is_found_in_each_way_that_books_say_it(self, read: Read, opf: str, extra: dict[str, bytes]):
        assert sizes_of(read(epub(opf, extra=extra))) == [(60, 90)]

    @pytest.mark.parametrize(
        ("size", "drawn"),
        [
            ((3000, 2000), [(1200, 800), (480, 320), (240, 160)]),
            ((1000, 3000), [(400, 1200), (240, 720)]),
            ((480, 600), [(480, 600), (240, 300)]),
            ((240, 300), [(240, 300)]),
        ],
    )
    def test_a_cover_is_drawn_in_sizes_for_page_and_lists_but_never_larger_than_it_is(
        self, read: Read, size: tuple[int, int], drawn: list[tuple[int, int]]
    ):
        assert sizes_of(read(epub(extra={"OEBPS/cover.jpg": picture(size=size, form="JPEG")}))) == drawn

    def test_a_sheet_of_blank_paper_is_no_cover_and_the_next_picture_is_tried(self, read: Read):
        blank = {"OEBPS/a-cover.png": picture(tone=250)}
        assert read(epub(extra=blank)).covers == ()
        assert sizes_of(read(epub(extra={**blank, "OEBPS/cover.png": picture(size=(70, 70))}))) == [(70, 70)]

    @pytest.mark.parametrize(
        ("mode", "form"),
        [("RGBA", "PNG"), ("P", "GIF"), ("LA", "PNG"), ("1", "PNG"), ("CMYK", "JPEG"), ("I;16", "PNG")],
    )
    def test_pictures_of_odd_modes_are_drawn(self, read: Read, mode: str, form: str):
        extra = {"OEBPS/cover.png": picture(mode, form=form)}
        assert sizes_of(read(epub(extra=extra))) == [(60, 90)]

    def test_of_an_svg_cover_only_the_picture_inside_is_taken(self, read: Read):
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><script>x()</script>'
            '<image xlink:href="inner.png"/></svg>'
        )
        opf = package(manifest=cover_item("front.svg", 'properties="cover-image"'))
        book = read(epub(opf, extra={"OEBPS/front.svg": svg, "OEBPS/inner.png": picture()}))
        assert sizes_of(book) == [(60, 90)]
        assert read(epub(opf, extra={"OEBPS/front.svg": svg})).covers == ()

    def test_nothing_that_was_hidden_in_the_picture_comes_along(self, read: Read):
        hidden = picture() + b"<script>alert(1)</script>"
        (cover,) = read(epub(extra={"OEBPS/cover.png": hidden})).covers
        assert b"script" not in cover.jpeg

    def test_a_book_whose_cover_is_no_picture_is_still_read(self, read: Read):
        book = read(epub(extra={"OEBPS/cover.png": b"\x89PNG\r\n\x1a\n rubbish"}))
        assert (book.title, book.covers) == ("A Book", ())


class TestWhatIsForgiven:
    def test_a_book_whose_manifest_names_a_missing_file_is_still_read(self, read: Read):
        manifest = CHAPTER_ITEM + CHAPTER_ITEM.replace("c1", "gone")
        book = read(epub(package(manifest=manifest, spine='<itemref idref="gone"/><itemref idref="c1"/>')))
        assert book.words == 2

    @pytest.mark.parametrize("mimetype", [" application/epub+zip\r\n", "\ufeffapplication/epub+zip", "text/plain"])
    def test_a_careless_media_type_is_no_obstacle(self, read: Read, mimetype: str):
        assert read(epub(extra={"mimetype": mimetype})).title == "A Book"

    def test_a_missing_media_type_is_no_obstacle(self, read: Read):
        assert read(epub(without=["mimetype"])).title == "A Book"

    def test_of_several_packages_the_first_is_read(self, read: Read):
        container = (
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/package.opf"/><rootfile full-path="other.opf"/></rootfiles></container>'
        )
        other = package("<dc:title>Other</dc:title>")
        assert read(epub(extra={"META-INF/container.xml": container, "other.opf": other})).title == "A Book"

    @pytest.mark.parametrize(
        "first",
        [
            '<rootfile full-path="gone.opf" media-type="application/oebps-package+xml"/>',
            '<rootfile full-path="other.pdf" media-type="application/pdf"/>',
            '<rootfile media-type="application/oebps-package+xml"/>',
        ],
        ids=["missing", "another form of the book", "nameless"],
    )
    def test_a_rootfile_that_is_no_package_gives_way_to_the_next(self, read: Read, first: str):
        container = CONTAINER.replace("<rootfiles>", f"<rootfiles>{first}")
        assert read(epub(extra={"META-INF/container.xml": container, "other.pdf": "%PDF-"})).title == "A Book"

    @pytest.mark.parametrize(
        ("entry", "href"),
        [
            ("OEBPS/Text/C1.XHTML", "text/c1.xhtml"),
            ("OEBPS/a b.xhtml", "a%20b.xhtml"),
            ("OEBPS/a%20b.xhtml", "a%20b.xhtml"),
            ("OEBPS/caf\u00e9.xhtml", "cafe\u0301.xhtml"),
            ("OEBPS/c1.xhtml", "../oebps/./c1.xhtml"),
        ],
        ids=["case", "percent", "percent in both", "accents", "folders"],
    )
    def test_a_part_is_found_whose_name_is_written_otherwise(self, read: Read, entry: str, href: str):
        manifest = f'<item id="c1" href="{href}" media-type="application/xhtml+xml"/>{NAV_ITEM}'
        nav = NAV.format(f'<nav epub:type="toc"><ol><li><a href="{href}#s">One</a></li></ol></nav>')
        extra = {entry: "<html><body>one two three</body></html>", "OEBPS/nav.xhtml": nav}
        without = [] if entry == "OEBPS/c1.xhtml" else ["OEBPS/c1.xhtml"]
        book = read(epub(package(manifest=manifest), extra=extra, without=without))
        assert (book.words, book.contents) == (3, (ContentsEntry("One", f"{entry}#s", 1),))

    @pytest.mark.parametrize(
        ("declared", "actual"),
        [("utf-16", "utf-16"), ("utf-8", "utf-16"), ("utf-16", "utf-8"), ("utf-8", "cp1252"), ("latin-1", "latin-1")],
    )
    def test_a_package_in_any_encoding_is_read_whatever_it_declares(self, read: Read, declared: str, actual: str):
        opf = package("<dc:title>Éloge</dc:title>").replace('encoding="utf-8"', f'encoding="{declared}"')
        assert read(epub(extra={"OEBPS/package.opf": opf.encode(actual)})).title == "Éloge"

    @pytest.mark.parametrize(
        ("media_type", "chapter"),
        [
            ("application/x-dtbook+xml", "<dtbook><book><bodymatter><p>one two</p></bodymatter></book></dtbook>"),
            ("text/x-oeb1-document", "<html><body>one two</body></html>"),
            ("text/html", "<html><body><p>one<p>two</body>"),
        ],
    )
    def test_the_chapters_of_older_forms_are_read(self, read: Read, media_type: str, chapter: str):
        manifest = f'<item id="c1" href="c1.xml" media-type="{media_type}"/>'
        assert read(epub(package(manifest=manifest), extra={"OEBPS/c1.xml": chapter})).words == 2

    def test_a_book_with_sound_and_script_is_a_book(self, read: Read):
        manifest = (
            '<item id="c1" href="c1.xhtml" media-type="application/xhtml+xml" properties="scripted" media-overlay="s"/>'
            '<item id="s" href="c1.smil" media-type="application/smil+xml"/>'
            '<item id="a" href="c1.mp3" media-type="audio/mpeg"/>'
        )
        smil = '<smil xmlns="http://www.w3.org/ns/SMIL"><body><par><text src="c1.xhtml#a"/></par></body></smil>'
        chapter = "<p id='a'>one two</p><script>while(1);</script>"
        book = read(epub(package(manifest=manifest), chapter, extra={"OEBPS/c1.smil": smil, "OEBPS/c1.mp3": b"\xff"}))
        assert (book.title, book.words) == ("A Book", 2)

    def test_a_harmless_doctype_is_accepted(self, read: Read):
        doctype = '<!DOCTYPE package PUBLIC "+//ISBN 0-9673008-1-9//DTD OEB 1.2 Package//EN" "oebpkg12.dtd">'
        assert read(epub(package(doctype=doctype))).title == "A Book"

    def test_a_chapter_that_is_not_well_formed_is_read_as_far_as_it_goes(self, read: Read):
        assert read(epub(chapter="<p>one<br>two &unknown; three")).words == 3

    def test_a_chapter_with_thousands_of_unclosed_breaks_is_no_attack(self, read: Read):
        assert read(epub(chapter="<p>word<br>" * 3_000)).title == "A Book"

    def test_names_in_unmarked_utf8_are_found(self, read: Read):
        manifest = '<item id="c1" href="%E7%AB%A0.xhtml" media-type="application/xhtml+xml"/>'
        data = zipped(parts(package(manifest=manifest), extra={"OEBPS/xxx.xhtml": "<p>one two three</p>"}))
        assert read(data.replace(b"OEBPS/xxx.xhtml", "OEBPS/章.xhtml".encode())).words == 3

    @pytest.mark.parametrize("algorithm", ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"])
    def test_obfuscated_fonts_are_not_taken_for_a_lock(self, read: Read, algorithm: str):
        assert read(epub(extra={"META-INF/encryption.xml": encryption(algorithm)})).title == "A Book"


class TestLockedBooks:
    @pytest.mark.parametrize(
        "extra",
        [
            {"META-INF/license.lcpl": "{}"},
            {"META-INF/sinf.xml": "<sinf/>"},
            {"META-INF/rights.xml": '<rights xmlns="http://ns.adobe.com/adept"/>'},
        ],
        ids=["LCP", "Apple", "Adobe"],
    )
    def test_a_book_locked_by_its_seller_is_refused_as_such(self, read: Read, extra: dict[str, str]):
        with pytest.raises(Refused) as refusal:
            read(epub(extra=extra))
        assert refusal.value.code == "drm"

    def test_a_chapter_under_any_cipher_is_a_lock(self, read: Read):
        with pytest.raises(Refused) as refusal:
            read(epub(extra={"META-INF/encryption.xml": encryption("http://www.w3.org/2001/04/xmlenc#aes256-cbc")}))
        assert refusal.value.code == "drm"


def encryption(algorithm: str) -> str:
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#">'
        f'<enc:EncryptedData><enc:EncryptionMethod Algorithm="{algorithm}"/><enc:CipherData>'
        '<enc:CipherReference URI="OEBPS/c1.xhtml"/></enc:CipherData></enc:EncryptedData></encryption>'
    )
