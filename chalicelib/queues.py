"""Messages to the library's own queues, whose readers are named in `app.py`."""

from __future__ import annotations

import msgspec

from chalicelib import clients, settings


def send(queue: str, message: msgspec.Struct, delay: int = 0) -> None:
    """Put `message` into the queue that is called `queue` in this stage, to be read after `delay` seconds, at most 900.

    A queue may deliver it more than once, and in any order.
    """
    clients.sqs().send_message(
        QueueUrl=settings.current().queue_prefix + queue,
        MessageBody=msgspec.json.encode(message).decode(),
        DelaySeconds=delay,
    )
