"""A folder is walked to its last book, and never left."""

from __future__ import annotations

import os
from pathlib import Path
from zipfile import ZipInfo

import pytest

from infra.importer import folders
from tests.factories_books import epub, pdf, zipped
from tests.factories_calibre import CalibreBook, calibre_library


def made(root: Path, *names: str, content: bytes = b"%PDF-1.7") -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def found(root: Path) -> list[str]:
    """The files that would be tried, from the folder on."""
    candidates = list(folders.candidates(root))
    assert folders.count(root) == len(candidates)
    return [str(file.relative_to(root)) for each in candidates for file in each.files]


def test_files_of_any_depth_are_found_in_order(tmp_path: Path) -> None:
    made(tmp_path, "b.epub", "a/c.pdf", "a/b/c/d/e.epub", "ü 書/f.epub")
    assert found(tmp_path) == ["b.epub", "a/c.pdf", "a/b/c/d/e.epub", "ü 書/f.epub"]


def test_what_is_hidden_or_left_by_macos_is_left_out(tmp_path: Path) -> None:
    made(tmp_path, ".a.epub", "._b.epub", ".caltrash/c.epub", "__MACOSX/d.epub", "__MACOSX/x/e.epub", "f.epub")
    assert found(tmp_path) == ["f.epub"]


def test_links_are_not_followed_out_or_around(tmp_path: Path) -> None:
    made(tmp_path / "outside", "secret.epub")
    root = made(tmp_path / "root", "a.epub", "sub/b.epub")
    (root / "sub" / "loop").symlink_to(root, target_is_directory=True)
    (root / "out").symlink_to(tmp_path / "outside", target_is_directory=True)
    (root / "out.epub").symlink_to(tmp_path / "outside" / "secret.epub")
    (root / "nowhere.epub").symlink_to(root / "not there")
    assert found(root) == ["a.epub", "sub/b.epub"]


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.epub")
    made(tmp_path, "a.epub")
    assert found(tmp_path) == ["a.epub"]


def test_what_obviously_is_something_else_is_not_tried(tmp_path: Path) -> None:
    made(tmp_path, "cover.jpg", "notes.TXT", "list.csv", "Thumbs.db", content=b"something")
    made(tmp_path, "letter.docx", "archive.zip", content=zipped({"word/document.xml": b"x"}))
    assert found(tmp_path) == []


def test_bytes_count_for_more_than_names(tmp_path: Path) -> None:
    made(tmp_path, "really.txt", "no ending", content=zipped({ZipInfo("mimetype"): "application/epub+zip"}))
    made(tmp_path, "also.jpg", content=pdf())
    made(tmp_path, "other.mobi", content=b"BOOKMOBI")
    assert found(tmp_path) == ["also.jpg", "no ending", "other.mobi", "really.txt"]


def test_a_calibre_library_further_down_is_one(tmp_path: Path) -> None:
    made(tmp_path, "a.epub")
    calibre_library(tmp_path / "My Library", [CalibreBook("The Lamp", files={"EPUB": epub()})])
    first, second = folders.candidates(tmp_path)
    assert first.about == {}
    assert second.about["title"] == "The Lamp"


def test_a_folder_that_cannot_be_opened_is_told_of(tmp_path: Path) -> None:
    (candidate,) = folders.candidates(tmp_path / "gone")
    assert candidate.trouble == "This folder cannot be opened: No such file or directory."


def test_a_name_that_is_no_text_can_be_shown(tmp_path: Path) -> None:
    try:
        made(tmp_path, os.fsdecode(b"caf\xe9\n\xe2\x80\xae.epub"))
    except OSError:
        pytest.skip("this file system has only names that are text")
    (candidate,) = folders.candidates(tmp_path)
    assert candidate.place.endswith("caf\ufffd .epub")
    candidate.place.encode()
