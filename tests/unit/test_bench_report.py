"""The page of the bench's figures."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.bench import report
from infra.bench.report import BEGIN, END, Figures
from infra.bench.traffic import Traffic

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LOADED = {"books": 1, "items": 3_280, "seconds": 5.2, "indexing": 2.6}


def figures(size: int, cpu: float, found: float | None = None) -> Figures:
    cost: dict[str, Any] = {"cpu": cpu, "cpu_cached": 100.0, "round_trips": 1, "capacity": 3.5, "bytes": 5_954}
    return Figures(size, LOADED, {"list": {**cost, "found": found}}, {"list": [Traffic(8, 1234.5, 2.25, 36.4)]})


def test_the_figures_take_the_place_of_the_old_ones_and_of_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "bench.md"
    page.write_text(f"Above\n{BEGIN}\nold\n{END}\nbelow\n")
    monkeypatch.setattr(report, "PAGE", page)
    for _ in range(2):
        report.put([figures(1_000, 2_000)], ["imports"], "make bench", NOW)
    text = page.read_text()
    assert text.startswith(f"Above\n{BEGIN}\n\n`make bench`, 2026-11-22: ")
    assert text.endswith(f"\n\n{END}\nbelow\n")
    assert text.count("| 1,000 | list | 2,000 | 100 | 1 | 3.5 | 5,954 |  |") == 1
    assert "| 1,000 | list | 8 | 1,234 | 2.2 | 36.4 |" in text
    assert "old" not in text


def test_the_largest_library_is_compared_with_the_smallest() -> None:
    told = report.tables([figures(1_000, 2_000), figures(100_000, 2_500, 0.975)], [], "make bench", NOW)
    assert "| 100,000 books to 1,000 | CPU | cached | read units |" in told
    assert "| list | 1.25 | 1.00 | 1.00 |" in told
    assert "| 100,000 | list | 2,500 | 100 | 1 | 3.5 | 5,954 | 0.97 |" in told


def test_the_page_has_a_place_for_the_figures() -> None:
    text = report.PAGE.read_text(encoding="utf-8")
    assert text.index(BEGIN) < text.index(END)
