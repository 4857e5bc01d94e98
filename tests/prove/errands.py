"""Everything that lending does, as errands: each sets a scene, and sends one request or runs one job in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.client import Client, Reply
from tests.faults import Fault, Killed
from tests.prove.branch import Branch, sent

WAIT = {"if_unavailable": "wait"}
ONE_COPY = {"copies": 1, "loan_period": "PT1H"}

Do = Callable[[], Reply | None]
"""Does an errand, or tries it again; None where the process ended first."""


@dataclass(frozen=True)
class Errand:
    name: str
    set_scene: Callable[[Branch], Do]


def post(client: Client, path: str, body: Any = None) -> Do:
    return lambda: sent(client, "POST", path, body, "key")


def queue(branch: Branch, *, waiting: int, **fields: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A book of one copy that the first patron has, and the loans of it, in order."""
    book = branch.town.book(**ONE_COPY, **fields)
    loans = []
    for patron in branch.patrons[: 1 + waiting]:
        loans.append(branch.town.loan(patron, book, **WAIT))
        branch.clock.forward(seconds=1)
    return book, loans


def step(name: str, who: int = 0, *, waiting: int, first: str = "") -> Callable[[Branch], Do]:
    """A step of the loan of the patron `who` in such a queue, after the `first` loan's holder did that."""

    def scene(branch: Branch) -> Do:
        _, loans = queue(branch, waiting=waiting)
        if first:
            branch.patrons[0].post(f"/loans/{loans[0]['id']}/{first}")
        by = branch.librarian if name == "revoke" else branch.patrons[who]
        return post(by, f"/loans/{loans[who]['id']}/{name}")

    return scene


def ask(grant: str, *, waiting: int | None = None, **fields: Any) -> Callable[[Branch], Do]:
    """The last patron asks for a book: without limit, or one that is out and waited for."""

    def scene(branch: Branch) -> Do:
        book = branch.town.book() if waiting is None else queue(branch, waiting=waiting)[0]
        branch.librarian.patch(f"/books/{book['id']}", {"grant": grant})
        return post(branch.patrons[-1], "/loans", {"book_id": book["id"], **fields})

    return scene


def ask_past_what_is_due(branch: Branch) -> Do:
    book, _ = queue(branch, waiting=0)
    branch.clock.forward(hours=2)
    return post(branch.patrons[-1], "/loans", {"book_id": book["id"]})


def take_the_last_copy(branch: Branch) -> Do:
    return post(branch.patrons[0], "/loans", {"book_id": branch.town.book(**ONE_COPY)["id"]})


def decide(name: str, *, out: bool = False) -> Callable[[Branch], Do]:
    def scene(branch: Branch) -> Do:
        book = branch.town.book(grant="librarian", **ONE_COPY)
        asked = [branch.town.loan(patron, book, **WAIT) for patron in branch.patrons[:2]]
        if out:
            branch.librarian.post(f"/loans/{asked[0]['id']}/grant")
        return post(branch.librarian, f"/loans/{asked[out]['id']}/{name}")

    return scene


# Of several at once, each has its copy: if one fails and another is given the last, that is as it should be.


def issue(branch: Branch) -> Do:
    books = [branch.town.book(copies=2), branch.town.book(grant="librarian")]
    branch.town.loan(branch.patrons[0], books[1])
    people = [patron.id for patron in branch.patrons[:2]]
    return post(branch.librarian, "/loans/issue", {"patron_ids": people, "book_ids": [book["id"] for book in books]})


def batch(action: str) -> Callable[[Branch], Do]:
    def scene(branch: Branch) -> Do:
        book = branch.town.book(grant="librarian", copies=2)
        asked = [branch.town.loan(patron, book, **WAIT)["id"] for patron in branch.patrons[:2]]
        return post(branch.librarian, "/loans/batch", {"action": action, "ids": asked, "reason": "So."})

    return scene


def expire(*, waiting: int) -> Callable[[Branch], Do]:
    def scene(branch: Branch) -> Do:
        queue(branch, waiting=waiting)
        branch.clock.forward(hours=1)
        return _job(branch.expire)

    return scene


def lapse(branch: Branch) -> Do:
    """Nobody picks up the copy that is kept."""
    _, loans = queue(branch, waiting=2)
    branch.patrons[0].post(f"/loans/{loans[0]['id']}/return")
    branch.clock.forward(days=3)
    return _job(branch.expire)


def copies(before: int | None, after: int | None, *, waiting: int) -> Callable[[Branch], Do]:
    def scene(branch: Branch) -> Do:
        book, _ = queue(branch, waiting=waiting)
        if before != 1:
            branch.librarian.patch(f"/books/{book['id']}", {"copies": before})
        return lambda: sent(branch.librarian, "PATCH", f"/books/{book['id']}", {"copies": after}, None)

    return scene


def remove(branch: Branch) -> Do:
    book, _ = queue(branch, waiting=2)
    return lambda: sent(branch.librarian, "DELETE", f"/books/{book['id']}?end_loans=true", None, None)


def be_told(change: Callable[[Branch], Do]) -> Callable[[Branch], Do]:
    """The process that did `change` ended after its first write; the fact of it puts right what it left."""

    def scene(branch: Branch) -> Do:
        do = change(branch)
        branch.tell_all()
        written = []

        def kill(_call: int, _attempt: int, operation: str) -> Fault | None:
            written.append(operation)
            return Fault.KILLED_AFTER if operation == "TransactWriteItems" else None

        with branch.faults.deciding(kill):
            assert do() is None
        facts = branch.untold()
        return _job(lambda: branch.tell(facts))

    return scene


def _job(run: Callable[[], object]) -> Do:
    """A job that failed, or whose process ended, is run again."""

    def do() -> Reply | None:
        try:
            run()
        except Killed:
            return None
        except Exception:
            return Reply(503, {}, b"{}")
        return Reply(200, {}, b"{}")

    return do


ERRANDS = [
    Errand("request", ask("librarian")),
    Errand("borrow", ask("automatic")),
    Errand("borrow the last copy", take_the_last_copy),
    Errand("borrow past what is due", ask_past_what_is_due),
    Errand("join the queue", ask("automatic", waiting=1, **WAIT)),
    Errand("grant", decide("grant")),
    Errand("grant into the queue", decide("grant", out=True)),
    Errand("deny", decide("deny")),
    Errand("return", step("return", waiting=0)),
    Errand("return to the next", step("return", waiting=2)),
    Errand("revoke", step("revoke", waiting=1)),
    Errand("revoke who waits", step("revoke", 1, waiting=2)),
    Errand("cancel", step("cancel", 1, waiting=2)),
    Errand("decline", step("cancel", 1, waiting=2, first="return")),
    Errand("accept", step("accept", 1, waiting=2, first="return")),
    Errand("renew", step("renew", waiting=0)),
    Errand("pause", step("pause", 1, waiting=2)),
    Errand("resume", lambda branch: _resume(branch, freed=False)),
    Errand("resume while a copy is free", lambda branch: _resume(branch, freed=True)),
    Errand("expire", expire(waiting=0)),
    Errand("expire and pass on", expire(waiting=2)),
    Errand("lapse and pass on", lapse),
    Errand("issue", issue),
    Errand("grant several", batch("grant")),
    Errand("deny several", batch("deny")),
    Errand("revoke several", batch("revoke")),
    Errand("raise the copies", copies(1, 3, waiting=2)),
    Errand("lower the copies", copies(3, 1, waiting=2)),
    Errand("let the limit go", copies(1, None, waiting=2)),
    Errand("limit the copies", copies(None, 1, waiting=1)),
    Errand("remove the e-book", remove),
    Errand("be told of more copies", be_told(copies(1, 3, waiting=2))),
    Errand("be told of a limit", be_told(copies(None, 1, waiting=1))),
    Errand("be told of a removal", be_told(remove)),
]


def _resume(branch: Branch, *, freed: bool) -> Do:
    _, loans = queue(branch, waiting=1)
    branch.patrons[1].post(f"/loans/{loans[1]['id']}/pause")
    if freed:
        branch.patrons[0].post(f"/loans/{loans[0]['id']}/return")
    return post(branch.patrons[1], f"/loans/{loans[1]['id']}/resume")
