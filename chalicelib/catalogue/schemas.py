"""Sections, e-books and uploads as the API shows and takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.accounts.schemas import Language
from chalicelib.ids import Id
from chalicelib.paging import Page
from chalicelib.periods import Period
from chalicelib.policy.schemas import SAYS_SOMETHING, Currency, Grant

SectionName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100, pattern=SAYS_SOMETHING)]
# A hundred of the longest books still fit into the 6 MB that a function may answer.
Description: TypeAlias = Annotated[str, Meta(max_length=5_000)]
Title: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500, pattern=SAYS_SOMETHING)]
Authors: TypeAlias = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=200, pattern=SAYS_SOMETHING)]], Meta(max_length=50)
]
SectionIds: TypeAlias = Annotated[list[Id], Meta(max_length=20)]
Pages: TypeAlias = Annotated[int, Meta(ge=1, le=100_000)]
Copies: TypeAlias = Annotated[int, Meta(ge=1, le=10_000)]
Content: TypeAlias = Annotated[str, Meta(max_length=1_000_000, description="Markdown")]
Amount: TypeAlias = Annotated[int, Meta(ge=0, le=100_000_000)]
Format: TypeAlias = Literal["markdown", "epub", "pdf"]
UploadStatus: TypeAlias = Literal["pending", "processing", "ready", "refused"]
Rating: TypeAlias = Annotated[float, Meta(description="Mean of the ratings, 1 to 5")]


class SectionShown(msgspec.Struct, frozen=True, kw_only=True):
    """A section of the library."""

    id: str
    name: str
    description: str
    created_at: datetime
    book_count: int
    rating: Rating | None
    rating_count: int


class Sections(msgspec.Struct, frozen=True, kw_only=True):
    """A page of sections."""

    items: list[SectionShown]
    next_cursor: str | None


class SectionList(Page, frozen=True, kw_only=True):
    """Which sections, in which order."""

    q: Annotated[str, Meta(max_length=100)] | None = None
    sort: Literal["newest", "rating", "name"] = "newest"


class NewSection(msgspec.Struct, frozen=True, kw_only=True):
    """A section to make."""

    name: SectionName
    description: Description = ""


class SectionPatch(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of a section (RFC 7396)."""

    name: SectionName | UnsetType = UNSET
    description: Description | None | UnsetType = UNSET


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """An amount in minor units, as cents."""

    amount: Amount
    currency: Currency


class BookShown(msgspec.Struct, frozen=True, kw_only=True):
    """An e-book of the catalogue. `format` is null while it has no content."""

    id: str
    title: str
    authors: list[str]
    description: str
    language: str | None
    section_ids: list[str]
    pages: int | None
    words: int | None
    price: Money | None
    copies: int | None
    loan_period: Period
    grant: Grant
    rating: Rating | None
    rating_count: int
    cover_url: str | None
    format: Format | None
    size: Annotated[int, Meta(description="Bytes")] | None
    created_at: datetime


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """A page of e-books."""

    items: list[BookShown]
    next_cursor: str | None


class BookList(Page, frozen=True, kw_only=True):
    """Which e-books."""

    section: Id | None = None
    sort: Literal["newest"] = "newest"


class NewBook(msgspec.Struct, frozen=True, kw_only=True):
    """An e-book to add. Where `loan_period` or `grant` is not given, the library's is taken."""

    title: Title
    authors: Authors = []
    description: Description = ""
    language: Language | None = None
    section_ids: SectionIds = []
    pages: Pages | None = None
    price: Money | None = None
    copies: Copies | None = None
    loan_period: Period | None = None
    grant: Grant | None = None
    content: Content | None = None


class MoneyPatch(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of a price (RFC 7396)."""

    amount: Amount | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET


class BookPatch(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of an e-book (RFC 7396). Null for `loan_period` or `grant` takes the library's."""

    title: Title | UnsetType = UNSET
    authors: Authors | None | UnsetType = UNSET
    description: Description | None | UnsetType = UNSET
    language: Language | None | UnsetType = UNSET
    section_ids: SectionIds | None | UnsetType = UNSET
    pages: Pages | None | UnsetType = UNSET
    price: MoneyPatch | None | UnsetType = UNSET
    copies: Copies | None | UnsetType = UNSET
    loan_period: Period | None | UnsetType = UNSET
    grant: Grant | None | UnsetType = UNSET
    content: Content | None | UnsetType = UNSET


class NewUpload(msgspec.Struct, frozen=True, kw_only=True):
    """A file about to be uploaded; with `book_id` it becomes that book's file, else a book is made of it."""

    filename: Annotated[str, Meta(min_length=1, max_length=255)]
    size: Annotated[int, Meta(ge=1, description="Bytes")]
    type: Annotated[str, Meta(max_length=100)] = "application/octet-stream"
    book_id: Id | None = None


class UploadTicket(msgspec.Struct, frozen=True, kw_only=True):
    """Where to send the file: a request of `method` to `url` with `headers`; then complete the upload."""

    upload_id: str
    url: str
    method: Literal["PUT"]
    headers: dict[str, str]


class UploadShown(msgspec.Struct, frozen=True, kw_only=True):
    """How an upload goes; `reason` says why it was refused."""

    id: str
    status: UploadStatus
    filename: str
    book_id: str | None
    reason: str | None
