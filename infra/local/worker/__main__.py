"""Wake the library's handlers until told to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

PATIENCE = 20.0
"""Seconds a job at hand is given to finish.

What it had not finished comes again: every job is safe to repeat.
"""


def client(service: str) -> Any:
    """A client as the environment has it, patient enough for long polls."""
    import boto3
    from botocore.config import Config

    return boto3.client(service, config=Config(connect_timeout=2, read_timeout=40, retries={"max_attempts": 2}))


def main() -> int:
    """Run every trigger of the app; the exit status."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("infra").setLevel(logging.INFO)
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)

    from infra.local.gateway import one_at_a_time

    one_at_a_time.install()
    from app import app
    from infra.local.worker.triggers import triggers

    running = triggers(app, client, Path(os.environ["CARREL_DATA"]), os.environ["TABLE_PREFIX"])
    for trigger in running:
        trigger.start()
    logging.getLogger("infra.local.worker").info("waiting for: %s", ", ".join(t.name for t in running) or "nothing")
    stop.wait()
    for trigger in running:
        trigger.stop()
    finished = [trigger.finish(PATIENCE / len(running)) for trigger in running]
    logging.shutdown()
    # Polls still waiting for an answer hold nothing, and are not worth waiting for.
    os._exit(0 if all(finished) else 1)


if __name__ == "__main__":
    sys.exit(main())
