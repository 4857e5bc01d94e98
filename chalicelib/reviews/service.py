"""Rating and feedback, by who has had the book. The means of books and sections change in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from pynamodb.expressions.condition import Condition

from chalicelib import facts
from chalicelib.cache import Cache
from chalicelib.catalogue import service as catalogue
from chalicelib.circulation import service as circulation
from chalicelib.database import Collision, Transaction, again, get
from chalicelib.errors import Forbidden, NotFound
from chalicelib.facts import fact
from chalicelib.ids import is_id, new_id
from chalicelib.paging import Part, first, position
from chalicelib.reviews.tables import Review, split_id

AT_ONCE = 100


class NotHadYet(Forbidden):
    title = "Only who has had this e-book can rate it"


def of_patron(book_id: str, patron_id: str) -> Review:
    """A patron's review of a book.

    Raises NotFound.
    """
    review = _kept(book_id, patron_id)
    if review is None:
        raise NotFound("You have not rated this e-book.")
    return review


def of_book(book_id: str, limit: int, cursor: str | None) -> Part[Review]:
    """A page of a book's reviews that are not hidden, newest first.

    Raises NotFound.
    """
    catalogue.book(book_id)
    after = position(cursor)
    found = Review.newest.query(
        book_id,
        Review.id < after if after else None,
        filter_condition=Review.hidden == False,  # noqa: E712
        scan_index_forward=False,
        page_size=limit + 1,
    )
    return first(found, limit, lambda review: review.id)


def write(book_id: str, patron_id: str, rating: int, text: str, cache: Cache, now: datetime) -> Review:
    """Rate a book, or change what one said of it.

    Raises NotFound, NotHadYet.
    """
    catalogue.book(book_id)
    if not circulation.has_had(patron_id, book_id):
        raise NotHadYet

    def attempt() -> Review:
        before = _kept(book_id, patron_id)
        review = Review(
            book_id=book_id,
            patron_id=patron_id,
            id=before.id if before else new_id(now),
            rating=rating,
            text=text,
            hidden=before.hidden if before else False,
            written_at=before.written_at if before else now,
            changed_at=now,
        )
        transaction = Transaction()
        transaction.put(review, _unmoved(before), lambda _: Collision())
        was = {"was": before.rating} if before else {}
        transaction.put(fact("review.written", now, subject=book_id, actor=patron_id, rating=rating, **was))
        _commit(transaction, book_id, rating - _points(before), 0 if before else 1, cache)
        return review

    return again(attempt)


def remove(book_id: str, patron_id: str, cache: Cache, now: datetime) -> None:
    """Take one's review back.

    Raises NotFound.
    """

    def attempt() -> None:
        before = of_patron(book_id, patron_id)
        transaction = Transaction()
        transaction.delete(before, _unmoved(before), lambda _: Collision())
        transaction.put(fact("review.removed", now, subject=book_id, actor=patron_id, was=before.rating))
        _commit(transaction, book_id, -_points(before), -1, cache)

    again(attempt)


def hide(review_id: str, librarian_id: str, now: datetime) -> Review:
    """Hide the words of a review; its rating counts on.

    Raises NotFound.
    """
    book_id, patron_id = split_id(review_id)
    if not is_id(patron_id):
        raise NotFound("There is no such review.")
    transaction = Transaction()
    transaction.update(
        Review(book_id=book_id, patron_id=patron_id),
        [Review.hidden.set(True)],
        Review.rating.exists(),
        lambda _: NotFound("There is no such review."),
    )
    transaction.put(fact("review.hidden", now, subject=book_id, actor=librarian_id, patron_id=patron_id))
    transaction.commit()
    return of_patron(book_id, patron_id)


def of_person(patron_id: str, now: datetime) -> list[Review]:
    """All reviews of a patron. Only who has had a book can rate it, so they are found by the patron's loans."""
    books = {loan.book_id for loan, _ in circulation.history(patron_id, now)}
    return list(Review.batch_get([(book_id, patron_id) for book_id in books], consistent_read=True))


def ratings(had: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The ratings of these books by these patrons, by the ids of both; a batch for each hundred."""
    found = Review.batch_get(set(had), consistent_read=True)
    return {(review.book_id, review.patron_id): review.rating for review in found}


def as_given(since: datetime, until: datetime, after: str | None) -> Iterator[tuple[str, Review]]:
    """Every rating that was given from `since` on and before `until`, in that order, each with the cursor after which
    the list goes on. It is found by the fact that tells of its first words; a query a day, a batch for a hundred."""
    told = facts.of_kinds(("review.written",), since, until, after)
    while some := list(islice(told, AT_ONCE)):
        keys = {(one.subject, one.actor) for one in some}
        kept = {(one.book_id, one.patron_id): one for one in Review.batch_get(keys, consistent_read=True)}
        for one in some:
            review = kept.get((one.subject, one.actor))
            if review is not None and review.written_at == one.at:
                yield one.id, review


def forget_words(patron_id: str, now: datetime) -> None:
    """Remove the words of all reviews of a patron; the ratings stay. Safe to repeat."""
    for review in of_person(patron_id, now):
        if review.text:
            transaction = Transaction()
            transaction.update(
                review,
                [Review.text.set(""), Review.changed_at.set(now)],
                Review.rating.exists(),
                lambda _: NotFound(),
            )
            try:
                transaction.commit()
            except NotFound:
                continue  # taken back in this moment


def _kept(book_id: str, patron_id: str) -> Review | None:
    return get(Review, book_id, patron_id)


def _unmoved(before: Review | None) -> Condition:
    if before is None:
        return Review.rating.does_not_exist()
    return (Review.changed_at == before.changed_at) & (Review.hidden == before.hidden)


def _points(review: Review | None) -> int:
    return review.rating if review else 0


def _commit(transaction: Transaction, book_id: str, points: int, voices: int, cache: Cache) -> None:
    book = catalogue.book(book_id)
    catalogue.rate(transaction, book, points, voices, cache)
    transaction.commit()
    catalogue.after_rating(book, cache)
