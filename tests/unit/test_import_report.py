"""What a run leaves behind: a table that no spreadsheet can be tricked with."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from infra.importer import report
from infra.importer.progress import Progress
from infra.importer.report import Outcome, Report, Result


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_cell_that_would_be_a_formula_is_text(start: str) -> None:
    assert report.harmless(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize("cell", ["", "A Book", "'tis", "1984", " =1", "a=b"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert report.harmless(cell) == cell


def test_what_was_done_is_in_the_file_before_the_run_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    told = Report(path.open("w", encoding="utf-8", newline=""), dry=False)
    told.tell(Result("/a, b.epub", Outcome.ADDED, '=HYPERLINK("x")', "id1"))
    told.tell(Result("/c.epub", Outcome.REFUSED, reason="Broken."))
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.DictReader(file)) == [
            {"path": "/a, b.epub", "outcome": "added", "reason": "", "book id": "id1", "title": '\'=HYPERLINK("x")'},
            {"path": "/c.epub", "outcome": "refused", "reason": "Broken.", "book id": "", "title": ""},
        ]
    told.__exit__(None, None, None)


def test_sums_say_how_many_and_why_not() -> None:
    told = Report(None, dry=False)
    for number in range(1_200):
        told.tell(Result(str(number), Outcome.ADDED))
    told.tell(Result("a", Outcome.REFUSED, reason="Line 3: no"), "Some lines.")
    told.tell(Result("b", Outcome.REFUSED, reason="Line 4: no"), "Some lines.")
    told.tell(Result("c", Outcome.WITHOUT_FILE))
    assert [" ".join(line.split()) for line in told.sums().splitlines()] == [
        "1,200 added",
        "1 added without a file",
        "2 refused",
        "2 Some lines.",
    ]


def test_a_trial_says_what_would_be() -> None:
    told = Report(None, dry=True)
    told.tell(Result("a", Outcome.ADDED))
    told.tell(Result("b", Outcome.HELD))
    assert "would be added" in told.sums()
    assert "would be here" not in told.sums()


def test_many_refusals_are_left_to_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(1_000) as progress:
        for number in range(1_000):
            progress.refused(f"refused {number}")
            progress.step()
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == ["refused 0", "refused 1"]
    assert said[-1] == "More were refused; the report will name them all."
    assert len(said) < 60


class TestWhereAReportMayGo:
    def test_a_new_file_and_an_older_report(self, tmp_path: Path) -> None:
        path = tmp_path / "report.csv"
        assert report.may_go_to(path)
        with Report(path.open("w", encoding="utf-8", newline=""), dry=False):
            pass
        assert report.may_go_to(path)

    def test_never_over_another_file(self, tmp_path: Path) -> None:
        path = tmp_path / "books.csv"
        path.write_text("title,authors\nA,B\n")
        assert not report.may_go_to(path)
        assert not report.may_go_to(tmp_path)
        assert not report.may_go_to(tmp_path / "no" / "such" / "folder.csv")
        assert report.may_go_to(Path(os.devnull))
