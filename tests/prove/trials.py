"""An errand with something going wrong, until it is done; and what came of it, to compare with when nothing did."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from chalicelib.catalogue.tables import BOOKS, Book
from chalicelib.facts import Fact
from tests.client import Reply
from tests.faults import Fault
from tests.prove import invariants
from tests.prove.branch import Branch, Kept, Moment, kept_in
from tests.prove.errands import Do, Errand

TIRED = 12
"""How often somebody tries who is told to try again."""


@dataclass(frozen=True)
class Outcome:
    """What the library says and keeps once it is at rest; new ids are told by whose, of which book and in which order
    they are."""

    answer: Any
    loans: list[Any]
    queues: list[Any]
    copies: dict[str, Any]
    cards: dict[str, Any]
    facts: Counter[Any]
    lent: dict[str, int]


class Trial:
    """An errand in its scene, set anew for each try."""

    def __init__(self, branch: Branch, opening: Moment, errand: Errand) -> None:
        branch.back_to(opening)
        self._branch = branch
        self._do: Do = errand.set_scene(branch)
        self._scene = branch.moment()
        self.undisturbed = self.run(nullcontext)
        with branch.faults.counting() as calls:
            branch.back_to(self._scene)
            self._do()
        self.calls = list(calls)

    def run(self, trouble: Callable[[], AbstractContextManager[None]]) -> Outcome:
        """What comes of the errand when `trouble` meets it first, and it is tried again until it is done."""
        branch = self._branch
        branch.back_to(self._scene)
        with trouble():
            reply = self._do()
        invariants.hold(Kept.now())
        for _ in range(TIRED):
            if reply is not None and not _says_try_again(reply):
                break
            reply = self._do()
            invariants.hold(Kept.now())
        assert reply is not None
        assert reply.status < 500, f"{reply.status} {reply.body!r}"
        branch.expire()
        branch.tell_all()
        books = {book.id: book for book in kept_in(Book) if book.collection == BOOKS}
        invariants.hold_at_rest(Kept.now(), {book_id: book.copies for book_id, book in books.items()})
        return _outcome(reply, books)

    def single_faults(self) -> Iterator[tuple[Fault, int, bool]]:
        """Every fault that can happen to the errand: which, to which call, and whether the client's repetitions meet it
        too."""
        for at, operation in enumerate(self.calls, 1):
            for fault in Fault:
                if fault.concerns(operation):
                    killed = fault in (Fault.KILLED_BEFORE, Fault.KILLED_AFTER)
                    yield from ((fault, at, for_good) for for_good in ([True] if killed else [False, True]))


def storm(branch: Branch, seed: int) -> Callable[[], AbstractContextManager[None]]:
    """Every fourth attempt fails somehow."""
    chance = random.Random(seed)

    def decide(_call: int, _attempt: int, operation: str) -> Fault | None:
        fault = chance.choice(list(Fault))
        return fault if chance.random() < 0.25 and fault.concerns(operation) else None

    return lambda: branch.faults.deciding(decide)


def _says_try_again(reply: Reply) -> bool:
    """Whether it was not done, or not of everything, because the database was out of reach."""
    if reply.status == 503:
        return True
    results = reply.json.get("results", []) if reply.body else []
    return any(not each["ok"] and each["problem"]["status"] == 503 for each in results)


def _outcome(reply: Reply, books: dict[str, Book]) -> Outcome:
    kept = Kept.now()
    seen: Counter[tuple[str, str]] = Counter()
    names: dict[str, Any] = {}
    for loan in kept.loans:
        both = (loan.patron_id, loan.book_id)
        names[loan.id] = names[loan.public_id] = (*both, seen[both])
        seen[both] += 1
    new = {"id", "due_shard"}
    loans = [(names[x.id], {k: v for k, v in x.attribute_values.items() if k not in new}) for x in kept.loans]
    return Outcome(
        answer=_answer(reply, names),
        loans=sorted(loans, key=lambda pair: pair[0]),
        queues=[(hold.book_id, names[hold.loan_id], hold.paused) for hold in kept.holds],
        copies={book_id: copies.attribute_values for book_id, copies in kept.copies.items()},
        cards={patron: (len(card.loans or ()), card.had) for patron, card in kept.cards.items()},
        facts=Counter(
            (fact.kind, names.get(fact.subject, fact.subject), fact.actor, fact.details.as_dict().get("was"))
            for fact in kept_in(Fact)
            if fact.kind != "book.changed"  # who changes a book again says so again
        ),
        lent={book_id: book.loan_count for book_id, book in books.items()},
    )


def _answer(reply: Reply, names: dict[str, Any]) -> Any:
    """What was said of which loans. A change of a book has no key: said again, it may find the book gone."""
    if reply.status in (204, 404) or not reply.body:
        return "gone"
    said = reply.json
    if "results" in said:
        return [(each["ok"], names.get(each.get("id")), each.get("problem")) for each in said["results"]]
    return (reply.status, names.get(said.get("id")), said.get("type"))
