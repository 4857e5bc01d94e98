"""The rules of the library as they would be told to somebody who starts at the desk: with no database, and nobody else
around. What the library does is held to this, so this is written from its promises and shares none of its code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

BEFORE_READING = {"requested", "waiting", "ready"}
TIMED = {"ready", "active"}
OPEN = BEFORE_READING | {"active"}


class Refused(Exception):
    """The library says no, by the name it gives for it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(eq=False)
class Book:
    id: str
    copies: int | None
    automatic: bool
    period: timedelta
    removed: bool = False
    lent: int = 0
    returns: int = 0
    seconds: int = 0


@dataclass(eq=False)
class Loan:
    """`status` is the one the library last wrote down; `ends_at` when it ends by itself."""

    patron: str
    book: Book
    period: timedelta
    may_wait: bool
    id: str = ""
    status: str = "requested"
    has_copy: bool = False
    paused: bool = False
    granted_at: datetime | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    renewals: int = 0


@dataclass
class Library:
    now: datetime
    limit: int
    pickup_window: timedelta
    loans: list[Loan] = field(default_factory=list)
    """In the order of asking."""
    had: dict[str, int] = field(default_factory=dict)

    # ------------------------------------------------------------------------------------ what can be seen

    def status(self, loan: Loan) -> str:
        """From its last second on a loan is expired, whether or not anybody wrote it down."""
        return "expired" if self._is_past_due(loan, self.now) else loan.status

    def may_read(self, patron: str, book: Book) -> bool:
        return any(self.status(loan) == "active" for loan in self.open_of(patron) if loan.book is book)

    def open_of(self, patron: str) -> list[Loan]:
        return [loan for loan in self.loans if loan.patron == patron and loan.status in OPEN]

    def open_of_book(self, book: Book) -> list[Loan]:
        return [loan for loan in self.loans if loan.book is book and loan.status in OPEN]

    def queue(self, book: Book) -> list[Loan]:
        """Everybody who waits, in the order of asking; who paused keeps the place."""
        return [loan for loan in self.open_of_book(book) if loan.status == "waiting"]

    def next_in_line(self, book: Book) -> Loan | None:
        return next((loan for loan in self.queue(book) if not loan.paused), None)

    def out(self, book: Book) -> int:
        """Copies that are lent or kept ready."""
        return sum(loan.has_copy for loan in self.open_of_book(book))

    def is_free(self, book: Book) -> bool:
        return book.copies is None or (self.next_in_line(book) is None and self.out(book) < book.copies)

    # -------------------------------------------------------------------------------------- asking, granting

    def ask(self, patron: str, book: Book, wait: str | None, period: timedelta | None) -> Loan:
        self._on_shelves(book)
        if period is not None and period > book.period:
            raise Refused("invalid")
        new = Loan(patron, book, period or book.period, may_wait=wait == "wait")
        return self._begin(new, at_once=book.automatic, needs_copy=book.automatic or wait == "refuse")

    def issue(self, patron: str, book: Book, period: timedelta | None) -> Loan:
        self._on_shelves(book)
        asked = [loan for loan in self.open_of(patron) if loan.book is book and loan.status == "requested"]
        if asked:
            return self.grant(asked[0], period)
        return self._begin(Loan(patron, book, period or book.period, may_wait=False), at_once=True, needs_copy=True)

    def grant(self, loan: Loan, period: timedelta | None = None) -> Loan:
        self._on_shelves(loan.book)
        self._hold_to(loan, {"requested"})

        def grant_it() -> Loan:
            if loan.may_wait:
                self._free_what_is_past_due(loan.book)
            free = self.is_free(loan.book)
            if not free and not loan.may_wait:
                raise Refused("no-copy-available")
            loan.period = period or loan.period
            self._lend(loan) if free else self._wait(loan)
            return loan

        return self._despite_what_is_past_due(loan, grant_it)

    def _begin(self, loan: Loan, *, at_once: bool, needs_copy: bool) -> Loan:
        def begin_it() -> Loan:
            if at_once and loan.may_wait:
                self._free_what_is_past_due(loan.book)
            open_now = self.open_of(loan.patron)
            if any(kept.book is loan.book for kept in open_now):
                raise Refused("already-yours")
            if len(open_now) >= self.limit:
                raise Refused("loan-limit-reached")
            free = self.is_free(loan.book)
            if needs_copy and not free and not loan.may_wait:
                raise Refused("no-copy-available")
            self.loans.append(loan)
            if at_once:
                self._lend(loan) if free else self._wait(loan)
            return loan

        return self._despite_what_is_past_due(loan, begin_it)

    def _free_what_is_past_due(self, book: Book) -> None:
        """Nobody waits for a copy whose time is over, unless others wait for it already."""
        if not self.is_free(book) and self.next_in_line(book) is None:
            self._close_past_due(self.open_of_book(book), self.now)

    def _despite_what_is_past_due(self, loan: Loan, act: Callable[[], Loan]) -> Loan:
        """Nobody is refused for a loan that is over and was not closed yet."""
        while True:
            try:
                return act()
            except Refused as refusal:
                of_book = refusal.name == "no-copy-available"
                in_the_way = self.open_of_book(loan.book) if of_book else self.open_of(loan.patron)
                if not self._close_past_due(in_the_way, self.now):
                    raise

    def _lend(self, loan: Loan) -> None:
        loan.has_copy = loan.book.copies is not None
        self._start(loan)

    def _start(self, loan: Loan) -> None:
        loan.status, loan.granted_at = "active", self.now
        loan.ends_at = _second(self.now + loan.period)
        loan.book.lent += 1

    @staticmethod
    def _wait(loan: Loan) -> None:
        loan.status = "waiting"

    # ------------------------------------------------------------------------------------- steps of a loan

    def deny(self, loan: Loan) -> Loan:
        return self._end(loan, {"requested"}, "denied")

    def revoke(self, loan: Loan) -> Loan:
        return self._end(loan, OPEN, "revoked")

    def give_back(self, loan: Loan) -> Loan:
        return self._end(loan, {"active"}, "returned")

    def cancel(self, loan: Loan) -> Loan:
        return self._end(loan, BEFORE_READING, "cancelled")

    def accept(self, loan: Loan) -> Loan:
        self._hold_to(loan, {"ready"})
        self._start(loan)
        return loan

    def renew(self, loan: Loan) -> Loan:
        self._hold_to(loan, {"active"})
        if loan.has_copy and self.next_in_line(loan.book):
            raise Refused("somebody-is-waiting")
        assert loan.ends_at
        loan.ends_at = max(loan.ends_at, _second(self.now + loan.period))
        loan.renewals += 1
        return loan

    def pause(self, loan: Loan) -> Loan:
        self._hold_to(loan, {"waiting"})
        loan.paused = True
        return loan

    def resume(self, loan: Loan) -> Loan:
        self._hold_to(loan, {"waiting"})
        loan.paused = False
        self._serve(loan.book)
        return loan

    def _end(self, loan: Loan, sources: set[str], end: str) -> Loan:
        self._hold_to(loan, sources)
        self._close(loan, end, self.now)
        return loan

    def _hold_to(self, loan: Loan, sources: set[str]) -> None:
        if self.status(loan) not in sources:
            raise Refused("loan-has-moved-on")

    # ----------------------------------------------------------------------------------- the time, the shelves

    def expire(self, at: datetime) -> int:
        return self._close_past_due(self.loans, at)

    def set_copies(self, book: Book, copies: int | None) -> None:
        """Who has the book holds a copy of it from the moment their number is limited. Nobody loses one."""
        self._on_shelves(book)
        book.copies = copies
        for loan in self.open_of_book(book):
            loan.has_copy |= copies is not None and loan.status in TIMED
        self._serve(book)

    def remove(self, book: Book, *, end_loans: bool) -> None:
        self._on_shelves(book)
        if any(self.status(loan) in OPEN for loan in self.open_of_book(book)) and not end_loans:
            raise Refused("book-is-out")
        book.removed = True
        for loan in self.open_of_book(book):
            self._close(loan, "expired" if self._is_past_due(loan, self.now) else "revoked", self.now, passes_on=False)

    @staticmethod
    def _on_shelves(book: Book) -> None:
        if book.removed:
            raise Refused("not-found")

    # -------------------------------------------------------------------------------------------- copies

    @staticmethod
    def _is_past_due(loan: Loan, at: datetime) -> bool:
        return loan.status in TIMED and loan.ends_at is not None and loan.ends_at <= at

    def _close_past_due(self, loans: list[Loan], at: datetime) -> int:
        over = [loan for loan in loans if self._is_past_due(loan, at)]
        for loan in over:
            self._close(loan, "expired", at)
        return len(over)

    def _close(self, loan: Loan, end: str, at: datetime, *, passes_on: bool = True) -> None:
        book, had_copy = loan.book, loan.has_copy
        loan.status, loan.has_copy, loan.paused = end, False, False
        loan.ended_at = loan.ends_at if end == "expired" else at
        if loan.granted_at:
            self.had[loan.patron] = self.had.get(loan.patron, 0) + 1
        if had_copy and loan.granted_at and loan.ended_at:
            book.returns += 1
            book.seconds += int((loan.ended_at - loan.granted_at).total_seconds())
        if had_copy and passes_on and (book.copies is None or self.out(book) < book.copies):
            self._set_aside_for_next(book, at)

    def _serve(self, book: Book) -> None:
        while book.copies is None or self.out(book) < book.copies:
            if not self._set_aside_for_next(book, self.now):
                return

    def _set_aside_for_next(self, book: Book, at: datetime) -> bool:
        loan = self.next_in_line(book)
        if loan is None:
            return False
        loan.status, loan.has_copy = "ready", book.copies is not None
        loan.ends_at = _second(at + self.pickup_window)
        return True


def _second(time: datetime) -> datetime:
    return time.replace(microsecond=0)
