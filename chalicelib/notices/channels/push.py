"""Web Push: to each of the patron's browsers, encrypted for it (RFC 8291), and signed by the library (VAPID, RFC 8292).

By hand with `cryptography`: the one maintained library for it brings an HTTP client of its own, which would call
addresses that anybody gave without looking at them.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import msgspec

from chalicelib import outside, seals, settings
from chalicelib.notices import subscriptions
from chalicelib.notices.channels import File, InDoubt, Later, NotSent, Person, Refused
from chalicelib.notices.composition import Message

KEPT_FOR = timedelta(days=1)
"""How long a push service keeps a push for a browser that is off; by then there is another reminder."""

RECORD = 4096
"""Bytes of the one record a push is (RFC 8188); push services take no more."""

LONGEST_TEXT = 1_000

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256 (NIST SP 800-186)."""


def reaches(person: Person) -> bool:
    """Whether some browser takes pushes."""
    return person.id is not None and bool(subscriptions.of(person.id))


def deliver(message: Message, person: Person, files: Sequence[File], letter_id: str, now: datetime) -> None:
    """Push a notice to every browser; one that took it is enough. Raises Refused, Later, InDoubt."""
    said = {"title": message.subject, "body": message.text[:LONGEST_TEXT], "url": message.url, "tag": letter_id}
    body = msgspec.json.encode({**said, "lang": message.language})
    failure: NotSent | None = Refused("No browser takes pushes any more.", dead=False)
    for browser in subscriptions.of(person.id or ""):
        try:
            _push(body, browser, now)
            failure = None
        except _Gone:
            subscriptions.remove(browser.account_id, browser.id)
        except NotSent as error:
            failure = failure and error
    if failure:
        raise failure


class _Gone(Exception):
    """The browser took its subscription back."""


def _push(body: bytes, browser: subscriptions.Subscription, now: datetime) -> None:
    headers = {
        "Authorization": _authorization(browser.endpoint, now),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(int(KEPT_FOR.total_seconds())),
        "Urgency": "normal",
    }
    try:
        answer = outside.post(browser.endpoint, encrypted(body, browser.p256dh, browser.auth), headers)
    except (outside.NotAllowed, ValueError) as error:
        raise Refused(str(error)) from None
    except outside.NoAnswer as error:
        raise (InDoubt if error.sent else Later)(str(error)) from None
    if answer.status in (404, 410):
        raise _Gone
    if answer.status // 100 != 2:
        kind = Later if answer.status == 429 or answer.status >= 500 else Refused
        raise kind(f"The push service answers {answer.status}.")


def public_key() -> str:
    """The library's key, as a browser wants it to subscribe (an uncompressed point, base64url)."""
    return _letters(_point(_key().public_key()))


@cache
def _key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    secret = int.from_bytes(hashlib.sha512(seals.secret_for("push", "vapid").encode()).digest())
    return ec.derive_private_key(secret % (_ORDER - 1) + 1, ec.SECP256R1())


def _authorization(endpoint: str, now: datetime) -> str:
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int((now + timedelta(hours=12)).timestamp()),
        "sub": settings.current().public_url,
    }
    said = f"{_letters(msgspec.json.encode({'typ': 'JWT', 'alg': 'ES256'}))}.{_letters(msgspec.json.encode(claims))}"
    return f"vapid t={said}.{_letters(_signature(said.encode()))}, k={public_key()}"


def _signature(said: bytes) -> bytes:
    """An ES256 signature (RFC 7518, 3.4): two numbers of 32 bytes."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(_key().sign(said, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def encrypted(body: bytes, p256dh: str, auth: str) -> bytes:
    """`body` for one browser only (RFC 8291, 3.4).

    Raises ValueError for keys that are none.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(p256dh))
    own = ec.generate_private_key(ec.SECP256R1())
    salt, point = os.urandom(16), _point(own.public_key())
    shared = _expand(
        hmac.digest(_bytes(auth), own.exchange(ec.ECDH(), theirs), "sha256"),
        b"WebPush: info\0" + _point(theirs) + point,
        32,
    )
    secret = hmac.digest(salt, shared, "sha256")
    key = _expand(secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _expand(secret, b"Content-Encoding: nonce\0", 12)
    sealed = AESGCM(key).encrypt(nonce, body + b"\x02", None)
    return salt + RECORD.to_bytes(4) + bytes([len(point)]) + point + sealed


def _expand(key: bytes, info: bytes, length: int) -> bytes:
    """HKDF's second step (RFC 5869, 2.3), for at most one block."""
    return hmac.digest(key, info + b"\x01", "sha256")[:length]


def _point(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _bytes(letters: str) -> bytes:
    return urlsafe_b64decode(letters + "=" * (-len(letters) % 4))


def _letters(said: bytes) -> str:
    return urlsafe_b64encode(said).decode().rstrip("=")
