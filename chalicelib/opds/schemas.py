"""What the feeds are asked with, and the answers of theirs that are no feeds."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.accounts.schemas import Language
from chalicelib.catalogue.schemas import BookOrder, Format
from chalicelib.ids import Id
from chalicelib.paging import Page


class Search(Page, frozen=True, kw_only=True):
    """Which e-books, in which order. `query` is the parameter that OPDS 2.0 names."""

    query: Annotated[str, Meta(max_length=200)] | None = None
    section: Id | None = None
    author: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    language: Language | None = None
    format: Format | None = None
    sort: BookOrder | None = None


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """A successful answer of OAuth 2.0 (RFC 6749, 5.1)."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - what it is, not the token
    expires_in: int
    refresh_token: str


class TokenRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal of OAuth 2.0 (RFC 6749, 5.2)."""

    error: Literal["invalid_request", "invalid_grant", "unsupported_grant_type"]
    error_description: str
