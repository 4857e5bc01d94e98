"""Start the embedded cloud on 127.0.0.1:GATEWAY_PORT, keeping everything under CLOUD_DATA."""

# ministack is not installed where the types are checked, and most of what is patched is private to it.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import asyncio
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from infra.local.emulator import RELEASE, objects, polls
from infra.local.emulator.files import Unreadable


def main() -> None:
    data = Path(os.environ["CLOUD_DATA"])
    if (found := version("ministack")) != RELEASE:
        sys.exit(
            f"The embedded cloud needs ministack {RELEASE}, and {found} is installed; "
            "delete .venv-cloud and start again."
        )
    # ministack reads its settings when it is imported, so they are set before.
    os.environ |= {"PERSIST_STATE": "1", "S3_PERSIST": "1", "S3_DATA_DIR": str(data / "objects")}
    os.environ |= {"MINISTACK_HOST": "127.0.0.1", "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0"}
    # Without a socket to find, it will not go looking for containers of other ministacks to remove.
    os.environ["DOCKER_HOST"] = f"unix://{data / 'no-docker'}"
    os.environ["LOG_LEVEL"] = "WARNING"

    objects.mend(data / "objects")  # before ministack reads them, which it does when it is imported

    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack import app as ministack

    from infra.local.emulator import keeper, outbox, ranges, repairs

    repairs.install()
    ranges.install()
    outbox.install(data / "mail")
    try:
        objects.install(data / "objects")
        state = keeper.Keeper(data / "state")
        state.install()
        state.recover()
    except Unreadable as reason:
        sys.exit(str(reason))
    keeper.sync_each_second(state)

    config = Config()
    config.bind = [f"127.0.0.1:{os.environ['GATEWAY_PORT']}"]
    config.loglevel = "WARNING"
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.5
    asyncio.run(serve(_without_back_doors(ministack.app), config))


def _without_back_doors(app: Any) -> Any:
    """`app` without ministack's own addresses, of which one empties everything and none asks for a
    signature."""

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if path.startswith(("/_ministack/", "/_localstack/")) and path != "/_ministack/health":
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await polls.answer(app, scope, receive, send)

    return guarded


main()
