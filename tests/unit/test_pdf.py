"""Pages on paper."""

from __future__ import annotations

import re
from ctypes import POINTER, c_ushort, cast, create_string_buffer
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pypdfium2
import pypdfium2.raw as raw
import pytest

from chalicelib import pdf
from chalicelib.reports import charts, pages

needs_printer = pytest.mark.skipif(not pdf.is_possible(), reason="Pango, which WeasyPrint draws with, is not here")

PAGE = """<!doctype html><html lang="hi"><head><title>रिपोर्ट</title></head><body>
<h1>Month</h1><p>Names: Ελένη, Ben</p><img src="{url}"><link rel="stylesheet" href="{url}"></body></html>"""


@needs_printer
def test_a_page_is_printed_with_its_title_its_language_and_tags() -> None:
    printed = pdf.printed(PAGE.format(url="data:,"))
    document = pypdfium2.PdfDocument(printed)
    assert document.get_metadata_value("Title") == "रिपोर्ट"
    assert "Names: Ελένη, Ben" in document[0].get_textpage().get_text_range()
    assert raw.FPDFCatalog_IsTagged(document)
    length = raw.FPDFCatalog_GetLanguage(document, None, 0)
    language = create_string_buffer(length)
    raw.FPDFCatalog_GetLanguage(document, cast(language, POINTER(c_ushort)), length)
    assert language.raw.decode("utf-16-le").rstrip("\0") == "hi"


@needs_printer
def test_what_a_page_names_is_not_fetched(tmp_path: Path) -> None:
    asked: list[str] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)

    door = HTTPServer(("127.0.0.1", 0), Door)
    Thread(target=door.serve_forever, daemon=True).start()
    try:
        secret = tmp_path / "secret.css"
        secret.write_text("h1::after { content: 'secret' }")
        for url in (f"http://127.0.0.1:{door.server_port}/x", secret.as_uri()):
            printed = pypdfium2.PdfDocument(pdf.printed(PAGE.format(url=url)))
            assert "secret" not in printed[0].get_textpage().get_text_range()
    finally:
        door.shutdown()
        door.server_close()
    assert asked == []


def test_columns_are_as_tall_as_their_numbers() -> None:
    drawn = charts.columns(["1", "2"], [[4, 2]], ["#000"], "a & b")
    heights = [float(part.split('"')[0]) for part in drawn.split('height="')[1:]]
    assert heights[0] == 2 * heights[1]
    assert "<title>a &amp; b</title>" in drawn


def test_a_chart_of_nothing_is_an_empty_one() -> None:
    assert "<rect" not in charts.columns(["1", "2"], [[0, 0]], ["#000"], "")
    assert charts.columns([], [], [], "").startswith("<svg")


@needs_printer
def test_the_contents_say_on_which_page_each_part_is() -> None:
    style = (Path(pages.__file__).with_name("templates") / "sheet.css").read_text()
    lines = "".join(f'<li><a href="#{part}">{part}</a></li>' for part in ("One", "Two"))
    parts = '<section id="One">.</section><section id="Two" style="break-before: page">.</section>'
    html = (
        f'<!doctype html><html lang="en"><head><title>t</title><style>{style}</style></head>'
        f'<body><nav class="contents"><ol>{lines}</ol></nav>{parts}</body></html>'
    )
    contents = pypdfium2.PdfDocument(pdf.printed(html))[0].get_textpage().get_text_range()
    assert re.findall(r"(One|Two)\W*(\d+)", contents) == [("One", "2"), ("Two", "3")]
