"""The feeds: what of the catalogue and of the caller's loans is on each page, and borrowing from one.

| page                    | round trips                                                                            |
|-------------------------|----------------------------------------------------------------------------------------|
| a list of books         | the list's own (1 query; a section 1 query + 1 batch), settings, sections, copies        |
| the start page          | the same for two lists                                                                   |
| a book                  | the book, settings, sections, copies                                                     |
| each, for who signed in | and their card, their loans, and the queue of each book on the page that they wait for |
| the shelf               | card, loans, books, settings, sections, copies, the queues they are in                   |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from chalicelib.accounts import service as accounts
from chalicelib.auth import Caller, Role
from chalicelib.catalogue import lists
from chalicelib.catalogue import service as catalogue
from chalicelib.catalogue.schemas import BookList, BookOrder, BookShown, Facets
from chalicelib.circulation import service as circulation
from chalicelib.errors import Forbidden, NotFound
from chalicelib.opds import model
from chalicelib.opds.model import Choice, Door, Entry, Facet, Feed, Group, with_query
from chalicelib.opds.offers import OPENED_BY_APPS, Held, Stock, offer
from chalicelib.opds.schemas import Search
from chalicelib.paging import Page, Part
from chalicelib.policy import service as policy
from chalicelib.reading import service as reading

ON_START = 8
"""Books of each group on the start page."""

NEWEST, RATED, POPULAR, TITLED = "/newest", "/rated", "/popular", "/titles"

_ORDERS: dict[str, tuple[str, Callable[[int, str | None], Part[catalogue.Book]]]] = {
    NEWEST: ("Newest", lists.newest),
    RATED: ("Best rated", lists.best_rated),
    POPULAR: ("Most borrowed", lists.most_borrowed),
    TITLED: ("By title", lists.by_title),
}
"""The lists of all books, by their paths."""


class Shelves:
    """The library's shelves as one caller, or a stranger, sees them at one moment. What a page needs twice is read
    once."""

    def __init__(self, who: Caller | None, now: datetime) -> None:
        self._who = who
        self.now = now
        self._policy = policy.current()
        self._own: dict[str, tuple[circulation.Loan, str]] | None = None
        self._sections: dict[str, str] | None = None

    @property
    def library(self) -> str:
        """The library's name."""
        return self._policy.name

    @property
    def registers(self) -> bool:
        """Whether anyone may register."""
        return self._policy.registration == "open"

    @property
    def loan_limit(self) -> int:
        """How many books a patron may have at a time."""
        return self._policy.loan_limit

    @property
    def own(self) -> dict[str, tuple[circulation.Loan, str]]:
        """The caller's open loans with their states, by book."""
        if self._own is None:
            borrows = self._who is not None and self._who.role is Role.PATRON
            held = circulation.held(self._who.id, self.now) if borrows and self._who else []
            self._own = {loan.book_id: (loan, status.value) for loan, status in held}
        return self._own

    @property
    def sections(self) -> dict[str, str]:
        """The names of the sections, by their ids."""
        if self._sections is None:
            self._sections = lists.section_names()
        return self._sections

    def entries(self, books: Sequence[BookShown]) -> list[Entry]:
        """These books as the caller may have them."""
        if not books:
            return []
        loans = {book_id: loan for book_id, (loan, _) in self.own.items()}
        glances = circulation.glances(books, loans, self._policy.pickup_window, self.now)

        def one(book: BookShown) -> Entry:
            loan, status = self.own.get(book.id, (None, None))
            held = (
                Held(
                    status=cast(Any, status),
                    requested_at=loan.requested_at,
                    granted_at=loan.granted_at,
                    due_at=loan.due_at,
                )
                if loan
                else None
            )
            glance = glances.get(book.id)
            stock = (
                Stock(
                    total=glance.total,
                    available=glance.available,
                    waiting=glance.waiting,
                    position=glance.position,
                    free_by=glance.wait.latest if glance.wait else None,
                )
                if glance
                else None
            )
            names = {id_: self.sections[id_] for id_ in book.section_ids if id_ in self.sections}
            return Entry(book, offer(book, held, stock), names)

        return [one(book) for book in books]


# ------------------------------------------------------------------------------------------------- the feeds


def start(shelves: Shelves) -> Feed:
    """Where a client begins."""
    doors = [
        Door("Newest", NEWEST, model.NEW),
        Door("Best rated", RATED, model.FEATURED),
        Door("Most borrowed", POPULAR, model.POPULAR),
        Door("By title", TITLED),
        Door("Sections", "/sections", holds_books=False),
        Door("Languages", "/languages", holds_books=False),
        Door("My books", "/shelf", model.SHELF),
    ]
    newest, popular = lists.newest(ON_START, None), lists.most_borrowed(ON_START, None)
    books = {book.id: catalogue.shown(book) for book in (*newest.items, *popular.items)}
    entries = {entry.book.id: entry for entry in shelves.entries(list(books.values()))}
    groups = [
        Group(title, path, [entries[book.id] for book in part.items])
        for title, path, part in (("Newest", NEWEST, newest), ("Most borrowed", POPULAR, popular))
        if part.items
    ]
    return Feed(title=shelves.library, path="", up=None, doors=doors, groups=groups, facets=[], entries=[])


def ordered(shelves: Shelves, path: str, page: Page) -> Feed:
    """All books, in the order of the list at `path`."""
    title, read = _ORDERS[path]
    part = read(page.limit, page.cursor)
    orders = [Choice(name, other, active=other == path) for other, (name, _) in _ORDERS.items()]
    return _listed(shelves, title, path, page, [catalogue.shown(b) for b in part.items], part.next_cursor, orders)


def of_section(shelves: Shelves, section_id: str, page: Page) -> Feed:
    """The books of a section.

    Raises NotFound.
    """
    if section_id not in shelves.sections:
        raise NotFound("There is no such section.")
    path = f"/sections/{section_id}"
    part = lists.of_section(section_id, page.limit, page.cursor)
    orders = [Choice("Newest", path, active=True)] + [
        Choice(name, with_query("/search", section=section_id, sort=order), active=False)
        for order, name in _SORTS.items()
        if order not in ("newest", "relevance")
    ]
    books = [catalogue.shown(book) for book in part.items]
    return _listed(shelves, shelves.sections[section_id], path, page, books, part.next_cursor, orders, up="/sections")


def _listed(
    shelves: Shelves,
    title: str,
    path: str,
    page: Page,
    books: Sequence[BookShown],
    next_cursor: str | None,
    orders: list[Choice],
    up: str = "",
) -> Feed:
    entries = shelves.entries(books)
    return Feed(
        title=title,
        path=_at(path, page, page.cursor),
        up=up,
        doors=[] if entries else _nothing_here(),
        groups=[],
        facets=[Facet("Order", orders)],
        entries=entries,
        per_page=page.limit,
        first=_at(path, page, None),
        next=_at(path, page, next_cursor) if next_cursor else None,
    )


def _at(path: str, page: Page, cursor: str | None) -> str:
    return with_query(path, limit=page.limit if page.limit != Page().limit else None, cursor=cursor)


def _nothing_here() -> list[Door]:
    """The way on from a list without books: a feed without any collection is none (OPDS 2.0, 1.1)."""
    return [Door("Nothing here. All e-books", NEWEST, model.NEW)]


def sections() -> Feed:
    """A door to each section."""
    doors = [Door(s.name, f"/sections/{s.id}", count=s.book_count) for s in lists.sections_by_name()]
    return Feed(title="Sections", path="/sections", doors=doors or _nothing_here(), groups=[], facets=[], entries=[])


def languages(now: datetime) -> Feed:
    """A door to the books in each language.

    Raises SearchUnavailable.
    """
    facets = lists.found(BookList(limit=1), "newest", now).facets or Facets(sections=[], languages=[], formats=[])
    doors = [Door(one.text, with_query("/search", language=one.value), count=one.count) for one in facets.languages]
    return Feed(title="Languages", path="/languages", doors=doors or _nothing_here(), groups=[], facets=[], entries=[])


_SORTS: dict[BookOrder, str] = {
    "relevance": "Best match",
    "newest": "Newest",
    "rating": "Best rated",
    "popular": "Most borrowed",
    "title": "By title",
}


def search(shelves: Shelves, asked: Search) -> Feed:
    """What was searched or chosen by facets.

    Raises SearchUnavailable, Invalid.
    """
    order: BookOrder = asked.sort or ("relevance" if asked.query else "newest")
    wanted = BookList(
        q=asked.query,
        section=asked.section,
        author=asked.author,
        language=asked.language,
        format=asked.format,
        sort=asked.sort,
        limit=asked.limit,
        cursor=asked.cursor,
    )
    found = lists.found(wanted, order, shelves.now)
    entries = shelves.entries(found.items)
    doors: list[Door] = []
    if not entries:
        doors = _nothing_here()
        if found.did_you_mean:
            doors.insert(0, Door(f"Did you mean “{found.did_you_mean}”?", _searched(asked, query=found.did_you_mean)))
    return Feed(
        title=asked.query or asked.author or "E-books",
        path=_searched(asked, cursor=asked.cursor),
        doors=doors,
        groups=[],
        facets=_facets(asked, order, found.facets or None),
        entries=entries,
        total=found.total if isinstance(found.total, int) else None,
        per_page=asked.limit,
        first=_searched(asked),
        next=_searched(asked, cursor=found.next_cursor) if found.next_cursor else None,
    )


def _searched(asked: Search, cursor: str | None = None, **instead: str | None) -> str:
    """The address of a search, with some of it `instead` of what was asked."""
    said: dict[str, str | None] = {
        "query": asked.query,
        "section": asked.section,
        "author": asked.author,
        "language": asked.language,
        "format": asked.format,
        "sort": asked.sort,
    }
    limit = asked.limit if asked.limit != Page().limit else None
    return with_query("/search", **{**said, **instead}, limit=limit, cursor=cursor)


def _facets(asked: Search, order: BookOrder, facets: Facets | None) -> list[Facet]:
    orders = [
        Choice(name, _searched(asked, sort=sort), active=sort == order)
        for sort, name in _SORTS.items()
        if asked.query or sort != "relevance"
    ]
    narrowing = (
        (
            ("Section", "section", asked.section, facets.sections),
            ("Language", "language", asked.language, facets.languages),
            ("Format", "format", asked.format, facets.formats),
        )
        if facets
        else ()
    )
    return [
        Facet("Order", orders),
        *(
            Facet(
                title,
                [Choice("All", _searched(asked, **{name: None}), active=chosen is None)]
                + [
                    Choice(one.text, _searched(asked, **{name: one.value}), one.value == chosen, one.count)
                    for one in values
                ],
            )
            for title, name, chosen, values in narrowing
            if values
        ),
    ]


def shelf(shelves: Shelves) -> Feed:
    """What the caller has and has asked for, latest first: as many as the library's limit, on one page."""
    books = catalogue.by_ids(shelves.own)
    newest_first = sorted(shelves.own.values(), key=lambda held: held[0].id, reverse=True)
    entries = shelves.entries([catalogue.shown(books[loan.book_id]) for loan, _ in newest_first])
    return Feed(
        title="My books",
        path="/shelf",
        doors=[] if entries else _nothing_here(),
        groups=[],
        facets=[],
        entries=entries,
        total=len(entries),
        per_page=shelves.loan_limit,
    )


def entry(shelves: Shelves, book_id: str) -> Entry:
    """One book.

    Raises NotFound.
    """
    return shelves.entries([catalogue.shown(catalogue.book(book_id))])[0]


def profile(shelves: Shelves, who: Caller) -> dict[str, Any]:
    """The caller's User Profile (https://drafts.opds.io/opds-user-profile-1.0), without its links."""
    person = accounts.people.account(who.id)
    said: dict[str, Any] = {"name": person.name} | ({"email": person.email} if person.email else {})
    if who.role is Role.PATRON:
        # Requests and places in a queue count towards the same limit.
        left = {"total": shelves.loan_limit, "available": max(0, shelves.loan_limit - len(shelves.own))}
        said |= {"loans": left, "holds": left}
    return said


# ------------------------------------------------------------------------------------------------- borrowing


def borrow(book_id: str, who: Caller, now: datetime) -> None:
    """Borrow a book, ask for it, or wait for it; take the copy that is kept. What is asked for again stays as it is.

    Raises NotFound, Forbidden, and the rules of lending.
    """
    patron = _patron(who)
    try:
        circulation.ask(patron, book_id, "wait", now)
    except circulation.rules.AlreadyYours:
        loan, status = _held(book_id, patron, now)
        if loan is not None and status is circulation.rules.Status.READY:
            circulation.step_of_own(circulation.rules.ACCEPT, loan.public_id, patron, None, now)


def give_back(book_id: str, who: Caller, now: datetime) -> None:
    """Return a book, leave its queue, or take back the request for it. What is not the caller's stays as it is.

    Raises Forbidden, LoanHasMovedOn.
    """
    patron = _patron(who)
    loan, status = _held(book_id, patron, now)
    if loan is None:
        return
    active = status is circulation.rules.Status.ACTIVE
    step = circulation.rules.RETURN if active else circulation.rules.CANCEL
    circulation.step_of_own(step, loan.public_id, patron, None, now)


def renew(book_id: str, who: Caller, now: datetime) -> None:
    """Have a book for another period.

    Raises Forbidden, NotYours, LoanHasMovedOn, SomebodyIsWaiting.
    """
    patron = _patron(who)
    loan, _ = _held(book_id, patron, now)
    if loan is None:
        raise reading.NotYours
    circulation.step_of_own(circulation.rules.RENEW, loan.public_id, patron, None, now)


def fetch(book_id: str, who: Caller, host: str | None, now: datetime) -> str:
    """The address of a book's file, which is lent first where that is possible at once.

    Raises as `borrow` and `file`; NotYours where a librarian has to grant it.
    """
    book = catalogue.book(book_id)
    if who.role is Role.PATRON and circulation.reading_loan(who.id, book_id, now) is None:
        if book.grant != "automatic" or book.file is None or book.file.format not in OPENED_BY_APPS:
            raise reading.NotYours
        try:
            circulation.ask(who, book_id, "refuse", now)
        except circulation.rules.AlreadyYours:
            borrow(book_id, who, now)  # a copy may be kept for them
    return file(book_id, who, host, now)


def file(book_id: str, who: Caller, host: str | None, now: datetime) -> str:
    """The address of the file of a book that the caller has.

    Raises NotFound, NotYours.
    """
    return reading.open_book(book_id, who, host, now).url


def downloadable(book_id: str) -> BookShown:
    """A book that has a file for reading apps.

    Raises NotFound.
    """
    book = catalogue.shown(catalogue.book(book_id))
    if book.format not in OPENED_BY_APPS:
        raise NotFound("This e-book is read in the web app.")
    return book


def _patron(who: Caller) -> Caller:
    if who.role is not Role.PATRON:
        raise Forbidden("Only patrons borrow e-books.")
    return who


def _held(
    book_id: str, patron: Caller, now: datetime
) -> tuple[circulation.Loan, circulation.rules.Status] | tuple[None, None]:
    held: Iterable[tuple[circulation.Loan, circulation.rules.Status]] = circulation.held(patron.id, now)
    return next(((loan, status) for loan, status in held if loan.book_id == book_id), (None, None))
