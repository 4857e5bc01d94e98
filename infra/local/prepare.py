"""Makes a new library ready: its tables, queues and bucket, and its librarian. Run at every start; a second
time it finds everything there.

Reads `{"librarian": {"email", "password"}, "demo": bool}` from standard input and writes
`{"created", "queue_prefix", "demo_reader"}` to the file named by its argument: the last says how the demo's patron
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

INTAKE = "intake"
"""One of the library's queues: what goes before its name in its address goes before that of each."""


def client(service: str) -> Any:
    """A client as the environment has it: endpoint, region, credentials."""
    return boto3.client(service)


def main() -> None:
    """Prepare the library the environment describes."""
    event = json.load(sys.stdin)
    provisioned = provision.provision(provision.read(), client)
    os.environ["QUEUE_PREFIX"] = provisioned.queue_url(f"carrel-local-{INTAKE}").removesuffix(INTAKE)

    import app
    from chalicelib import wiring
    from infra.local import demo

    created = app.setup(event, None)["created"]
    data = Path(os.environ["CARREL_DATA"])
    if event["demo"]:
        demo.open_with(data, created, wiring.cache(), wiring.now())
    prepared = {"created": created, "queue_prefix": os.environ["QUEUE_PREFIX"], "demo_reader": demo.reader(data)}
    Path(sys.argv[1]).write_text(json.dumps(prepared))


if __name__ == "__main__":
    main()
