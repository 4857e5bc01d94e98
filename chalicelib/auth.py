"""Access tokens: JWTs signed with the library's secret (RFC 7519, HS256), and the authorizer that checks them.

PyJWT would import all of cryptography with the API, for algorithms that the library does not accept
(docs/decisions/0017).
"""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from chalice.app import AuthRequest, AuthResponse

from chalicelib import settings
from chalicelib.decoding import decoded


class Role(StrEnum):
    """Who a person is to the library."""

    PATRON = "patron"
    LIBRARIAN = "librarian"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the account, its role, and the session the token belongs to."""

    id: str
    role: Role
    session_id: str

    @property
    def is_librarian(self) -> bool:
        return self.role is Role.LIBRARIAN


class _Claims(msgspec.Struct, frozen=True):
    """What a token says. "Issued at" says how old it is, not from when on it holds (RFC 7519, 4.1.6): the clocks of two
    machines may differ by a second."""

    sub: str
    role: Role
    sid: str
    iat: int
    exp: int


class BadToken(Exception):
    """The token is malformed, forged or expired."""


def issue(caller: Caller, now: datetime) -> str:
    """An access token for `caller`, good for `Settings.access_token_life` seconds."""
    issued_at = int(now.timestamp())
    expires_at = issued_at + settings.current().access_token_life
    claims = {
        "sub": caller.id,
        "role": caller.role.value,
        "sid": caller.session_id,
        "iat": issued_at,
        "exp": expires_at,
    }
    signed = f"{_HEADER}.{_base64url(json.dumps(claims).encode())}"
    return f"{signed}.{_signature(signed)}"


def check(token: str) -> Caller:
    """Who `token` speaks for.

    Raises BadToken.
    """
    signed, _, signature = token.rpartition(".")
    header, _, claims = signed.partition(".")
    # The header is no choice of who brings the token: it is compared with ours, and never read.
    if not token.isascii() or header != _HEADER or not hmac.compare_digest(_signature(signed), signature):
        raise BadToken
    try:
        said = decoded(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)), _Claims)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadToken from error
    if said.exp <= time.time_ns() // 10**9:
        raise BadToken
    return Caller(said.sub, said.role, said.sid)


def _base64url(raw: bytes) -> str:
    """As RFC 7515 has it, without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _signature(signed: str) -> str:
    return _base64url(hmac.digest(settings.current().jwt_secret.encode(), signed.encode(), "sha256"))


_HEADER = _base64url(b'{"alg":"HS256","typ":"JWT"}')


def authorize(request: AuthRequest, session_is_open: Callable[[str], bool]) -> AuthResponse:
    """API Gateway's question about a token, answered for every route: what a role may do, `routing` decides.

    Raises Exception("Unauthorized"), the one word that API Gateway answers with 401 instead of 500.
    """
    scheme, _, token = request.token.partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise BadToken
        caller = check(token.strip())
        if not session_is_open(caller.session_id):
            raise BadToken
    except BadToken:
        raise Exception("Unauthorized") from None
    return AuthResponse(
        routes=["*"],
        principal_id=caller.id,
        context={"role": caller.role.value, "session": caller.session_id},
    )


def caller_of(authorizer_context: dict[str, Any]) -> Caller:
    """The caller that `authorize` found, out of an event's `requestContext.authorizer`."""
    return Caller(authorizer_context["principalId"], Role(authorizer_context["role"]), authorizer_context["session"])
