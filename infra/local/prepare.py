"""Makes a new library ready: its tables, queues and bucket, and its librarian. Run at every start; a second
time it finds everything there.

Reads `{"librarian": {"email", "password"}, "demo": bool}` from standard input and writes
`{"created", "intake_queue_url", "demo_reader"}` to the file named by its argument: the last says how the demo's patron
signs in, or is null. A process of its own, so that what it imports is gone from memory when the library is open.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import boto3

from infra.local import provision

INTAKE = "carrel-local-intake"
"""The queue for uploaded files, whose address the app wants to be told."""


def client(service: str) -> Any:
    """A client as the environment has it: endpoint, region, credentials."""
    return boto3.client(service)


def main() -> None:
    """Prepare the library the environment describes."""
    event = json.load(sys.stdin)
    intake = provision.provision(provision.read(), client).queue_url(INTAKE)
    if intake:
        os.environ["INTAKE_QUEUE_URL"] = intake

    import app
    from chalicelib import wiring
    from infra.local import demo

    created = app.setup(event, None)["created"]
    data = Path(os.environ["CARREL_DATA"])
    if event["demo"]:
        demo.open_with(data, created, wiring.cache(), wiring.now())
    prepared = {"created": created, "intake_queue_url": intake, "demo_reader": demo.reader(data)}
    Path(sys.argv[1]).write_text(json.dumps(prepared))


if __name__ == "__main__":
    main()
