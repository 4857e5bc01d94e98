"""Checks a template against the schemas CloudFormation itself uses, without a network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PATIENCE = 120


def findings(template: Path, region: str) -> str:
    """What is wrong with `template`, or nothing."""
    command = [
        sys.executable,
        "-c",
        "from cfnlint.runner import main; main()",
        "--regions",
        region,
        "--non-zero-exit-code",
        "error",
    ]
    done = subprocess.run(
        # W1030: the certificate's parameter may be empty, as its condition knows.
        [*command, "--ignore-checks", "W1030", "--format", "parseable", "--", str(template)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return (
        ""
        if done.returncode == 0
        else (done.stdout.replace(f"{template}:", "") or done.stderr.strip().rpartition("\n")[2]).strip()
    )
