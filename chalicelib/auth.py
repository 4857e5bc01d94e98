"""Access tokens: JWTs signed with the library's secret (RFC 7519, HS256), and the authorizer that checks them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import jwt
from chalice.app import AuthRequest, AuthResponse

from chalicelib import settings

_ALGORITHM = "HS256"
_CLAIMS = ["exp", "iat", "sub", "sid", "role"]


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


class BadToken(Exception):
    """The token is malformed, forged or expired."""


def issue(caller: Caller, now: datetime) -> str:
    """An access token for `caller`, good for `Settings.access_token_life` seconds."""
    s = settings.current()
    claims = {
        "sub": caller.id,
        "role": caller.role.value,
        "sid": caller.session_id,
        "iat": now,
        "exp": now + timedelta(seconds=s.access_token_life),
    }
    return jwt.encode(claims, s.jwt_secret, algorithm=_ALGORITHM)


def check(token: str) -> Caller:
    """Who `token` speaks for.

    Raises BadToken.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            settings.current().jwt_secret,
            algorithms=[_ALGORITHM],
            # "Issued at" says how old a token is, not from when on it holds (RFC 7519, 4.1.6): the clocks of two
            # machines may differ by a second.
            options={"require": _CLAIMS, "verify_iat": False},
        )
        return Caller(claims["sub"], Role(claims["role"]), claims["sid"])
    except (jwt.PyJWTError, ValueError) as error:
        raise BadToken from error


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
