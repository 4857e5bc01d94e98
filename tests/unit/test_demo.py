"""The demo's texts, and the files that are made of them."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pypdfium2
import pytest
from lxml import etree

from chalicelib.accounts.schemas import ProfilePatch, Registration
from chalicelib.catalogue.schemas import NewBook
from infra.local.demo import epub, pdf, people, shelves, texts
from infra.local.demo.texts import Text

TEXTS = {text.name: text for text in texts.everything()}
EPUBS = [name for name, text in TEXTS.items() if text.format == "epub"]
PDFS = [name for name, text in TEXTS.items() if text.format == "pdf"]
NAMESPACES = {"opf": "http://www.idpf.org/2007/opf", "x": "http://www.w3.org/1999/xhtml"}
OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"


def parts(text: Text) -> dict[str, bytes]:
    """The entries of an EPUB by name, in their order."""
    with zipfile.ZipFile(io.BytesIO(epub.make(text))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def package(text: Text) -> Any:
    return etree.fromstring(parts(text)["EPUB/package.opf"])


# ------------------------------------------------------------------------------------------------ the texts


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_has_a_head_that_the_catalogue_takes_and_chapters_to_read(name: str) -> None:
    text = TEXTS[name]
    said = {
        "title": text.title,
        "authors": list(text.authors),
        "description": text.description,
        "language": text.language,
        "subjects": list(text.subjects),
        "content": text.content,
        **text.terms,
    }
    assert msgspec.convert(said, NewBook).title == text.chapters[0].title
    assert all([text.description, *text.authors, *text.subjects])
    assert len(text.filed) == len(text.authors)
    assert set() < set(text.sections) <= set(shelves.SECTIONS)
    assert len(text.chapters) >= 4
    assert all(chapter.title and chapter.blocks for chapter in text.chapters)


@pytest.mark.parametrize("name", TEXTS)
def test_no_mark_of_markdown_is_left_among_the_words(name: str) -> None:
    runs = [run for chapter in TEXTS[name].chapters for block in chapter.blocks for line in block.lines for run in line]
    words = " ".join(run for _, run in runs) + " ".join(chapter.title for chapter in TEXTS[name].chapters)
    assert not re.search(r"[*#`\\<>_]|\]\(|^[-\d]", words)


def test_the_shelves_hold_many_languages_scripts_and_ways_of_writing() -> None:
    there = TEXTS.values()
    assert len({text.language.partition("-")[0] for text in there}) >= 10
    assert {text.language for text in there if text.direction == "rtl"} == {"ar", "ur"}
    assert [text.language for text in there if text.vertical] == ["ja"]
    assert {text.format for text in there} == {"markdown", "epub", "pdf"}
    assert {text.terms["grant"] for text in there} == {"librarian", "automatic"}
    assert any(text.terms.get("copies") == 1 for text in there)
    assert any("price" in text.terms for text in there)
    assert any(len(text.sections) > 1 for text in there)
    assert len({text.terms["loan_period"] for text in there}) > 3


def test_a_head_that_says_something_unknown_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "odd.md"
    path.write_text((texts.BOOKS / "01-the-lamp.md").read_text().replace("copies:", "coppies:"))
    with pytest.raises(ValueError, match="coppies"):
        texts.read(path)


# -------------------------------------------------------------------------------------------------- EPUBs


@pytest.mark.parametrize("name", [*EPUBS, *PDFS])
def test_the_same_text_makes_the_same_bytes(name: str) -> None:
    make = {"epub": epub, "pdf": pdf}[TEXTS[name].format].make
    assert make(TEXTS[name]) == make(texts.read(texts.BOOKS / f"{name}.md"))


@pytest.mark.parametrize("name", EPUBS)
def test_an_epub_begins_with_its_type_bare_and_names_all_its_parts(name: str) -> None:
    made, there = epub.make(TEXTS[name]), parts(TEXTS[name])
    assert made[30:58] == b"mimetypeapplication/epub+zip"
    assert next(iter(there)) == "mimetype"
    items = package(TEXTS[name]).findall(".//opf:item", NAMESPACES)
    hrefs = ["EPUB/" + item.get("href") for item in items]
    assert sorted(hrefs) == sorted(set(there) - {"mimetype", "META-INF/container.xml", "EPUB/package.opf"})
    assert [item.get("href") for item in items if item.get("properties") == "nav"] == ["nav.xhtml"]
    ids = [element.get("id") for element in package(TEXTS[name]).iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    pages = {item.get("id") for item in items if item.get("href").startswith("chapter")}
    assert {ref.get("idref") for ref in package(TEXTS[name]).findall(".//opf:itemref", NAMESPACES)} == pages


@pytest.mark.parametrize("name", EPUBS)
def test_an_epub_says_what_its_head_says(name: str) -> None:
    text, root = TEXTS[name], package(TEXTS[name])

    def said(tag: str) -> list[str]:
        return [element.text for element in root.iter(tag)]

    def about(prop: str) -> list[str]:
        return [meta.text for meta in root.iter(OPF + "meta") if meta.get("property") == prop]

    assert said(DC + "title") == [text.title]
    assert said(DC + "creator") == list(text.authors)
    assert said(DC + "language") == [text.language]
    assert said(DC + "subject") == list(text.subjects)
    assert said(DC + "description") == [text.description]
    assert said(DC + "publisher") == ["Carrel"]
    assert about("file-as") == list(text.filed)
    assert about("display-seq") == [str(n) for n in range(1, len(text.authors) + 1)]
    assert (about("belongs-to-collection"), about("group-position")) == (
        ([text.series[0]], [str(text.series[1])]) if text.series else ([], [])
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", about("dcterms:modified")[0])
    assert root.find("opf:spine", NAMESPACES).get("page-progression-direction") == text.pages_turn


@pytest.mark.parametrize("name", EPUBS)
def test_every_page_of_an_epub_is_well_formed_and_the_contents_lead_to_each(name: str) -> None:
    text, there = TEXTS[name], parts(TEXTS[name])
    for part in (part for part in there if part.endswith(".xhtml")):
        page = etree.fromstring(there[part])
        assert (page.get("lang"), page.get("dir")) == (text.language, text.direction)
        assert page.findtext("x:head/x:title", namespaces=NAMESPACES)
    links = etree.fromstring(there["EPUB/nav.xhtml"]).findall(".//x:nav//x:a", NAMESPACES)
    assert [link.text for link in links] == [chapter.title for chapter in text.chapters]
    assert ["EPUB/" + link.get("href") for link in links] == [part for part in there if "/chapter" in part]


def test_the_japanese_book_is_set_from_top_to_bottom_and_turns_to_the_left() -> None:
    [text] = [text for text in TEXTS.values() if text.vertical]
    assert b"writing-mode: vertical-rl" in parts(text)["EPUB/style.css"]
    assert (text.direction, text.pages_turn) == ("ltr", "rtl")


# --------------------------------------------------------------------------------------------------- PDFs


@pytest.mark.parametrize("name", PDFS)
def test_the_pdf_has_all_the_words_and_an_outline_that_leads_to_its_chapters(name: str) -> None:
    text = TEXTS[name]
    document = pypdfium2.PdfDocument(pdf.make(text))
    pages = [page.get_textpage().get_text_range() for page in document]
    assert document.get_metadata_dict()["Title"] == text.title
    assert document.get_metadata_dict()["Author"] == "; ".join(text.authors)
    outline = [(mark.get_title(), mark.get_dest().get_index()) for mark in document.get_toc()]
    assert [title for title, _ in outline] == [chapter.title for chapter in text.chapters]
    assert all(title.split()[0] in pages[page] for title, page in outline)
    shown = re.sub(r"\s+|\d+\s*$", "", "".join(pages))
    for chapter in text.chapters[1:]:
        for block in chapter.blocks:
            last = "".join(run for _, run in block.lines[-1])
            assert re.sub(r"\s+", "", last)[-20:] in shown


@pytest.mark.parametrize("name", PDFS)
def test_no_line_of_the_pdf_runs_over_the_edge(name: str) -> None:
    for page in pypdfium2.PdfDocument(pdf.make(TEXTS[name])):
        words = page.get_textpage()
        edges = [words.get_rect(number) for number in range(words.count_rects())]
        assert edges
        assert all(left >= pdf.LEFT - 1 and right <= pdf.WIDTH - pdf.RIGHT + 4 for left, _, right, _ in edges)
        assert all(bottom > 20 for _, bottom, _, _ in edges)


# ------------------------------------------------------------------------------------------------- people


@pytest.mark.parametrize("patron", people.PATRONS, ids=lambda patron: patron.username)
def test_a_patron_of_the_demo_could_have_registered(patron: people.Patron) -> None:
    msgspec.convert({"username": patron.username, "password": "long enough", "name": patron.name}, Registration)
    msgspec.convert({"timezone": patron.timezone, "language": patron.language}, ProfilePatch)


def test_everybody_and_every_book_of_the_demo_is_known() -> None:
    assert {visit.book for visit in people.VISITS} == set(TEXTS)
    assert {visit.patron for visit in people.VISITS} == {patron.username for patron in people.PATRONS}
    assert [visit.asked for visit in people.VISITS] == sorted((v.asked for v in people.VISITS), reverse=True)
