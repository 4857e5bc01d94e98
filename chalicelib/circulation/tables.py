"""Loans, the patrons' cards that hold their limit, the copies that are out, and the queues for them.

| access pattern                        | key                                            | cost                  |
|---------------------------------------|------------------------------------------------|-----------------------|
| request, borrow or join the queue     | Loan + Card (+ Copies, Hold) + Fact, conditional | 1 transaction, 1 read |
| grant, deny, return, revoke, expire … | the same                                       | 1 transaction, 1 read |
| give a copy to the next in the queue  | both Loans, Hold, Copies, Card, Facts          | 1 transaction, 2 reads|
| a loan by its id                      | Loan patron, id                                | 1 read                |
| a patron's loans, newest first        | Loan patron, ids downwards                     | 1 query a page        |
| may this patron read this book        | local index `of_book` (patron, book)           | 1 query               |
| loans in a state, newest first        | index `by_status` (status, id)                 | 1 query a page        |
| who has a book, who had it            | index `by_book` (book, id)                     | 1 query a page        |
| who has a book or asked for it        | index `open_of_book` (book, id), open ones only| 1 query a page        |
| what is due by now                    | index `due` (shard, due_at), what ends by itself only | 1 query a shard |
| what a patron has open                | Card, then Loans                               | 1 read + 1 batch      |
| how much patrons have and had         | Cards                                          | 1 batch               |
| how many copies are out, who waits    | Copies book                                    | 1 read (batched)      |
| the queue of a book, first to last    | Hold book, loan ids upwards                    | 1 query               |

Outside, a loan's id is its patron's id and its own in one, so that it is found without an index, whose answer
might lag behind. Only e-books with a number of copies write to Copies: one lent without limit has no hot item.
The queue is a table and no index, since who is next must be known at once; ids sort by the time of asking.
"""

from __future__ import annotations

from pynamodb.attributes import (
    BooleanAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, LocalSecondaryIndex

from chalicelib.database import IntegerAttribute, Place, Table, named
from chalicelib.ids import LENGTH

DUE_SHARDS = 8


class LoansOfBook(LocalSecondaryIndex["Loan"]):
    """A patron's loans of one book; local, so that it never lags."""

    class Meta:
        index_name = "of_book"
        projection = AllProjection()

    patron_id = UnicodeAttribute(hash_key=True)
    book_id = UnicodeAttribute(range_key=True)


class LoansByStatus(GlobalSecondaryIndex["Loan"]):
    class Meta:
        index_name = "by_status"
        projection = AllProjection()

    status = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class OpenLoansOfBook(GlobalSecondaryIndex["Loan"]):
    """Sparse: only loans that are open have its key."""

    class Meta:
        index_name = "open_of_book"
        projection = AllProjection()

    open_book_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class LoansByBook(GlobalSecondaryIndex["Loan"]):
    class Meta:
        index_name = "by_book"
        projection = AllProjection()

    book_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)


class LoansDue(GlobalSecondaryIndex["Loan"]):
    class Meta:
        index_name = "due"
        projection = AllProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = UTCDateTimeAttribute(range_key=True)


class Loan(Table):
    """A request or loan. `due_at` is when it ends by itself: if it is active, or its copy is kept for the patron."""

    class Meta(Place):
        table_name = named("loans")

    patron_id = UnicodeAttribute(hash_key=True)
    id = UnicodeAttribute(range_key=True)
    book_id = UnicodeAttribute()
    status = UnicodeAttribute()
    period = UnicodeAttribute()
    requested_at = UTCDateTimeAttribute()
    granted_at = UTCDateTimeAttribute(null=True)
    due_at = UTCDateTimeAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    ended_at = UTCDateTimeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    open_book_id = UnicodeAttribute(null=True)
    has_copy = BooleanAttribute(default=False)
    may_wait = BooleanAttribute(default=False)
    paused = BooleanAttribute(default=False)
    renewals = IntegerAttribute(default=0)
    of_book = LoansOfBook()
    by_status = LoansByStatus()
    by_book = LoansByBook()
    open_of_book = OpenLoansOfBook()
    due = LoansDue()

    @property
    def public_id(self) -> str:
        """The loan's id outside."""
        return self.patron_id + self.id


def split_id(public_id: str) -> tuple[str, str]:
    """The patron's id and the loan's own, out of a loan's id outside."""
    return public_id[:LENGTH], public_id[LENGTH:]


class Card(Table):
    """A patron's library card: what they have open, the same number of books and loans, and how many loans they had."""

    class Meta(Place):
        table_name = named("cards")

    patron_id = UnicodeAttribute(hash_key=True)
    books = UnicodeSetAttribute(null=True)
    loans = UnicodeSetAttribute(null=True)
    had = IntegerAttribute(default=0)


class Copies(Table):
    """The copies of an e-book whose number is limited: how many there are (none yet where nobody asked before), are
    out or kept ready, and are waited for by those who did not pause; how often one came back, and after how many
    seconds in all."""

    class Meta(Place):
        table_name = named("copies")

    book_id = UnicodeAttribute(hash_key=True)
    total = IntegerAttribute(null=True)
    out = IntegerAttribute(default=0)
    waiting = IntegerAttribute(default=0)
    returns = IntegerAttribute(default=0)
    seconds = IntegerAttribute(default=0)


class Hold(Table):
    """A place in the queue for an e-book."""

    class Meta(Place):
        table_name = named("holds")

    book_id = UnicodeAttribute(hash_key=True)
    loan_id = UnicodeAttribute(range_key=True)
    patron_id = UnicodeAttribute()
    paused = BooleanAttribute(default=False)
