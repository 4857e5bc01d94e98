"""The front door: hands each request to the part whose address it is."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import botocore.exceptions
import urllib3

from infra.local.gateway import refusals, wsgi
from infra.local.gateway.covers import PREFIX as COVERS
from infra.local.gateway.mailbox import PREFIX as MAILBOX
from infra.local.gateway.notices import PREFIX as NOTICES
from infra.local.gateway.objects import PREFIX as OBJECTS
from infra.local.gateway.refusals import Refused
from infra.local.gateway.wsgi import App, Environ, StartResponse

log = logging.getLogger(__name__)

AWAY = (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError, urllib3.exceptions.HTTPError)
"""What the clients of S3 raise while the cloud is being started again."""


class Front:
    """The WSGI application of the whole local library."""

    def __init__(self, *, api: App, site: App, covers: App, objects: App, mailbox: App, notices: App) -> None:
        self._parts = [
            ("/api", api),
            ("/opds", api),
            (COVERS, covers),
            (OBJECTS, objects),
            (MAILBOX, mailbox),
            (NOTICES, notices),
        ]
        self._site = site

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        part = next((p for prefix, p in self._parts if path == prefix or path.startswith(f"{prefix}/")), self._site)
        try:
            return part(environ, start_response)
        except AWAY as error:
            log.warning("%s %s: the cloud cannot be reached: %s", environ["REQUEST_METHOD"], path, error)
            return wsgi.send(refusals.answer(Refused("INTEGRATION_FAILURE")), environ, start_response)
        except Exception:
            # The trace is for the log; what it says of the inside is none of the client's business.
            log.exception("%s %s failed in the gateway", environ["REQUEST_METHOD"], path)
            return wsgi.send(refusals.answer(Refused("DEFAULT_5XX", 500)), environ, start_response)
