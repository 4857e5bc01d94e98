"""What a reader is given to read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.catalogue.schemas import Format


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Where the content is: `url` gives it until `expires_at`; ask again for a fresh one until `due_at`."""

    format: Format
    url: str
    expires_at: datetime
    due_at: datetime | None
    position: Annotated[str, Meta(description="Where one stopped reading")] | None = None
