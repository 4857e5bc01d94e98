"""What lending costs when there is a lot of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.processes import ROOT


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.prove.scale"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout)


def test_closing_what_is_due_costs_what_is_due(figures: dict[str, Any], say: Callable[[str], None]) -> None:
    for among, cost in figures["expiry"].items():
        say(f"100 due {among}: {cost}")
    few, many = ({k: v for k, v in cost.items() if k != "seconds"} for cost in figures["expiry"].values())
    assert few == many
    assert few["calls"]["TransactWriteItems"] == few["items_read"] == 100


@pytest.mark.parametrize("crowd", ["crowd_300_copies", "crowd_without_limit"])
def test_a_title_that_hundreds_borrow_at_once_costs_each_what_it_costs_one(
    figures: dict[str, Any], say: Callable[[str], None], crowd: str
) -> None:
    cost = figures[crowd]
    say(f"{crowd}: {cost}")
    assert cost["calls"]["TransactWriteItems"] == 300
    assert cost["attempts"] == sum(cost["calls"].values())
