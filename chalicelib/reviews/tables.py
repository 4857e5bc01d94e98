"""Ratings and feedback.

| access pattern                   | key                                                | cost                  |
|----------------------------------|----------------------------------------------------|-----------------------|
| write, change or remove a review | Review book, patron + Book + Sections, conditional | 1 transaction, 3 reads|
| one's own review                 | Review book, patron                                | 1 read                |
| the reviews of a book, newest first | local index `newest` (book, id)         | 1 query + 1 batch     |
"""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.indexes import AllProjection, LocalSecondaryIndex

from chalicelib.database import IntegerAttribute, Place, Table, named
from chalicelib.ids import LENGTH


class NewestReviews(LocalSecondaryIndex["Review"]):
    class Meta:
        index_name = "newest"
        projection = AllProjection()

    book_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class Review(Table):
    class Meta(Place):
        table_name = named("reviews")

    book_id = UnicodeAttribute(hash_key=True)
    patron_id = UnicodeAttribute(range_key=True)
    id = UnicodeAttribute()
    rating = IntegerAttribute()
    text = UnicodeAttribute(default="")
    hidden = BooleanAttribute(default=False)
    written_at = UTCDateTimeAttribute()
    changed_at = UTCDateTimeAttribute()
    newest = NewestReviews()

    @property
    def public_id(self) -> str:
        """The review's id outside: its keys in one, so that it is found without an index."""
        return self.book_id + self.patron_id


def split_id(public_id: str) -> tuple[str, str]:
    """The book's and the patron's id, out of a review's id outside."""
    return public_id[:LENGTH], public_id[LENGTH:]
