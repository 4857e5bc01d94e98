"""`python -m chalicelib.catalogue.intake FILE…`, for an operator who wonders about a book."""

from pathlib import Path

import pytest

from chalicelib.catalogue.intake.__main__ import main
from tests.factories_books import epub, picture


def test_every_file_has_its_line_with_what_is_read_or_why_it_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    book, page = tmp_path / "book.epub", tmp_path / "page.epub"
    book.write_bytes(epub(extra={"OEBPS/cover.png": picture()}))
    page.write_text("<html>")
    main([str(book), str(page), str(tmp_path / "gone.epub")])
    first, second, third = capsys.readouterr().out.splitlines()
    assert first.startswith("book.epub | epub | A Book | Somebody | en | - pages, 2 words")
    assert "covers 60x90" in first
    assert first.endswith(" MB")
    assert second.startswith("page.epub | refused | not_a_book")
    assert third.startswith("gone.epub | cannot be read")
