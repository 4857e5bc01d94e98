"""Sections, e-books, which stands in which, and uploads.

| access pattern                       | key                                              | cost                     |
|--------------------------------------|--------------------------------------------------|--------------------------|
| a book's page                        | Book `books`, id                                 | 1 read                   |
| newest books                         | Book `books`, ids downwards                      | 1 query a page           |
| books of a section, newest first     | Shelving section, book ids downwards, then Books | 1 query + 1 batch a page |
| books on a page of loans             | Book ids, the removed ones again in `removed`    | 1 batch (2)              |
| a section                            | Section `sections`, id                           | 1 read                   |
| sections in any order                | Section `sections`, all                          | 1 query (for each MB)    |
| add, change or remove a book         | Book + Shelving + Section for each section       | 1 transaction (+1 read)  |
| an upload                            | Upload id                                        | 1 read                   |

Books and sections lie in one item collection each, under ids that sort by time: the newest list reads the table
itself, so it shows a change at once, which no global index does. DynamoDB splits such a collection by its
range key as it grows; only books added in the same second meet on one partition, which takes 1,000 a second.
A library has tens of sections, at most a few hundred, made by hand: they are read whole, and sorted here.
A removed book moves to the collection `removed`, where the loans that tell of it still find its title.
"""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import (
    ListAttribute,
    MapAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)

from chalicelib.catalogue.schemas import Format, UploadStatus
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


class File(MapAttribute[str, object]):
    """What is read of a book: an object in storage, of `size` bytes."""

    format = ChoiceAttribute[Format]()
    key = UnicodeAttribute()
    size = IntegerAttribute()


class Book(Table):
    class Meta(Place):
        table_name = named("books")

    collection = UnicodeAttribute(hash_key=True, default=BOOKS)
    id = UnicodeAttribute(range_key=True)
    title = UnicodeAttribute()
    authors: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, default=list)
    description = UnicodeAttribute(default="")
    language = UnicodeAttribute(null=True)
    section_ids: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, default=list)
    pages = IntegerAttribute(null=True)
    words = IntegerAttribute(null=True)
    price = Price(null=True)
    copies = IntegerAttribute(null=True)
    loan_period = UnicodeAttribute()
    grant = ChoiceAttribute[Grant]()
    rating_sum = IntegerAttribute(default=0)
    rating_count = IntegerAttribute(default=0)
    cover = UnicodeAttribute(null=True)
    file = File(null=True)
    created_at = UTCDateTimeAttribute()
    revision = IntegerAttribute(default=0)


class Shelving(Table):
    """That a book stands in a section."""

    class Meta(Place):
        table_name = named("shelvings")

    section_id = UnicodeAttribute(hash_key=True)
    book_id = UnicodeAttribute(range_key=True)


class Upload(Table):
    class Meta(Place):
        table_name = named("uploads")

    id = UnicodeAttribute(hash_key=True)
    book_id = UnicodeAttribute()
    replaces = UnicodeAttribute(null=True)
    filename = UnicodeAttribute()
    size = IntegerAttribute()
    key = UnicodeAttribute()
    status = ChoiceAttribute[UploadStatus](default="pending")
    reason = UnicodeAttribute(null=True)
    uploaded_by = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    expires_at = TTLAttribute()
