"""What reminding costs when there are a lot of patrons."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

from infra.local.processes import ROOT


def test_reminding_five_hundred_costs_the_same_among_a_thousand_and_among_a_hundred_thousand(
    say: Callable[[str], None],
) -> None:
    command = [sys.executable, "-m", "tests.prove.reminders"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    figures = json.loads(ran.stdout)
    for among, cost in figures.items():
        say(f"500 due {among}: {cost}")
    few, many = ({k: v for k, v in cost.items() if k != "seconds"} for cost in figures.values())
    assert few == many
    assert few["calls"]["TransactWriteItems"] == 500
