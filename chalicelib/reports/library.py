"""A month of the library, for the librarian: counted as it happened, and read by index."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from chalicelib.accounts import service as accounts
from chalicelib.catalogue import lists as shelves
from chalicelib.catalogue import service as catalogue
from chalicelib.circulation import lists as loans
from chalicelib.policy import service as policy
from chalicelib.reports.months import Month
from chalicelib.reviews import service as reviews
from chalicelib.stats import service as stats

AHEAD = timedelta(days=14)
"""How far ahead the report looks at return dates."""

SHOWN = 10
"""Lines of a list of the most, best or longest."""

MOST_REVIEWS = 30
"""Reviews whose words are in the report: more are in the export of ratings."""

MOST_LOANS = 10_000
"""Loans that are listed one by one: more are in the export of loans."""


@dataclass(frozen=True, slots=True)
class LoanLine:
    """A loan of the month."""

    title: str
    authors: list[str]
    patron: str | None
    issued: datetime
    due: datetime | None
    ended: datetime | None
    status: str


@dataclass(frozen=True, slots=True)
class SectionLine:
    name: str
    issued: int
    returned: int
    ratings: int
    rating: float | None


@dataclass(frozen=True, slots=True)
class ReviewLine:
    title: str
    patron: str | None
    rating: int
    text: str


@dataclass(frozen=True, slots=True)
class Sums:
    """What happened in a month."""

    asked: int
    issued: int
    returned: int
    expired: int
    revoked: int
    denied: int
    ratings: int
    rating: float | None
    new_patrons: int
    new_books: int


@dataclass(frozen=True, slots=True)
class LibraryMonth:
    """A month of the library. `loans` are at most `MOST_LOANS`, of `all_loans`; `waiting` and `ahead` are of the time
    at which it was gathered."""

    month: Month
    library: str
    as_of: datetime
    sums: Sums
    before: Sums
    days: list[stats.Tally]
    busiest: list[tuple[date, int]]
    sections: list[SectionLine]
    voices: list[tuple[int, int]]
    reviews: list[ReviewLine]
    patrons: int
    idle: int
    books: int
    waiting: int
    requested: int
    queues: list[tuple[str, list[str], int]]
    ahead: list[tuple[date, int]]
    most_read: list[tuple[str, list[str], int]]
    loans: list[LoanLine]
    all_loans: int


def gathered(month: Month, as_of: datetime, now: datetime) -> LibraryMonth:
    """The month, as it looks at `as_of`, which may be a while ago."""
    days = _days(month)
    stands = stats.library()
    lines, all_loans, lent = _loans(month, as_of, now)
    return LibraryMonth(
        month=month,
        library=policy.current().name,
        as_of=as_of,
        sums=_sums(days),
        before=_sums(_days(month.before())),
        days=days,
        busiest=_busiest(days),
        sections=_sections(month),
        voices=[(stars, sum(getattr(day, f"rated_{stars}") for day in days)) for stars in range(5, 0, -1)],
        reviews=_reviews(month),
        patrons=stands.patrons,
        idle=max(stands.patrons - stats.active_patrons(as_of), 0),
        books=stands.books,
        waiting=stands.waiting,
        requested=stands.requested,
        queues=_titled(loans.queues()),
        ahead=_ahead(month, as_of),
        most_read=_titled(lent),
        loans=lines,
        all_loans=all_loans,
    )


def _days(month: Month) -> list[stats.Tally]:
    return stats.by_day(stats.Days(month.first, month.last))


def _sums(days: list[stats.Tally]) -> Sums:
    def of(name: str) -> int:
        return sum(getattr(day, name) for day in days)

    return Sums(
        asked=of("asked"),
        issued=of("issued"),
        returned=of("returned"),
        expired=of("expired"),
        revoked=of("revoked"),
        denied=of("denied"),
        ratings=of("ratings"),
        rating=catalogue.mean(of("points"), of("ratings")),
        new_patrons=of("patrons"),
        new_books=of("books"),
    )


def _busiest(days: list[stats.Tally]) -> list[tuple[date, int]]:
    """The five days on which most was asked for, issued and brought back."""
    done = [(date.fromisoformat(day.key), day.asked + day.issued + day.returned) for day in days]
    return sorted((one for one in done if one[1]), key=lambda one: (-one[1], one[0]))[:5]


def _sections(month: Month) -> list[SectionLine]:
    names = shelves.section_names()
    lines = [
        SectionLine(
            names[section_id],
            tally.issued,
            tally.returned,
            tally.ratings,
            catalogue.mean(tally.points, tally.ratings),
        )
        for section_id, tally in stats.by_section(stats.Days(month.first, month.last)).items()
        if section_id in names
    ]
    return sorted(lines, key=lambda one: (-one.issued, one.name))


def _reviews(month: Month) -> list[ReviewLine]:
    with_words = (review for _, review in reviews.as_given(month.begins, month.ends, None) if review.text)
    some = list(islice((review for review in with_words if not review.hidden), MOST_REVIEWS))
    books = catalogue.by_ids(review.book_id for review in some)
    names = accounts.names(review.patron_id for review in some)
    return [
        ReviewLine(books[review.book_id].title, names.get(review.patron_id), review.rating, review.text)
        for review in some
    ]


def _loans(month: Month, as_of: datetime, now: datetime) -> tuple[list[LoanLine], int, Counter[str]]:
    """The loans of the month by when they were issued; how many there are; how often each book was lent in it."""
    lines: list[LoanLine] = []
    lent: Counter[str] = Counter()
    count = 0
    for some in loans.out_within(month.begins, month.ends, now):
        count += len(some)
        lent.update(loan.book_id for loan in some if loan.granted_at >= month.begins)
        if some := some[: MOST_LOANS - len(lines)]:
            books = catalogue.by_ids(loan.book_id for loan in some)
            names = accounts.names(loan.patron_id for loan in some)
            lines += [
                LoanLine(
                    books[loan.book_id].title,
                    list(books[loan.book_id].authors),
                    names.get(loan.patron_id),
                    loan.granted_at,
                    loan.due_at,
                    loans.ended_at(loan, as_of),
                    loans.status_of(loan, as_of),
                )
                for loan in some
            ]
    return sorted(lines, key=lambda one: one.issued), count, lent


def _titled(counted: Counter[str]) -> list[tuple[str, list[str], int]]:
    """The most of these, with titles and authors."""
    most = counted.most_common(SHOWN)
    books = catalogue.by_ids(book_id for book_id, _ in most)
    return [(books[book_id].title, list(books[book_id].authors), count) for book_id, count in most if book_id in books]


def _ahead(month: Month, as_of: datetime) -> list[tuple[date, int]]:
    """How much is due back on each of the next days; days of nothing are left out."""
    days = Counter(
        loan.due_at.astimezone(month.zone).date() for loan in loans.due_ahead(as_of + AHEAD, as_of) if loan.due_at
    )
    return sorted(days.items())
