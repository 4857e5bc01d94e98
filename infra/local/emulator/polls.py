"""Polls that end with who asked: a message taken by a poll whose worker was killed would be hidden from its successor
for as long as the queue hides what is being worked on."""

from __future__ import annotations

import asyncio
from typing import Any

RECEIVING = (b"x-amz-target", b"AmazonSQS.ReceiveMessage")


async def answer(app: Any, scope: Any, receive: Any, send: Any) -> None:
    """Let `app` answer, unless whoever asked hangs up before. It waits in between looks only, so that it is never
    stopped in the middle of taking a message."""
    if RECEIVING not in scope.get("headers", ()):
        await app(scope, receive, send)
        return
    asked = asyncio.Event()

    async def reading() -> Any:
        message = await receive()
        if not message.get("more_body"):
            asked.set()
        return message

    async def hung_up() -> None:
        await asked.wait()
        while (await receive())["type"] != "http.disconnect":
            pass

    answering = asyncio.ensure_future(app(scope, reading, send))
    listening = asyncio.ensure_future(hung_up())
    await asyncio.wait({answering, listening}, return_when=asyncio.FIRST_COMPLETED)
    listening.cancel()
    if not answering.done():
        answering.cancel()
        return
    await answering
