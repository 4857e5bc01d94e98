"""A month as a page: HTML that is whole in itself, for a screen and for paper; and as the data of its mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.notices import words
from chalicelib.notices.words import Words
from chalicelib.reports import charts
from chalicelib.reports.library import LibraryMonth, Sums
from chalicelib.reports.patron import PatronMonth

TEMPLATES = Path(__file__).with_name("templates")

COLOURS = ("#1f5f4a", "#c98a1b")

COMPARED = ("asked", "issued", "returned", "expired", "revoked", "denied", "ratings", "new_patrons")

LOANS_IN_MAIL = 100
"""Loans that are listed in the mail itself: Gmail shows the first 102 KB of one."""

BOOKS_IN_MAIL = 50
"""E-books of a patron that are listed there."""

LONGEST_IN_MAIL = 80
"""Characters of a title or an author there: a notice on its way is one item of DynamoDB, which takes 400 KB."""

AUTHORS_IN_MAIL = 2

LOANS_ON_PAPER = 1_200
"""Loans that fill some forty-five pages: what WeasyPrint needs for a page of a table is about 5 MB."""


def of_library(it: LibraryMonth, language: str, most_loans: int = LOANS_ON_PAPER) -> str:
    """The librarian's report, in a language, with so many of the loans one by one."""
    spoken, zone = words.of(language), it.month.zone
    days = [date.fromisoformat(day.key) for day in it.days]
    month = spoken.month(it.month.name)
    issued, returned = [day.issued for day in it.days], [day.returned for day in it.days]
    there = {
        "numbers": True,
        "days": True,
        "busiest": it.busiest,
        "sections": it.sections,
        "most-read": it.most_read,
        "queues": it.queues,
        "ahead": it.ahead,
        "voices": it.sums.ratings,
        "reviews": it.reviews,
        "loans": True,
    }
    return _rendered(
        "library.html",
        spoken,
        zone,
        it=it,
        month=month,
        loans=it.loans[:most_loans],
        parts=[name for name, shown in there.items() if shown],
        numbers=_compared(it.sums, it.before),
        colours=COLOURS,
        days_chart=charts.columns(
            [str(day.day) for day in days],
            [issued, returned],
            COLOURS,
            f"{spoken.say('report.issued')} {sum(issued)}, {spoken.say('report.returned')} {sum(returned)}",
        ),
        busiest=_by_day(it.busiest, spoken),
        ahead=_by_day(it.ahead, spoken),
        most_of_section=max((one.issued for one in it.sections), default=0) or 1,
        voices=[("★" * stars, (), count) for stars, count in it.voices],
    )


def of_patron(it: PatronMonth, language: str, zone: ZoneInfo) -> str:
    """A patron's report, in their language and zone."""
    spoken = words.of(language)
    return _rendered(
        "patron.html",
        spoken,
        zone,
        it=it,
        month=spoken.month(it.month.name),
        sections=[(name, (), count) for name, count in it.sections],
    )


def mail_of_library(it: LibraryMonth, url: str, *, attached: bool) -> dict[str, Any]:
    """What the notice `monthly-report` is made of."""
    return {
        "month": it.month.name,
        "as_of": _iso(it.as_of),
        "url": url,
        "attached": attached,
        "numbers": _compared(it.sums, it.before),
        "lists": [
            ("most-read", _briefly(it.most_read)),
            ("sections", [(one.name, [], one.issued) for one in it.sections[:10] if one.issued]),
            ("queues", _briefly(it.queues)),
        ],
        "loans": [
            {"title": _cut(loan.title), "patron": loan.patron, "issued": _iso(loan.issued), "status": loan.status}
            for loan in it.loans[:LOANS_IN_MAIL]
        ],
        "more": max(it.all_loans - LOANS_IN_MAIL, 0),
    }


def mail_of_patron(it: PatronMonth, url: str, *, attached: bool) -> dict[str, Any]:
    """What the notice `reading-month` is made of."""
    return {
        "month": it.month.name,
        "url": url,
        "attached": attached,
        "read": [
            {
                "title": _cut(one.title),
                "authors": _few(one.authors),
                "issued": _iso(one.issued),
                "status": one.status,
                "rating": one.rating,
            }
            for one in it.read[:BOOKS_IN_MAIL]
        ],
        "out": [
            {"title": _cut(one.title), "authors": _few(one.authors), "due": _iso(one.due) if one.due else None}
            for one in it.out[:BOOKS_IN_MAIL]
        ],
        "sections": [(name, [], count) for name, count in it.sections[:10]],
        "new": [(_cut(title), _few(authors)) for title, authors in it.new],
    }


def _briefly(books: list[tuple[str, list[str], int]]) -> list[tuple[str, list[str], int]]:
    return [(_cut(title), _few(authors), count) for title, authors, count in books]


def _few(authors: list[str]) -> list[str]:
    return [_cut(author) for author in authors[:AUTHORS_IN_MAIL]]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_IN_MAIL else f"{text[: LONGEST_IN_MAIL - 1]}…"


def _compared(sums: Sums, before: Sums) -> list[tuple[str, int, int]]:
    return [(name.replace("_", "-"), getattr(sums, name), getattr(before, name)) for name in COMPARED]


def _by_day(days: list[tuple[date, int]], spoken: Words) -> list[tuple[str, tuple[()], int]]:
    utc = ZoneInfo("UTC")
    return [(spoken.day(datetime(d.year, d.month, d.day, 12, tzinfo=utc), utc), (), count) for d, count in days]


def _iso(moment: datetime) -> str:
    return moment.isoformat()


def _rendered(name: str, spoken: Words, zone: ZoneInfo, **known: Any) -> str:
    def short(moment: datetime | None) -> str:
        return moment.astimezone(zone).date().isoformat() if moment else ""

    at: Callable[[datetime], str] = lambda moment: spoken.time(moment, zone)  # noqa: E731
    style = _style()
    return (
        _templates()
        .get_template(name)
        .render({"words": spoken, "t": spoken.say, "at": at, "short": short, "style": style, **known})
    )


@cache
def _style() -> Any:
    from markupsafe import Markup

    return Markup((TEMPLATES / "sheet.css").read_text(encoding="utf-8"))  # noqa: S704 - our own style sheet


@cache
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
