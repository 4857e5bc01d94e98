"""Bringing in the books that somebody has, into a library that is open: whatever happens, each comes in once."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.processes import ROOT
from tests.client import Client, over_http
from tests.factories_books import DEFAULT_METADATA, epub, package, parts, pdf, picture, zipped
from tests.factories_calibre import CalibreBook, calibre_library
from tests.running import running_library

PATIENCE = 120.0
"""Seconds for what takes a few."""


class Library:
    """An open library, and `./carrel import` on it."""

    def __init__(self, data: Path, address: str) -> None:
        self.data = data
        self.visitor = Client(over_http(address))

    def start(self, *words: str | Path, cwd: Path = ROOT) -> subprocess.Popen[str]:
        """An import under way, in a group of processes of its own, as a terminal has it."""
        return subprocess.Popen(
            [str(ROOT / "carrel"), "import", *map(str, words)],
            cwd=cwd,
            env={**os.environ, "CARREL_DATA": str(self.data)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def bring_in(self, *words: str | Path, cwd: Path = ROOT) -> tuple[int, str, str]:
        """The status of an import, and what it says."""
        with self.start(*words, cwd=cwd) as process:
            said, errors = process.communicate(timeout=PATIENCE)
            return process.returncode, said, errors

    def books(self, start: str) -> list[dict[str, Any]]:
        """Those whose title begins so."""
        items: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = self.visitor.get(f"/books?limit=100{f'&cursor={cursor}' if cursor else ''}").json
            items += page["items"]
            if not (cursor := page["next_cursor"]):
                return [item for item in items if item["title"].startswith(start)]

    def sections(self) -> Counter[str]:
        return Counter(each["name"] for each in self.visitor.get("/sections?limit=100").json["items"])


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    data = tmp_path_factory.mktemp("library")
    with running_library(data) as address:
        yield Library(data, address)


def titled(title: str, **more: Any) -> bytes:
    return epub(package(f"<dc:title>{title}</dc:title><dc:creator>Ada Ito</dc:creator>"), **more)


def shelf(root: Path, start: str, number: int) -> Path:
    """A folder of so many EPUBs, in folders of ten."""
    for n in range(number):
        folder = root / f"{n // 10}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{n}.epub").write_bytes(titled(f"{start} {n:03}"))
    return root


def told(report: Path) -> list[dict[str, str]]:
    with report.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_good_broken_and_hostile_files_of_a_folder_each_get_their_answer(library: Library, tmp_path: Path) -> None:
    root = shelf(tmp_path / "books", "Mixed", 20)
    reaching_out = '<!DOCTYPE package [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    rights = '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"/>'
    for name, content in {
        "twin.bin": titled("Mixed 000"),
        "Mixed paper.pdf": pdf(pages=3),
        "formula.epub": titled("=Mixed formula"),
        "cut.epub": titled("Cut")[:300],
        "empty.epub": b"",
        "novel.epub": b"only words",
        "hostile.epub": epub(package(DEFAULT_METADATA, doctype=reaching_out)),
        "bomb.epub": titled("Bomb", chapter="0" * 60_000_000),
        "locked.epub": zipped({**parts(), "META-INF/rights.xml": "x", "META-INF/encryption.xml": rights}),
        "old.mobi": b"BOOKMOBI" * 100,
        "notes.txt": b"words",
        "cover.jpg": picture(),
        ".hidden.epub": titled("Hidden"),
    }.items():
        (root / name).write_bytes(content)
    report = tmp_path / "report.csv"
    status, said, _ = library.bring_in(
        root, "--section", "Found", "--section", "found", "--copies", "2", "--grant", "automatic", "--report", report
    )
    assert status == 1
    by_name = {Path(row["path"]).name: row for row in told(report)}
    assert len(by_name) == 30
    outcomes = Counter(row["outcome"] for row in by_name.values())
    assert outcomes["here before"] == 1
    assert {name for name, row in by_name.items() if row["outcome"] == "refused"} >= {
        *("cut.epub", "empty.epub", "novel.epub", "hostile.epub", "bomb.epub", "old.mobi")
    }
    assert by_name["formula.epub"]["title"] == "'=Mixed formula"
    assert all(row["reason"] for row in by_name.values() if row["outcome"] == "refused")
    assert not {"notes.txt", "cover.jpg", ".hidden.epub"} & by_name.keys()
    books = library.books("Mixed")
    assert len(books) == 21
    assert {(book["copies"], book["grant"], len(book["section_ids"])) for book in books} == {(2, "automatic", 1)}
    assert library.sections()["Found"] == 1
    assert f"{outcomes['added']}  added" in said

    status, said, _ = library.bring_in(root)
    assert status == 1
    assert "added" not in said
    assert len(library.books("Mixed")) == 21


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_import_cut_short_goes_on_without_doubles_or_gaps(
    library: Library, tmp_path: Path, number: signal.Signals
) -> None:
    start = f"Cut by {number.name}"
    root = shelf(tmp_path / "books", start, 20)
    report = tmp_path / "report.csv"
    with library.start(root, "--report", report, "--jobs", "2") as process:
        end = time.monotonic() + PATIENCE
        while not (report.exists() and len(told(report)) >= 5):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
        os.killpg(process.pid, number)
        said, errors = process.communicate(timeout=PATIENCE)
    before = told(report)
    if number is signal.SIGINT:
        assert process.returncode == 130, errors
        assert "Run the same again" in said
        assert len(library.books(start)) == len(before)
    else:
        assert process.returncode == -signal.SIGKILL
    assert {row["outcome"] for row in before} == {"added"}
    assert len(before) < 20

    status, said, errors = library.bring_in(root, "--report", report)
    assert status == 0, errors
    assert Counter(book["title"] for book in library.books(start)) == {f"{start} {n:03}": 1 for n in range(20)}
    assert Counter(row["outcome"] for row in told(report))["here before"] >= len(before)


def test_two_imports_at_once_bring_in_each_book_and_section_once(library: Library, tmp_path: Path) -> None:
    root = shelf(tmp_path / "books", "Twice", 10)
    reports = [tmp_path / "one.csv", tmp_path / "two.csv"]
    running = [library.start(root, "--section", "Both at once", "--report", report) for report in reports]
    for process in running:
        with process:
            _, errors = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0, errors
    assert Counter(book["title"] for book in library.books("Twice")) == {f"Twice {n:03}": 1 for n in range(10)}
    assert library.sections()["Both at once"] == 1
    outcomes = Counter(row["outcome"] for report in reports for row in told(report))
    assert outcomes == {"added": 10, "here before": 10}


def test_a_calibre_library_comes_in_with_all_that_calibre_knows(library: Library, tmp_path: Path) -> None:
    root = calibre_library(
        tmp_path / "calibre",
        [
            CalibreBook(
                "Calibre one",
                authors=("Zoë Zed", "Ada Ito"),
                files={"EPUB": titled("Another title"), "PDF": pdf()},
                series="Lights",
                series_index=2,
                tags=("Sea",),
                languages=("hin",),
                publisher="House",
                identifiers={"isbn": "9780141439518"},
                comments="<p>Told <script>alert(1)</script>well.</p>",
                rating=8,
                cover=picture(form="JPEG", size=(600, 900)),
            ),
            CalibreBook("Calibre two", files={"EPUB": b"broken", "PDF": pdf(pages=4)}, cover=b"no picture"),
            CalibreBook("Calibre three", files={"MOBI": b"m"}, rating=2, cover=picture(form="JPEG", size=(600, 900))),
            CalibreBook("Calibre four", files={"EPUB": b"broken too"}),
        ],
    )
    report = tmp_path / "report.csv"
    status, said, _ = library.bring_in(root, "--report", report)
    assert status == 1
    assert "1  added without a file" in said
    rows = {row["title"]: row for row in told(report)}
    assert [rows[f"Calibre {n}"]["outcome"] for n in ("one", "two", "three", "four")] == [
        *("added", "added", "added without a file", "refused")
    ]
    assert rows["Calibre two"]["reason"].startswith("Its cover was left out: ")
    books = {book["title"]: book for book in library.books("Calibre")}
    one = books["Calibre one"]
    assert one["authors"] == ["Zoë Zed", "Ada Ito"]
    assert one["series"] == {"name": "Lights", "position": 2}
    assert (one["language"], one["publisher"], one["subjects"]) == ("hi", "House", ["Sea"])
    assert one["identifiers"] == ["urn:isbn:9780141439518"]
    assert one["description"] == "Told well."
    assert (one["rating"], one["rating_count"], one["format"]) == (4.0, 1, "epub")
    assert [cover["width"] for cover in one["covers"]]
    assert (books["Calibre two"]["format"], books["Calibre two"]["pages"]) == ("pdf", 4)
    assert (books["Calibre three"]["format"], books["Calibre three"]["rating"]) == (None, 1.0)
    assert books["Calibre three"]["cover_url"]

    status, said, _ = library.bring_in(root)
    assert "3  here before" in said
    assert len(library.books("Calibre")) == 3


def test_a_list_comes_in_line_by_line(library: Library, tmp_path: Path) -> None:
    (tmp_path / "listed.epub").write_bytes(titled("Unused"))
    lines = ["title;authors;sections;copies;rating;price;file", "Listed file;Ada;Sea;;;;listed.epub"]
    lines += [f"Listed {n};Ada Ito, Bo;Sea;{n % 4 + 1};5;1,50;" for n in range(60)]
    lines += ["Listed bad;Ada;Sea;none;;;", ";Ada;;;;;", "Listed 0;Ada Ito, Bo;Sea;1;5;1,50;"]
    path = tmp_path / "books.csv"
    path.write_text("\n".join(lines), encoding="utf-16")
    report = tmp_path / "report.csv"
    status, _, _ = library.bring_in(path, "--copies", "9", "--report", report)
    assert status == 1
    wrong = {row["path"].rpartition(":")[2]: row["reason"] for row in told(report) if row["outcome"] == "refused"}
    assert wrong.keys() == {"63", "64"}
    assert wrong["63"].startswith("copies: ")
    assert wrong["64"].startswith("title: ")
    books = {book["title"]: book for book in library.books("Listed")}
    assert len(books) == 61
    assert books["Listed file"]["format"] == "epub"
    assert books["Listed file"]["copies"] == 9
    assert books["Listed 2"]["copies"] == 3
    assert books["Listed 2"]["authors"] == ["Ada Ito, Bo"]
    assert books["Listed 2"]["price"] == {"amount": 150, "currency": "EUR"}
    assert library.sections()["Sea"] == 1

    status, said, _ = library.bring_in(path)
    assert "62  here before" in said
    assert len(library.books("Listed")) == 61


def test_json_lines_come_in_and_one_list_that_is_no_text_keeps_out_itself_only(
    library: Library, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.csv"
    lines = [
        *('{"title": "Json one", "authors": ["Ada"]}', "nonsense", '{"title": "Json two", "content": "# Hi"}'),
        *('{"title": "Json odd", "origin": {"a": 1}}', '{"title": ["Json odd"], "origin": ""}'),
    ]
    good.write_text("\n".join(lines))
    bad.write_bytes(b"title\nJ\xfcrgen\n")
    status, _, errors = library.bring_in(bad, good)
    assert status == 1
    assert "bad.csv, line 2: this is not UTF-8" in errors
    assert "Line 2: this is not JSON" in errors
    assert "good.jsonl:4: origin: " in errors
    assert "good.jsonl:5: title: " in errors
    assert {book["title"]: book["format"] for book in library.books("Json")} == {
        "Json one": None,
        "Json two": "markdown",
    }


def test_a_trial_brings_in_nothing(library: Library, tmp_path: Path) -> None:
    root = shelf(tmp_path / "books", "Trial", 3)
    (root / "twin.epub").write_bytes(titled("Trial 000"))
    (root / "broken.epub").write_bytes(b"x")
    reports = set((library.data / "imports").glob("*.csv"))
    status, said, _ = library.bring_in(root, "--dry-run", "--section", "Never made")
    assert status == 1
    assert [line.split(None, 1) for line in said.splitlines()][:3] == [
        ["3", "would be added"],
        ["1", "here before"],
        ["1", "refused"],
    ]
    assert library.books("Trial") == []
    assert "Never made" not in library.sections()
    assert set((library.data / "imports").glob("*.csv")) == reports


def test_paths_are_meant_from_where_one_is(library: Library, tmp_path: Path) -> None:
    (tmp_path / "here.epub").write_bytes(titled("From here"))
    status, said, errors = library.bring_in("here.epub", cwd=tmp_path)
    assert status == 0, errors
    assert len(library.books("From here")) == 1
    report = Path(said.splitlines()[-1].removeprefix("Report: "))
    assert report.parent == library.data / "imports"
    assert [row["path"] for row in told(report)] == [str(tmp_path / "here.epub")]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nowhere"],
        ["good.epub", "nowhere"],
        ["pipe"],
        ["good.epub", "--copies", "0"],
        ["good.epub", "--copies", "many"],
        ["good.epub", "--jobs", "0"],
        ["good.epub", "--section", " "],
        ["good.epub", "--grant", "nobody"],
        ["good.epub", "--report", "good.epub"],
        ["good.epub", "--report", "no/such/folder.csv"],
        ["good.epub", "--quickly"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_one_line_and_does_nothing(library: Library, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "good.epub").write_bytes(titled("Never"))
    os.mkfifo(tmp_path / "pipe")
    status, said, errors = library.bring_in(*words, cwd=tmp_path)
    assert (status, said, errors.count("\n")) == (2, "", 1), errors
    assert library.books("Never") == []


def test_a_library_that_closes_meanwhile_is_told_of_and_nothing_is_lost(tmp_path: Path) -> None:
    root = shelf(tmp_path / "books", "Closing", 12)
    report = tmp_path / "report.csv"
    with running_library(tmp_path / "data") as address:
        importing = Library(tmp_path / "data", address).start(root, "--report", report)
        while not (report.exists() and len(told(report)) >= 2):
            assert importing.poll() is None
            time.sleep(0.02)
    with importing:
        _, errors = importing.communicate(timeout=PATIENCE)
    assert importing.returncode == 1
    assert errors.splitlines()[-1].startswith("The library does not answer any more. Run the same again")
    added = {row["title"] for row in told(report) if row["outcome"] == "added"}
    with running_library(tmp_path / "data") as address:
        library = Library(tmp_path / "data", address)
        assert {book["title"] for book in library.books("Closing")} >= added
        status, _, errors = library.bring_in(root, "--report", report)
        assert status == 0, errors
        assert Counter(book["title"] for book in library.books("Closing")) == {f"Closing {n:03}": 1 for n in range(12)}


def test_a_library_that_is_closed_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "good.epub").write_bytes(titled("Never"))
    closed = Library(tmp_path / "closed", "http://127.0.0.1:9")
    status, said, errors = closed.bring_in(tmp_path / "good.epub")
    assert (status, said, errors.count("\n")) == (1, "", 1)
    assert "make run" in errors
