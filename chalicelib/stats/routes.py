"""Routes of the statistics: each is one counter, or one query of them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from chalicelib import wiring
from chalicelib.cache import STATS
from chalicelib.catalogue import lists as shelves
from chalicelib.catalogue import service as catalogue
from chalicelib.packing import Packed, kept
from chalicelib.routing import Call, Nothing, Routes, Who
from chalicelib.stats import service
from chalicelib.stats.schemas import (
    BookCounted,
    BooksCounted,
    DayOfLoans,
    DayOfRatings,
    HowMany,
    LoansByDay,
    Overview,
    RatingsCounted,
    SectionCounted,
    SectionsCounted,
    Span,
    Voices,
)

routes = Routes(__name__)


@routes.operation("GET", "/stats/overview", who=Who.LIBRARIAN, returns=Overview)
def show_overview(call: Call[Nothing, Nothing]) -> Packed:
    """The library as it stands."""

    def read() -> Overview:
        counted = service.library()
        return Overview(
            patrons=counted.patrons,
            active_patrons=service.active_patrons(wiring.now()),
            books=counted.books,
            sections=counted.sections,
            requested=counted.requested,
            waiting=counted.waiting,
            ready=counted.ready,
            active=counted.active,
            returned=counted.returned,
            revoked=counted.revoked,
            expired=counted.expired,
            denied=counted.denied,
            cancelled=counted.cancelled,
            ratings=counted.ratings,
            rating=catalogue.mean(counted.points, counted.ratings),
        )

    return _kept("overview", read)


@routes.operation("GET", "/stats/loans", who=Who.LIBRARIAN, query=Span, returns=LoansByDay)
def show_loans_by_day(call: Call[Nothing, Span]) -> Packed:
    """What was asked for, issued and ended on each day."""
    days = _days(call.query)
    return _kept(
        f"loans:{days.first}:{days.last}",
        lambda: LoansByDay(
            items=[
                DayOfLoans(
                    day=tally.key,
                    asked=tally.asked,
                    issued=tally.issued,
                    returned=tally.returned,
                    expired=tally.expired,
                    revoked=tally.revoked,
                    denied=tally.denied,
                    cancelled=tally.cancelled,
                    patrons=tally.patrons,
                    visitors=tally.visitors,
                )
                for tally in service.by_day(days)
            ]
        ),
    )


@routes.operation("GET", "/stats/sections", who=Who.LIBRARIAN, query=Span, returns=SectionsCounted)
def show_sections_counted(call: Call[Nothing, Span]) -> Packed:
    """What was issued, returned and rated, by section."""
    days = _days(call.query)

    def read() -> SectionsCounted:
        names = shelves.section_names()
        counted = [
            SectionCounted(
                id=section_id,
                name=names.get(section_id),
                issued=tally.issued,
                returned=tally.returned,
                ratings=tally.ratings,
                rating=catalogue.mean(tally.points, tally.ratings),
            )
            for section_id, tally in service.by_section(days).items()
        ]
        return SectionsCounted(items=sorted(counted, key=lambda one: (-one.issued, one.name or "")))

    return _kept(f"sections:{days.first}:{days.last}", read)


@routes.operation("GET", "/stats/ratings", who=Who.LIBRARIAN, query=Span, returns=RatingsCounted)
def show_ratings_counted(call: Call[Nothing, Span]) -> Packed:
    """The ratings that were given: how many of each, and on each day."""
    days = _days(call.query)

    def read() -> RatingsCounted:
        tallies = service.by_day(days)
        return RatingsCounted(
            distribution=[
                Voices(rating=stars, count=sum(getattr(tally, f"rated_{stars}") for tally in tallies))
                for stars in range(1, 6)
            ],
            items=[
                DayOfRatings(day=tally.key, count=tally.ratings, rating=catalogue.mean(tally.points, tally.ratings))
                for tally in tallies
            ],
        )

    return _kept(f"ratings:{days.first}:{days.last}", read)


@routes.operation("GET", "/stats/books", who=Who.LIBRARIAN, query=HowMany, returns=BooksCounted)
def show_books_counted(call: Call[Nothing, HowMany]) -> Packed:
    """The e-books that were lent most."""
    limit = call.query.limit
    return _kept(
        f"books:{limit}",
        lambda: BooksCounted(
            items=[
                BookCounted(
                    id=book.id,
                    title=book.title,
                    authors=list(book.authors),
                    loans=book.loan_count,
                    rating=catalogue.mean(book.rating_sum, book.rating_count),
                )
                for book in shelves.most_borrowed(limit, None).items
                if book.loan_count
            ]
        ),
    )


def _days(asked: Span) -> service.Days:
    return service.span(asked.days, asked.since, asked.until, wiring.now())


def _kept(query: str, read: Callable[[], msgspec.Struct]) -> Packed:
    return kept(wiring.cache(), STATS, query, read)
