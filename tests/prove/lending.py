"""Any lending, in any order: each step is taken in the library and in the model of its rules, and they are compared."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.catalogue.tables import BOOKS
from chalicelib.catalogue.tables import Book as KeptBook
from tests.client import Client, Reply
from tests.prove import invariants
from tests.prove.branch import Branch, Kept, Moment
from tests.prove.model import BEFORE_READING, OPEN, Book, Library, Loan, Refused

PERIODS = {"PT10M": timedelta(minutes=10), "PT1H": timedelta(hours=1), "P1D": timedelta(days=1)}
MOST_BOOKS = 4

nth = st.integers(0, 11)
patron = st.integers(0, 3)
key = st.sampled_from([None, None, None, "k1", "k2"])
period = st.sampled_from([None, None, None, *PERIODS])
copies = st.sampled_from([1, 1, 1, 2, 2, 3, None])
stray = st.sampled_from([False, False, False, True])
"""Whether a step is tried of any loan rather than of one that is in a state for it."""


class Lending(RuleBasedStateMachine):
    """The library against the model. Every step takes a second, so that the order of asking is never in doubt."""

    steps = 0
    told = 0

    def __init__(self, branch: Branch, opening: Moment) -> None:
        super().__init__()
        branch.back_to(opening)
        self.branch = branch
        self.model = Library(branch.clock(), limit=5, pickup_window=timedelta(days=2))
        self.books: list[Book] = []
        self.keys: dict[tuple[str, str], tuple[str, list[Loan], datetime]] = {}
        self.names = itertools.count()
        self.could_read: dict[tuple[str, str], bool] = {}
        self.add_book(1, True, "PT1H")
        self.add_book(2, False, "PT10M")

    # ---------------------------------------------------------------------------------------- the patrons

    @rule(who=patron, what=nth, wait=st.sampled_from(["wait", "wait", "refuse", None]), period=period, key=key)
    def ask(self, who: int, what: int, wait: str | None, period: str | None, key: str | None) -> None:
        client, book = self.branch.patrons[who], self._book(what)
        body = {"book_id": book.id, "if_unavailable": wait, "period": period}
        self._take(
            lambda: self.model.ask(client.id, book, wait, PERIODS[period] if period else None),
            client,
            "/loans",
            {name: value for name, value in body.items() if value},
            key,
            f"request {book.id}",
        )

    @precondition(lambda self: self.model.loans)
    @rule(which=nth, stray=stray, key=key)
    def give_back(self, which: int, stray: bool, key: str | None) -> None:
        self._own_step("return", self.model.give_back, {"active"}, which, stray, key)

    @precondition(lambda self: self.model.loans)
    @rule(which=nth, stray=stray, key=key)
    def cancel(self, which: int, stray: bool, key: str | None) -> None:
        self._own_step("cancel", self.model.cancel, BEFORE_READING, which, stray, key)

    @precondition(lambda self: self.model.loans)
    @rule(which=nth, stray=stray, key=key)
    def accept(self, which: int, stray: bool, key: str | None) -> None:
        self._own_step("accept", self.model.accept, {"ready"}, which, stray, key)

    @precondition(lambda self: self.model.loans)
    @rule(which=nth, stray=stray, key=key)
    def renew(self, which: int, stray: bool, key: str | None) -> None:
        self._own_step("renew", self.model.renew, {"active"}, which, stray, key)

    @precondition(lambda self: self.model.loans)
    @rule(which=nth, stray=stray, key=key)
    def pause(self, which: int, stray: bool, key: str | None) -> None:
        self._own_step("pause", self.model.pause, {"waiting"}, which, stray, key)

    @precondition(lambda self: self.model.loans)
    @rule(which=nth, stray=stray, key=key)
    def resume(self, which: int, stray: bool, key: str | None) -> None:
        self._own_step("resume", self.model.resume, {"waiting"}, which, stray, key)

    @precondition(lambda self: self.model.loans)
    @rule(which=nth, who=patron)
    def meddle(self, which: int, who: int) -> None:
        """Somebody else's loan is nobody's business."""
        loan = self._loan(OPEN, which, stray=True)
        if self.branch.patrons[who].id != loan.patron:
            assert self.branch.patrons[who].post(f"/loans/{loan.id}/return").status == 404

    # ----------------------------------------------------------------------------------------- the librarian

    @precondition(lambda self: self.model.loans)
    @rule(which=nth, stray=stray, period=period, key=key)
    def grant(self, which: int, stray: bool, period: str | None, key: str | None) -> None:
        loan = self._loan({"requested"}, which, stray)
        terms = {"period": period} if period else {}
        act = lambda: self.model.grant(loan, PERIODS[period] if period else None)  # noqa: E731
        self._take(act, self.branch.librarian, f"/loans/{loan.id}/grant", terms, key, f"grant {loan.id}")

    @precondition(lambda self: self.model.loans)
    @rule(which=nth, stray=stray, key=key)
    def deny(self, which: int, stray: bool, key: str | None) -> None:
        loan = self._loan({"requested"}, which, stray)
        deny = lambda: self.model.deny(loan)  # noqa: E731
        self._take(deny, self.branch.librarian, f"/loans/{loan.id}/deny", {}, key, f"deny {loan.id}")

    @precondition(lambda self: self.model.loans)
    @rule(which=nth, stray=stray, key=key)
    def revoke(self, which: int, stray: bool, key: str | None) -> None:
        loan = self._loan(OPEN, which, stray)
        revoke = lambda: self.model.revoke(loan)  # noqa: E731
        self._take(revoke, self.branch.librarian, f"/loans/{loan.id}/revoke", {}, key, f"revoke {loan.id}")

    @rule(whom=st.sets(patron, min_size=1, max_size=2), what=st.sets(nth, min_size=1, max_size=2), period=period)
    def issue(self, whom: set[int], what: set[int], period: str | None) -> None:
        pupils = [self.branch.patrons[n] for n in whom]
        books = list(dict.fromkeys(self._book(n) for n in what))
        expected: list[str] = []
        for pupil, book in itertools.product(pupils, books):
            self._expect(lambda p=pupil, b=book: self._issue_one(p, b, period), expected)
        body = {"patron_ids": [p.id for p in pupils], "book_ids": [b.id for b in books], "period": period}
        reply = self.branch.librarian.post("/loans/issue", {name: value for name, value in body.items() if value})
        results = reply.json["results"]
        assert [_outcome(each) for each in results] == expected
        self._name_new([each.get("id") for each in results])

    def _issue_one(self, pupil: Client, book: Book, period: str | None) -> Loan:
        return self.model.issue(pupil.id, book, PERIODS[period] if period else None)

    @precondition(lambda self: self.model.loans)
    @rule(action=st.sampled_from(["grant", "deny", "revoke"]), which=st.lists(nth, min_size=1, max_size=4))
    def batch(self, action: str, which: list[int]) -> None:
        sources = OPEN if action == "revoke" else {"requested"}
        loans = list(dict.fromkeys(self._loan(sources, n, stray=False) for n in which))
        steps: dict[str, Callable[[Loan], Loan]] = {
            "grant": self.model.grant,
            "deny": self.model.deny,
            "revoke": self.model.revoke,
        }
        expected: list[str] = []
        for loan in loans:
            self._expect(lambda x=loan: steps[action](x), expected)
        body = {"action": action, "ids": [loan.id for loan in loans]}
        results = self.branch.librarian.post("/loans/batch", body).json["results"]
        assert [_outcome(each) for each in results] == expected

    # ------------------------------------------------------------------------------------ books and settings

    @precondition(lambda self: len([b for b in self.books if not b.removed]) < MOST_BOOKS)
    @rule(copies=copies, automatic=st.booleans(), period=st.sampled_from([*PERIODS]))
    def add_book(self, copies: int | None, automatic: bool, period: str) -> None:
        grant = "automatic" if automatic else "librarian"
        fields = {"content": "Words.", "copies": copies, "grant": grant, "loan_period": period}
        made = self.branch.town.book(title=f"Book {next(self.names)}", **fields)
        self.books.append(Book(made["id"], copies, automatic, PERIODS[period]))

    @rule(what=nth, copies=copies)
    def change_copies(self, what: int, copies: int | None) -> None:
        book = self._book(what)
        change = {"copies": copies}
        reply = self.branch.librarian.patch(f"/books/{book.id}", change)
        self._compare(lambda: self.model.set_copies(book, copies), reply)

    @rule(what=nth, end_loans=st.booleans(), sure=stray)
    def remove_book(self, what: int, end_loans: bool, sure: bool) -> None:
        book = self._book(what)
        if sure:  # rarely, or there would soon be nothing to lend
            reply = self.branch.librarian.delete(f"/books/{book.id}?end_loans={str(end_loans).lower()}")
            self._compare(lambda: self.model.remove(book, end_loans=end_loans), reply)

    @rule(limit=st.integers(1, 4))
    def change_limit(self, limit: int) -> None:
        assert self.branch.librarian.patch("/settings", {"loan_limit": limit}).status == 200
        self.model.limit = limit

    @rule(window=st.sampled_from(["PT10M", "PT1H"]))
    def change_pickup_window(self, window: str) -> None:
        assert self.branch.librarian.patch("/settings", {"pickup_window": window}).status == 200
        self.model.pickup_window = PERIODS[window]

    # -------------------------------------------------------------------------------- time, jobs and the stream

    @rule(span=st.sampled_from([60, 599, 600, 601, 1800, 3600, 90000]))
    def pass_time(self, span: int) -> None:
        self._forward(span)

    @rule(late=st.sampled_from([0, 0, 0, 300, 3600]), twice=st.booleans())
    def expire(self, late: int, twice: bool) -> None:
        at = self.branch.clock.time - timedelta(seconds=late)
        for _ in range(1 + twice):
            assert self.branch.expire(at) == self.model.expire(at)

    @rule(share=st.sampled_from([0.5, 1.0, 1.0]), twice=st.booleans(), backwards=st.booleans())
    def tell(self, share: float, twice: bool, backwards: bool) -> None:
        """Facts come late, in any order and more than once; they change nothing that is true already."""
        untold = self.branch.untold()
        some = untold[: round(len(untold) * share)]
        if backwards:
            some.reverse()
        for _ in range(1 + twice):
            self.branch.tell(some)
        Lending.told += len(some)

    # ------------------------------------------------------------------------------------------ comparing

    @invariant()
    def library_and_model_agree(self) -> None:
        Lending.steps += 1
        model, seen = self.model, self._seen()
        for loan in model.loans:
            shown = seen.pop(loan.id)
            status = model.status(loan)
            assert shown["status"] == status, f"{shown} should be {status}"
            assert (shown["paused"], shown["renewals"]) == (loan.paused, loan.renewals)
            if status == "waiting":
                assert shown["queue_position"] == 1 + model.queue(loan.book).index(loan)
            ends = shown["due_at"] if loan.granted_at else shown["pickup_by"]
            assert (ends and datetime.fromisoformat(ends)) == loan.ends_at
        assert not seen, "loans that nobody asked for"
        self._compare_access()

    @invariant()
    def tables_and_model_agree(self) -> None:
        kept = Kept.now()
        on_shelves = {book.id: book.copies for book in self.books if not book.removed}
        # One after another, the library is at rest after every step: facts have nothing left to put right.
        invariants.hold_at_rest(kept, on_shelves)
        for book in self.books:
            if copies := kept.copies.get(book.id):
                assert (copies.returns, copies.seconds) == (book.returns, book.seconds)
        assert {p: card.had for p, card in kept.cards.items() if card.had} == self.model.had
        if not self.branch.untold():
            for kept_book in KeptBook.batch_get([(BOOKS, book_id) for book_id in on_shelves]):
                assert kept_book.loan_count == next(book.lent for book in self.books if book.id == kept_book.id)

    def _compare_access(self) -> None:
        """Who may read what: where it changed with this step, and two others in turn."""
        pairs = [(c, b) for c, b in itertools.product(self.branch.patrons, self.books) if not b.removed]
        may_read = {(c.id, b.id): self.model.may_read(c.id, b) for c, b in pairs}
        turn = Lending.steps % len(pairs) if pairs else 0
        changed = [(c, b) for c, b in pairs if may_read[c.id, b.id] != self.could_read.get((c.id, b.id), False)]
        for client, book in {*changed, *pairs[turn : turn + 2]}:
            assert client.get(f"/books/{book.id}/read").status == (200 if may_read[client.id, book.id] else 403)
        self.could_read = may_read

    def _seen(self) -> dict[str, Any]:
        pages = [client.get("/loans?limit=100").json for client in self.branch.patrons]
        assert not any(page["next_cursor"] for page in pages)
        return {loan["id"]: loan for page in pages for loan in page["items"]}

    # ---------------------------------------------------------------------------------------------- steps

    def check_invariants(self, *args: Any, **kwargs: Any) -> None:
        super().check_invariants(*args, **kwargs)
        self._forward(1)

    def _forward(self, seconds: int) -> None:
        self.branch.clock.forward(seconds=seconds)
        self.model.now = self.branch.clock.time

    def _book(self, n: int) -> Book:
        """A book, of those in the catalogue for the most part."""
        there = [book for book in self.books if not book.removed]
        return there[n % len(there)] if there and n < 11 else self.books[n % len(self.books)]

    def _loan(self, sources: set[str], n: int, stray: bool) -> Loan:
        fitting = [loan for loan in self.model.loans if stray or self.model.status(loan) in sources]
        among = fitting or self.model.loans
        return among[-1 - n % len(among)]

    def _own_step(
        self, name: str, step: Callable[[Loan], Loan], sources: set[str], n: int, stray: bool, key: str | None
    ) -> None:
        loan = self._loan(sources, n, stray)
        client = next(each for each in self.branch.patrons if each.id == loan.patron)
        self._take(lambda: step(loan), client, f"/loans/{loan.id}/{name}", None, key, f"{name} {loan.id}")

    def _take(self, act: Callable[[], Loan], client: Client, path: str, body: Any, key: str | None, what: str) -> None:
        """Do it in the library and in the model, or in neither, where the key was used in the last day."""
        reply = client.post(path, body, headers={"Idempotency-Key": key} if key else {})
        used = self.keys.get((client.id, key or ""))
        if key and used and self.model.now - used[2] < timedelta(days=1):
            if used[0] != what:
                assert reply.problem == "invalid"
            else:
                assert (reply.status // 100, reply.json["id"]) == (2, used[1][0].id)
            return
        loan = self._compare(act, reply)
        if loan is not None:
            loan.id = loan.id or reply.json["id"]
            assert (reply.json["id"], reply.json["status"]) == (loan.id, self.model.status(loan))
            if key and not (what.startswith(("pause", "resume")) and reply.json["paused"] == what.startswith("pause")):
                self.keys[client.id, key] = (what, [loan], self.model.now)

    def _compare(self, act: Callable[[], Any], reply: Reply) -> Any:
        try:
            done = act()
        except Refused as refused:
            assert reply.status >= 400, f"the model refuses: {refused.name}"
            assert reply.problem == refused.name
            return None
        assert reply.status < 300, reply.body
        return done

    @staticmethod
    def _expect(act: Callable[[], Loan], expected: list[str]) -> None:
        try:
            act()
            expected.append("ok")
        except Refused as refused:
            expected.append(refused.name)

    def _name_new(self, ids: list[str | None]) -> None:
        unnamed = [loan for loan in self.model.loans if not loan.id]
        known = {loan.id for loan in self.model.loans}
        new = [loan_id for loan_id in ids if loan_id and loan_id not in known]
        assert len(new) == len(unnamed)
        for loan, loan_id in zip(unnamed, new, strict=True):
            loan.id = loan_id


def _outcome(result: dict[str, Any]) -> str:
    return "ok" if result["ok"] else result["problem"]["type"].rsplit("/", 1)[-1]
