"""Who calls: Authentication for OPDS, by HTTP Basic or by a token of OAuth 2.0.

https://drafts.opds.io/authentication-for-opds-1.0, RFC 7617 (Basic), RFC 6750 (Bearer), RFC 6749 (the password and
refresh grants). The library's authorizer stays out of it: a reading app has to be answered with the Authentication
Document, which API Gateway cannot.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from chalicelib import auth, settings
from chalicelib.accounts import service as accounts
from chalicelib.auth import BadToken, Caller
from chalicelib.cache import Cache
from chalicelib.errors import Unauthenticated
from chalicelib.opds import model
from chalicelib.opds.addresses import FEED, PROFILE, Addresses
from chalicelib.opds.schemas import TokenRefusal, Tokens

BASIC = "http://opds-spec.org/auth/basic"
OAUTH = "http://opds-spec.org/auth/oauth/password"

_LABELS = {"login": "User name or e-mail", "password": "App password"}


def document(library: str, at: Addresses, *, registers: bool) -> dict[str, Any]:
    """The Authentication Document."""
    token = {"href": at.of_both("/token"), "type": "application/json"}
    links = [
        {"rel": "logo", "href": at.of_site("/mark.svg"), "type": "image/svg+xml"},
        {"rel": "help", "href": at.of_site("/me/apps"), "type": "text/html"},
        {"rel": model.SHELF, "href": at.of("/shelf"), "type": FEED},
        {"rel": "profile", "href": at.of_both("/profile"), "type": PROFILE},
        {"rel": "start", "href": at.of(""), "type": FEED},
    ]
    if registers:
        links.append({"rel": "register", "href": at.of_site("/register"), "type": "text/html"})
    return {
        "id": at.authentication,
        "title": library,
        "description": (
            "Sign in with your user name and an app password. Your own password is not taken here: make an app"
            f" password under “Reading apps” at {at.of_site('/me/apps')}"
        ),
        "links": links,
        "authentication": [
            {"type": BASIC, "labels": _LABELS},
            {
                "type": OAUTH,
                "labels": _LABELS,
                "links": [{"rel": "authenticate", **token}, {"rel": "refresh", **token}],
            },
        ],
    }


def caller(authorization: str | None, address: str, cache: Cache, now: datetime) -> Caller | None:
    """Who sent this Authorization header; None for nobody, who sent none.

    Raises Unauthenticated, AccountSuspended, TooManyAttempts.
    """
    if authorization is None:
        return None
    scheme, _, sent = authorization.partition(" ")
    match scheme.lower():
        case "basic":
            login, text = _credentials(sent.strip())
            return accounts.app_passwords.admit(login, text, address, cache, now)
        case "bearer":
            return _bearer(sent.strip(), cache, now)
        case _:
            raise Unauthenticated


def _credentials(sent: str) -> tuple[str, str]:
    """User name and password of Basic. Raises Unauthenticated."""
    try:
        login, colon, text = base64.b64decode(sent, validate=True).decode().partition(":")
    except ValueError:
        raise Unauthenticated from None
    if not colon:
        raise Unauthenticated
    return login, text


def _bearer(token: str, cache: Cache, now: datetime) -> Caller:
    try:
        who = auth.check(token)
    except BadToken:
        raise Unauthenticated from None
    if accounts.sessions.is_open(who.session_id, cache) or accounts.app_passwords.still_admits(who, cache, now):
        return who
    raise Unauthenticated


def tokens(form: bytes, device: str, address: str, cache: Cache, now: datetime) -> Tokens | TokenRefusal:
    """What the token endpoint answers to a form: a session for who knows the account's own password, and for an app
    password a token of its own, which opens what the app password does.

    Raises TooManyAttempts.
    """
    sent = dict(parse_qsl(form.decode(errors="replace"), keep_blank_values=True))
    match sent:
        case {"grant_type": "password", "username": login, "password": password}:
            return _granted(login, password, device, address, cache, now)
        case {"grant_type": "refresh_token", "refresh_token": token}:
            return _refreshed(token, cache, now)
        case {"grant_type": str(other)} if other not in {"password", "refresh_token"}:
            said = "The grants are password and refresh_token."
            return TokenRefusal(error="unsupported_grant_type", error_description=said)
        case _:
            return TokenRefusal(error="invalid_request", error_description="Something is missing.")


def _granted(
    login: str, password: str, device: str, address: str, cache: Cache, now: datetime
) -> Tokens | TokenRefusal:
    try:
        return _of_app_password(accounts.app_passwords.admit(login, password, address, cache, now), now)
    except accounts.sessions.AccountSuspended as refusal:
        return _invalid_grant(refusal)
    except Unauthenticated:
        pass
    try:
        return _of_session(accounts.sessions.sign_in(login, password, device, address, cache, now))
    except (Unauthenticated, accounts.sessions.AccountSuspended) as refusal:
        return _invalid_grant(refusal)


def _refreshed(token: str, cache: Cache, now: datetime) -> Tokens | TokenRefusal:
    try:
        if who := accounts.app_passwords.admit_sealed(token, cache, now):
            return _of_app_password(who, now)
        return _of_session(accounts.sessions.refresh(token, cache, now))
    except (Unauthenticated, accounts.sessions.AccountSuspended) as refusal:
        return _invalid_grant(refusal)


def _invalid_grant(refusal: Exception) -> TokenRefusal:
    return TokenRefusal(error="invalid_grant", error_description=f"{refusal}.")


def _of_app_password(who: Caller, now: datetime) -> Tokens:
    return _tokens(auth.issue(who, now), accounts.app_passwords.seal(who))


def _of_session(signed_in: accounts.sessions.SignedIn) -> Tokens:
    return _tokens(signed_in.access_token, signed_in.refresh_token)


def _tokens(access_token: str, refresh_token: str) -> Tokens:
    life = settings.current().access_token_life
    return Tokens(access_token=access_token, expires_in=life, refresh_token=refresh_token)
