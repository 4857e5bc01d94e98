"""Routes of ratings and feedback."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib import wiring
from chalicelib.accounts import service as accounts
from chalicelib.circulation.schemas import Person
from chalicelib.errors import NotFound
from chalicelib.paging import Page
from chalicelib.reviews import service
from chalicelib.reviews.schemas import Reviews, ReviewShown, ReviewWritten
from chalicelib.reviews.tables import Review
from chalicelib.routing import Call, Nothing, Routes, Who

routes = Routes(__name__)


def _shown(reviews: Sequence[Review]) -> list[ReviewShown]:
    names = accounts.names(review.patron_id for review in reviews)
    return [
        ReviewShown(
            id=review.public_id,
            rating=review.rating,
            text=review.text,
            hidden=review.hidden,
            patron=Person(name=names.get(review.patron_id)),
            written_at=review.written_at,
            changed_at=review.changed_at,
        )
        for review in reviews
    ]


@routes.operation("GET", "/books/{book_id}/review", who=Who.PATRON, returns=ReviewShown, refusals=(NotFound,))
def show_own_review(call: Call[Nothing, Nothing], book_id: str) -> ReviewShown:
    """One's own review of an e-book."""
    return _shown([service.of_patron(book_id, call.caller.id)])[0]


@routes.operation(
    "PUT",
    "/books/{book_id}/review",
    who=Who.PATRON,
    body=ReviewWritten,
    returns=ReviewShown,
    refusals=(NotFound, service.NotHadYet),
)
def write_review(call: Call[ReviewWritten, Nothing], book_id: str) -> ReviewShown:
    """Rate an e-book one has had, or change what one said of it."""
    wanted = call.body
    review = service.write(book_id, call.caller.id, wanted.rating, wanted.text, wiring.cache(), wiring.now())
    return _shown([review])[0]


@routes.operation("DELETE", "/books/{book_id}/review", who=Who.PATRON, status=204, refusals=(NotFound,))
def remove_review(call: Call[Nothing, Nothing], book_id: str) -> None:
    """Take one's review back."""
    service.remove(book_id, call.caller.id, wiring.cache(), wiring.now())


@routes.operation("GET", "/books/{book_id}/reviews", who=Who.ANYONE, query=Page, returns=Reviews, refusals=(NotFound,))
def list_reviews(call: Call[Nothing, Page], book_id: str) -> Reviews:
    """What patrons say of an e-book."""
    part = service.of_book(book_id, call.query.limit, call.query.cursor)
    return Reviews(items=_shown(part.items), next_cursor=part.next_cursor)


@routes.operation("POST", "/reviews/{review_id}/hide", who=Who.LIBRARIAN, returns=ReviewShown, refusals=(NotFound,))
def hide_review(call: Call[Nothing, Nothing], review_id: str) -> ReviewShown:
    """Hide the words of a review."""
    return _shown([service.hide(review_id, call.caller.id, wiring.now())])[0]
