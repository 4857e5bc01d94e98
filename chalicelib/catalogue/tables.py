"""Sections, e-books, which stands in which, and uploads.

| access pattern                       | key                                              | cost                     |
|--------------------------------------|--------------------------------------------------|--------------------------|
| a book's page                        | Book `books`, id                                 | 1 read                   |
| newest books                         | Book `books`, ids downwards                      | 1 query a page           |
| best rated, most borrowed books      | indexes `best_rated`, `most_borrowed` downwards  | 1 query a page           |
| books by title                       | index `by_title` upwards                         | 1 query a page           |
| books of a section, newest first     | Shelving section, book ids downwards, then Books | 1 query + 1 batch a page |
| books on a page of loans             | Book ids, the removed ones again in `removed`    | 1 batch (2)              |
| a section                            | Section `sections`, id                           | 1 read                   |
| sections in any order                | Section `sections`, all                          | 1 query (for each MB)    |
| add, change or remove a book         | Book + Shelving + Section for each section       | 1 transaction (+1 read)  |
| whether a file or record is held     | Holding origin                                   | 1 read (batched)         |
| count loans of a book                | Counted for each + Book                          | 1 transaction, 2 reads   |
| an upload                            | Upload id                                        | 1 read                   |
| the search index and who writes it   | SearchIndex name                                 | 1 read or write          |

Books and sections lie in one item collection each, under ids that sort by time: the newest list reads the table
itself, so it shows a change at once, which no global index does. DynamoDB splits such a collection by its
range key as it grows; only books added in the same second meet on one partition, which takes 1,000 a second.
A library has tens of sections, at most a few hundred, made by hand: they are read whole, and sorted here.
The keys of the three indexes end in the book's id, so that each is its own and a page can start after any.
A removed book moves to the collection `removed`, where the loans that tell of it still find its title.
"""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib.catalogue.schemas import Format, Purpose, UploadStatus
from chalicelib.database import ChoiceAttribute, IntegerAttribute, Place, Table, named
from chalicelib.policy.schemas import Grant

BOOKS = "books"
REMOVED = "removed"
SECTIONS = "sections"


class Section(Table):
    class Meta(Place):
        table_name = named("sections")

    collection = UnicodeAttribute(hash_key=True, default=SECTIONS)
    id = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute()
    description = UnicodeAttribute(default="")
    created_at = UTCDateTimeAttribute()
    book_count = IntegerAttribute(default=0)
    rating_sum = IntegerAttribute(default=0)
    rating_count = IntegerAttribute(default=0)
    revision = IntegerAttribute(default=0)


class Price(MapAttribute[str, object]):
    amount = IntegerAttribute()
    currency = UnicodeAttribute()


class Series(MapAttribute[str, object]):
    name = UnicodeAttribute()
    position = NumberAttribute(null=True)


class File(MapAttribute[str, object]):
    """What is read of a book: an object in storage, of `size` bytes. Its contents list and its plain text are objects
    of their own: either may be larger than an item."""

    format = ChoiceAttribute[Format]()
    key = UnicodeAttribute()
    size = IntegerAttribute()
    contents = UnicodeAttribute(null=True)
    text = UnicodeAttribute(null=True)

    @property
    def keys(self) -> list[str]:
        """The keys of all its objects."""
        return [key for key in (self.key, self.contents, self.text) if key]


class Cover(MapAttribute[str, object]):
    """A cover in one size."""

    key = UnicodeAttribute()
    width = IntegerAttribute()


class BestRated(GlobalSecondaryIndex["Book"]):
    class Meta:
        index_name = "best_rated"
        projection = AllProjection()

    collection = UnicodeAttribute(hash_key=True)
    rated = UnicodeAttribute(range_key=True)


class MostBorrowed(GlobalSecondaryIndex["Book"]):
    class Meta:
        index_name = "most_borrowed"
        projection = AllProjection()

    collection = UnicodeAttribute(hash_key=True)
    borrowed = UnicodeAttribute(range_key=True)


class ByTitle(GlobalSecondaryIndex["Book"]):
    class Meta:
        index_name = "by_title"
        projection = AllProjection()

    collection = UnicodeAttribute(hash_key=True)
    titled = UnicodeAttribute(range_key=True)


class Book(Table):
    class Meta(Place):
        table_name = named("books")

    collection = UnicodeAttribute(hash_key=True, default=BOOKS)
    id = UnicodeAttribute(range_key=True)
    title = UnicodeAttribute()
    authors: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, default=list)
    description = UnicodeAttribute(default="")
    language = UnicodeAttribute(null=True)
    series = Series(null=True)
    publisher = UnicodeAttribute(null=True)
    subjects: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, default=list)
    identifiers: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, default=list)
    section_ids: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, default=list)
    pages = IntegerAttribute(null=True)
    words = IntegerAttribute(null=True)
    price = Price(null=True)
    copies = IntegerAttribute(null=True)
    loan_period = UnicodeAttribute()
    grant = ChoiceAttribute[Grant]()
    rating_sum = IntegerAttribute(default=0)
    rating_count = IntegerAttribute(default=0)
    rating_brought = IntegerAttribute(null=True)
    rated = UnicodeAttribute(null=True)
    loan_count = IntegerAttribute(default=0)
    borrowed = UnicodeAttribute(null=True)
    titled = UnicodeAttribute(null=True)
    covers: ListAttribute[Any] = ListAttribute(of=Cover, default=list)
    file = File(null=True)
    origins: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, default=list)
    created_at = UTCDateTimeAttribute()
    revision = IntegerAttribute(default=0)
    best_rated = BestRated()
    most_borrowed = MostBorrowed()
    by_title = ByTitle()


class Shelving(Table):
    """That a book stands in a section."""

    class Meta(Place):
        table_name = named("shelvings")

    section_id = UnicodeAttribute(hash_key=True)
    book_id = UnicodeAttribute(range_key=True)


class Holding(Table):
    """Which books came of one origin: a file's digest, or the name a book had in another catalogue."""

    class Meta(Place):
        table_name = named("holdings")

    origin = UnicodeAttribute(hash_key=True)
    book_ids = UnicodeSetAttribute(null=True)


class Counted(Table):
    """A loan that was counted, for as long as its fact may be delivered again."""

    class Meta(Place):
        table_name = named("counted")

    fact_id = UnicodeAttribute(hash_key=True)
    expires_at = TTLAttribute()


class SearchIndex(Table):
    """An index in storage, by what is done with it: `live` is searched, `rebuild` is being made. A third item, `sweep`,
    holds what may be collected of storage.

    `token` counts its writers, one at a time: what one publishes is refused when a later one has begun.
    """

    class Meta(Place):
        table_name = named("indexes")

    name = UnicodeAttribute(hash_key=True)
    token = IntegerAttribute(null=True)
    holder = UnicodeAttribute(null=True)
    held_until = UTCDateTimeAttribute(null=True)
    version = UnicodeAttribute(null=True)
    schema_version = IntegerAttribute(null=True)
    manifest = UnicodeAttribute(null=True)
    damaged = BooleanAttribute(null=True)
    behind_since = UTCDateTimeAttribute(null=True)
    behind_mark = UnicodeAttribute(null=True)
    started_at = UTCDateTimeAttribute(null=True)
    cursor = UnicodeAttribute(null=True)
    counted = IntegerAttribute(null=True)
    expected = IntegerAttribute(null=True)
    unneeded: JSONAttribute = JSONAttribute(null=True)
    noted_at = UTCDateTimeAttribute(null=True)


class Upload(Table):
    class Meta(Place):
        table_name = named("uploads")

    id = UnicodeAttribute(hash_key=True)
    book_id = UnicodeAttribute()
    replaces = UnicodeAttribute(null=True)
    purpose = ChoiceAttribute[Purpose](default="book")
    unless_held = BooleanAttribute(default=False)
    held = BooleanAttribute(default=False)
    about: JSONAttribute = JSONAttribute(null=True)
    filename = UnicodeAttribute()
    size = IntegerAttribute()
    key = UnicodeAttribute()
    status = ChoiceAttribute[UploadStatus](default="pending")
    reason = UnicodeAttribute(null=True)
    code = UnicodeAttribute(null=True)
    uploaded_by = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    expires_at = TTLAttribute()
