"""Looks up what is installed in the lists of known holes. A list that cannot be reached is named, and stops nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from infra.local.processes import ROOT

PATIENCE = 120
"""Seconds a list is given to answer."""

UNREACHABLE = (
    *("ConnectionError", "NewConnectionError", "Max retries", "Timeout", "ServiceError", "ENOTFOUND", "ETIMEDOUT"),
    *("ECONNREFUSED", "EAI_AGAIN", "audit endpoint returned an error", "ENOAUDIT", "ConnectError", "ProxyError"),
)
"""What the two tools say when they reached nobody. Anything else they fail with is a finding."""

AUDITS: dict[str, Sequence[str]] = {
    "Python packages": (sys.executable, "-m", "pip_audit", "--progress-spinner=off", "-r", "requirements.txt"),
    "web app's packages": ("npm", "--prefix", "frontend", "audit", "--omit=dev", "--audit-level=high"),
}


def main() -> int:
    """Audit both; 1 if something installed has a known hole."""
    found = 0
    for what, command in AUDITS.items():
        try:
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            print(f"audit: the {what} were NOT audited: the list of holes did not answer")
            continue
        said = done.stdout + done.stderr
        if done.returncode == 0:
            print(f"audit: no known holes in the {what}")
        elif any(sign in said for sign in UNREACHABLE):
            print(f"audit: the {what} were NOT audited: the list of holes could not be reached")
        else:
            print(f"audit: the {what} have known holes\n{said}", file=sys.stderr)
            found = 1
    return found


if __name__ == "__main__":
    sys.exit(main())
