"""`python -m infra.local`: the whole library in the foreground, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys

from infra.local import processes, settings, supervisor
from infra.local.processes import Trouble


def main() -> int:
    """Run the library; the process's exit status."""
    if "MAKELEVEL" in os.environ:
        # Started by make: when make is killed, nobody is left to press Ctrl-C.
        processes.end_with_parent(signal.SIGTERM)
    try:
        supervisor.run(settings.read(os.environ))
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


sys.exit(main())
