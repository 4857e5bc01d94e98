"""A data folder carries the number of its format."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local import stamp
from infra.local.processes import Trouble


def test_a_folder_from_before_the_stamp_and_one_of_today_are_opened(tmp_path: Path) -> None:
    stamp.check(tmp_path)
    stamp.put(tmp_path)
    stamp.check(tmp_path)
    assert (tmp_path / "version").read_text() == f"{stamp.FORMAT}\n"


@pytest.mark.parametrize("text", [f"{stamp.FORMAT + 1}\n", "99"])
def test_a_newer_one_is_refused_with_both_numbers(tmp_path: Path, text: str) -> None:
    (tmp_path / "version").write_text(text)
    with pytest.raises(Trouble, match=rf"\(format {text.strip()}; this one knows {stamp.FORMAT}\)"):
        stamp.check(tmp_path)


@pytest.mark.parametrize("text", ["", "one", "-1", "1.5", "²", "9" * 5000])
def test_a_stamp_that_is_no_number_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "version").write_text(text)
    with pytest.raises(Trouble, match="should hold the number of a format"):
        stamp.check(tmp_path)
