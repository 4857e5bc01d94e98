"""What only the library can say: secrets that follow from its own, so that they need not be kept to be told again, and
texts that it knows again when they come back.

Each purpose has a key of its own, derived from the one secret there is (RFC 2104, HMAC-SHA-256): what is sealed for one
is worth nothing for another.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

from chalicelib import settings


def secret_for(purpose: str, text: str) -> str:
    """The secret of `text`, 256 bits as letters that an address can hold."""
    return _letters(_mac(purpose, text.encode()))


def sealed(purpose: str, text: str) -> str:
    """`text` and its seal, as letters that an address can hold."""
    said = text.encode()
    return f"{_letters(said)}.{_letters(_mac(purpose, said))}"


def opened(purpose: str, token: str) -> str | None:
    """The text of a token that `sealed` made for this purpose, or None where it is forged."""
    said, _, seal = token.partition(".")
    try:
        text = urlsafe_b64decode(said + "=" * (-len(said) % 4))
        if hmac.compare_digest(_letters(_mac(purpose, text)).encode(), seal.encode()):
            return text.decode()
    except ValueError:
        pass
    return None


def _mac(purpose: str, said: bytes) -> bytes:
    key = hmac.digest(settings.current().jwt_secret.encode(), f"carrel {purpose}".encode(), hashlib.sha256)
    return hmac.digest(key, said, hashlib.sha256)


def _letters(said: bytes) -> str:
    return urlsafe_b64encode(said).decode().rstrip("=")
