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
from chalicelib.problems import Problem

SectionName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100, pattern=SAYS_SOMETHING)]
# A hundred of the longest books still fit into the 6 MB that a function may answer.
Description: TypeAlias = Annotated[str, Meta(max_length=5_000)]
Title: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500, pattern=SAYS_SOMETHING)]
Authors: TypeAlias = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=200, pattern=SAYS_SOMETHING)]], Meta(max_length=50)
]
MOST_SECTIONS = 20
SectionIds: TypeAlias = Annotated[list[Id], Meta(max_length=MOST_SECTIONS)]
Pages: TypeAlias = Annotated[int, Meta(ge=1, le=100_000)]
Copies: TypeAlias = Annotated[int, Meta(ge=1, le=10_000)]
Content: TypeAlias = Annotated[str, Meta(max_length=1_000_000, description="Markdown")]
Amount: TypeAlias = Annotated[int, Meta(ge=0, le=100_000_000)]
Format: TypeAlias = Literal["markdown", "epub", "pdf"]
MEDIA_TYPES: dict[Format, str] = {
    "epub": "application/epub+zip",
    "pdf": "application/pdf",
    "markdown": "text/markdown; charset=utf-8",
}
UploadStatus: TypeAlias = Literal["pending", "processing", "ready", "refused"]
Purpose: TypeAlias = Literal["book", "cover"]
Rating: TypeAlias = Annotated[float, Meta(description="Mean of the ratings, 1 to 5")]
Words: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200, pattern=SAYS_SOMETHING)]
Subjects: TypeAlias = Annotated[list[Words], Meta(max_length=50)]
Identifiers: TypeAlias = Annotated[list[Words], Meta(max_length=20, description="As urn:isbn:9780141439518")]
SeriesPosition: TypeAlias = Annotated[float, Meta(ge=0, le=100_000)]
Origin: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=SAYS_SOMETHING, description="Names a book where it came from")
]
MOST_AT_ONCE = 100


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


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """The series a book belongs to, and its place in it."""

    name: Words
    position: SeriesPosition | None = None


class CoverShown(msgspec.Struct, frozen=True, kw_only=True):
    """A cover in one size; `width` is in pixels."""

    url: str
    width: int


class BookShown(msgspec.Struct, frozen=True, kw_only=True):
    """An e-book of the catalogue. `format` is null while it has no content; `covers` has the cover in every size there
    is, the widest first, and `cover_url` one fit for a list."""

    id: str
    title: str
    authors: list[str]
    description: str
    language: str | None
    series: Series | None
    publisher: str | None
    subjects: list[str]
    identifiers: list[str]
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
    covers: list[CoverShown]
    format: Format | None
    size: Annotated[int, Meta(description="Bytes")] | None
    created_at: datetime


class FacetValue(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the e-books found have `value`; `text` is a section's name, and otherwise the value itself."""

    value: str
    text: str
    count: int


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """What the e-books found have in common, the most frequent first. Each facet counts what would be found without
    its own filter, so that another value can be chosen."""

    sections: list[FacetValue]
    languages: list[FacetValue]
    formats: list[FacetValue]


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """A page of e-books. `total`, `facets` and `did_you_mean` come with the first page of what was searched or
    filtered: how many there are in all, what they have in common, and, where nothing was found, what would be."""

    items: list[BookShown]
    next_cursor: str | None
    total: int | UnsetType = UNSET
    facets: Facets | UnsetType = UNSET
    did_you_mean: str | UnsetType = UNSET


BookOrder: TypeAlias = Literal["relevance", "newest", "rating", "popular", "title"]


class BookList(Page, frozen=True, kw_only=True):
    """Which e-books, in which order; without `sort` the best matches of `q` first, or the newest. Filters combine."""

    q: Annotated[str, Meta(max_length=200)] | None = None
    section: Id | None = None
    author: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    language: Language | None = None
    format: Format | None = None
    sort: BookOrder | None = None


class SuggestionList(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed so far."""

    q: Annotated[str, Meta(min_length=1, max_length=200)]
    limit: Annotated[int, Meta(ge=1, le=20)] = 8


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who types may mean. `id` is that of the e-book or the section, or the author's name."""

    kind: Literal["title", "author", "section"]
    text: str
    id: str


class Suggestions(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who types may mean, the likeliest first."""

    items: list[Suggestion]


class NewBook(msgspec.Struct, frozen=True, kw_only=True):
    """An e-book to add. Where `loan_period` or `grant` is not given, the library's is taken."""

    title: Title
    authors: Authors = []
    description: Description = ""
    language: Language | None = None
    series: Series | None = None
    publisher: Words | None = None
    subjects: Subjects = []
    identifiers: Identifiers = []
    section_ids: SectionIds = []
    pages: Pages | None = None
    price: Money | None = None
    copies: Copies | None = None
    loan_period: Period | None = None
    grant: Grant | None = None
    content: Content | None = None


class ImportedBook(NewBook, frozen=True, kw_only=True):
    """A record of another catalogue: an e-book to add unless one of the same `origin` is in the library.

    Without an origin, the first identifier stands for it, else title, authors and language together. `sections` are
    named, and made where they are missing. `rating` is one voice that the book brings along, without words.
    """

    origin: Origin | None = None
    sections: Annotated[list[SectionName], Meta(max_length=MOST_SECTIONS)] = []
    rating: Annotated[int, Meta(ge=1, le=5)] | None = None


class BooksToImport(msgspec.Struct, frozen=True, kw_only=True):
    """Records of another catalogue, brought in one by one in their order."""

    books: Annotated[list[ImportedBook], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class BookResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one book among several: the book, or the problem. `held`: it was in the library before."""

    ok: bool
    id: str | None = None
    held: bool = False
    problem: Problem | None = None


class BookResults(msgspec.Struct, frozen=True, kw_only=True):
    """A result for each, in the order they were given."""

    results: list[BookResult]


class MoneyPatch(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of a price (RFC 7396)."""

    amount: Amount | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET


class SeriesPatch(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of a series (RFC 7396)."""

    name: Words | UnsetType = UNSET
    position: SeriesPosition | None | UnsetType = UNSET


class BookTermsPatch(msgspec.Struct, frozen=True, kw_only=True):
    """Changes that make sense for several e-books at once. Null for `loan_period` or `grant` takes the library's."""

    language: Language | None | UnsetType = UNSET
    copies: Copies | None | UnsetType = UNSET
    loan_period: Period | None | UnsetType = UNSET
    grant: Grant | None | UnsetType = UNSET


class BookPatch(BookTermsPatch, frozen=True, kw_only=True):
    """Changes of an e-book (RFC 7396). Null for `loan_period` or `grant` takes the library's; null for `cover_url`
    takes the cover off, and a new one is uploaded."""

    title: Title | UnsetType = UNSET
    authors: Authors | None | UnsetType = UNSET
    description: Description | None | UnsetType = UNSET
    series: SeriesPatch | None | UnsetType = UNSET
    publisher: Words | None | UnsetType = UNSET
    subjects: Subjects | None | UnsetType = UNSET
    identifiers: Identifiers | None | UnsetType = UNSET
    section_ids: SectionIds | None | UnsetType = UNSET
    pages: Pages | None | UnsetType = UNSET
    price: MoneyPatch | None | UnsetType = UNSET
    cover_url: None | UnsetType = UNSET
    content: Content | None | UnsetType = UNSET


class BooksChange(msgspec.Struct, frozen=True, kw_only=True):
    """The same changes of several e-books; sections are put to and taken from those that each stands in."""

    ids: Annotated[list[Id], Meta(min_length=1, max_length=MOST_AT_ONCE)]
    changes: BookTermsPatch = BookTermsPatch()
    add_section_ids: SectionIds = []
    remove_section_ids: SectionIds = []


class BookAbout(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an e-book better than its file says; what is not given is read from the file."""

    title: Title | UnsetType = UNSET
    authors: Authors | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    series: Series | UnsetType = UNSET
    publisher: Words | UnsetType = UNSET
    subjects: Subjects | UnsetType = UNSET
    identifiers: Identifiers | UnsetType = UNSET
    section_ids: SectionIds | UnsetType = UNSET
    price: Money | UnsetType = UNSET
    copies: Copies | UnsetType = UNSET
    loan_period: Period | UnsetType = UNSET
    grant: Grant | UnsetType = UNSET
    origin: Origin | UnsetType = UNSET
    rating: Annotated[int, Meta(ge=1, le=5)] | UnsetType = UNSET


class NewUpload(msgspec.Struct, frozen=True, kw_only=True):
    """A file about to be uploaded: an EPUB or PDF, of which a book is made, or which becomes that of `book_id`; or,
    with `purpose` "cover", the picture on the cover of `book_id`.

    With `unless_held`, a file that the library has already (or whose `origin` it has) makes no second book: the upload
    ends ready, with that book, and `held`.
    """

    filename: Annotated[str, Meta(min_length=1, max_length=255)]
    size: Annotated[int, Meta(ge=1, description="Bytes")]
    type: Annotated[str, Meta(max_length=100)] = "application/octet-stream"
    book_id: Id | None = None
    purpose: Purpose = "book"
    unless_held: bool = False
    about: BookAbout | None = None


class UploadTicket(msgspec.Struct, frozen=True, kw_only=True):
    """Where to send the file: a request of `method` to `url` with `headers`; then complete the upload."""

    upload_id: str
    url: str
    method: Literal["PUT"]
    headers: dict[str, str]


class UploadShown(msgspec.Struct, frozen=True, kw_only=True):
    """How an upload goes; `reason` says why it was refused, `code` the same in one word; `held`, that the library had
    the file before."""

    id: str
    status: UploadStatus
    filename: str
    book_id: str | None
    reason: str | None
    code: str | None
    held: bool


class ContentsLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a contents list: `href` is its place as the reader opens it, `level` counts from 1."""

    title: str
    href: str | None
    level: int


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """An e-book's contents list; empty where it has none."""

    items: list[ContentsLine]
