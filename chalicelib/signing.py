"""Signature version 4, by which AWS knows who asks
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

import msgspec

from chalicelib.settings import Credentials

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"


class Signer(msgspec.Struct, frozen=True):
    """Signs what one service of AWS is asked."""

    region: str
    service: str

    def headers(
        self, credentials: Credentials, host: str, headers: Mapping[str, str], body: bytes, at: str
    ) -> dict[str, str]:
        """`headers`, whose names are in lower case, and with them those that sign a POST of `body` to the root of
        `host`."""
        signed = {**headers, "host": host, "x-amz-date": at}
        if credentials.token:
            signed["x-amz-security-token"] = credentials.token
        names = sorted(signed)
        lines = "".join([f"{name}:{signed[name]}\n" for name in names])
        listed = ";".join(names)
        signature = self._signature(credentials, at, f"POST\n/\n\n{lines}\n{listed}\n{sha256(body).hexdigest()}")
        signed["authorization"] = (
            f"{ALGORITHM} Credential={credentials.key_id}/{self._scope(at)}, SignedHeaders={listed}, "
            f"Signature={signature}"
        )
        return signed

    def target(
        self,
        credentials: Credentials,
        method: str,
        host: str,
        path: str,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        life: int,
        at: str,
    ) -> str:
        """Path and query of an address at `host` of which anybody may ask `method` for `life` seconds, with `headers`,
        whose names are in lower case."""
        signed = {**headers, "host": host}
        names = sorted(signed)
        asked = {
            **query,
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{credentials.key_id}/{self._scope(at)}",
            "X-Amz-Date": at,
            "X-Amz-Expires": str(life),
            "X-Amz-SignedHeaders": ";".join(names),
        }
        if credentials.token:
            asked["X-Amz-Security-Token"] = credentials.token
        listed = "&".join(sorted(f"{_encoded(name)}={_encoded(value)}" for name, value in asked.items()))
        place = quote(path, safe="/~")
        lines = "".join(f"{name}:{signed[name]}\n" for name in names)
        canonical = f"{method}\n{place}\n{listed}\n{lines}\n{';'.join(names)}\n{UNSIGNED}"
        return f"{place}?{listed}&X-Amz-Signature={self._signature(credentials, at, canonical)}"

    def _scope(self, at: str) -> str:
        return f"{at[:8]}/{self.region}/{self.service}/aws4_request"

    def _signature(self, credentials: Credentials, at: str, canonical: str) -> str:
        asked = f"{ALGORITHM}\n{at}\n{self._scope(at)}\n{sha256(canonical.encode()).hexdigest()}"
        key = _key(credentials.secret, at[:8], self.region, self.service)
        return hmac.digest(key, asked.encode(), "sha256").hex()


def moment() -> str:
    """This second, as signatures say it."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


@lru_cache(maxsize=8)
def _key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
