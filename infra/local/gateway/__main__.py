"""Serve the library at HOST:PORT, with one process and several threads, as `infra.local.supervisor` sets
it up."""

from __future__ import annotations

import logging
import os
from functools import cache
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from infra.local import processes

THREADS = 16
"""Requests in work at once. Each waits mostly for the database; the interpreter runs one at a time anyway."""


def load(_target: str) -> Any:
    """The application, in the process that serves it."""
    # granian puts its worker into a process of its own, which must not outlive it either.
    processes.end_with_parent()
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("infra").setLevel(logging.INFO)

    # granian puts the process's environment into each request's, where HTTP_PROXY would be a header called Proxy.
    for name in [name for name in os.environ if name.startswith("HTTP_")]:
        del os.environ[name]

    from infra.local.gateway import one_at_a_time

    one_at_a_time.install()

    from app import app
    from infra.local.gateway.api import Api
    from infra.local.gateway.covers import Covers
    from infra.local.gateway.front import Front
    from infra.local.gateway.mailbox import Mailbox
    from infra.local.gateway.notices import Notices
    from infra.local.gateway.objects import Objects
    from infra.local.gateway.site import Site

    return Front(
        api=Api(app),
        site=Site(processes.ROOT / "frontend" / "dist"),
        covers=Covers(_s3, os.environ["BUCKET"]),
        objects=Objects(os.environ["AWS_ENDPOINT_URL"]),
        mailbox=Mailbox(Path(os.environ["CARREL_MAIL"])),
        notices=Notices(os.environ["PUBLIC_URL"]),
    )


@cache
def _s3() -> Any:
    import boto3

    return boto3.client("s3")


def main() -> None:
    """Serve until told to stop."""
    Granian(
        "app",
        address=os.environ["HOST"],
        port=int(os.environ["PORT"]),
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        blocking_threads_idle_timeout=600,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(keep_alive=True),
        websockets=False,
        log_level=LogLevels.warning,
        workers_kill_timeout=5,
    ).serve(target_loader=load)


if __name__ == "__main__":
    main()
