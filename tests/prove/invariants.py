"""What is true of the tables of lending at every moment, whatever was asked for, by how many, and whatever failed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from tests.prove.branch import Kept

OPEN = {"requested", "waiting", "ready", "active"}
TIMED = {"ready", "active"}


def hold(kept: Kept) -> None:
    """Loans, cards, copies, queues and the index of what is due say the same."""
    open_loans = [loan for loan in kept.loans if loan.status in OPEN]
    twice = [both for both, n in Counter((loan.patron_id, loan.book_id) for loan in open_loans).items() if n > 1]
    assert not twice, f"two open loans of one patron and book: {twice}"

    on_cards = {(patron, loan) for patron, card in kept.cards.items() for loan in card.loans or ()}
    assert on_cards == {(loan.patron_id, loan.id) for loan in open_loans}, "the cards name what is open"
    books_on_cards = {(patron, book) for patron, card in kept.cards.items() for book in card.books or ()}
    assert books_on_cards == {(loan.patron_id, loan.book_id) for loan in open_loans}
    had = Counter(loan.patron_id for loan in kept.loans if loan.granted_at and loan.status not in OPEN)
    assert had == +Counter({patron: card.had for patron, card in kept.cards.items()}), "what a patron had is counted"

    for loan in kept.loans:
        timed = loan.status in TIMED
        assert (loan.due_shard is not None) == timed, f"{loan.status} in the index of what is due"
        assert not loan.has_copy or timed, f"a {loan.status} loan holds a copy"
        assert (loan.open_book_id is not None) == (loan.status in OPEN)
        assert not loan.paused or loan.status == "waiting"
        assert (loan.ended_at is not None) == (loan.status not in OPEN)

    waiting = {(loan.book_id, loan.id, loan.patron_id, loan.paused) for loan in open_loans if loan.status == "waiting"}
    assert {(h.book_id, h.loan_id, h.patron_id, h.paused) for h in kept.holds} == waiting, "the queue is who waits"

    out = Counter(loan.book_id for loan in open_loans if loan.has_copy)
    queued = Counter(book_id for book_id, _, _, paused in waiting if not paused)
    assert out == +Counter({book: copies.out for book, copies in kept.copies.items()}), "copies out are held by loans"
    assert queued == +Counter({book: copies.waiting for book, copies in kept.copies.items()})


def hold_at_rest(kept: Kept, copies_of: Mapping[str, int | None]) -> None:
    """Besides: once every fact was told, books in the catalogue (`copies_of` them) and their loans agree, and no copy
    lies free while somebody waits for it."""
    hold(kept)
    open_of: defaultdict[str, list[str]] = defaultdict(list)
    for loan in kept.loans:
        if loan.status in OPEN:
            open_of[loan.book_id].append(loan.status)
            total = copies_of.get(loan.book_id)
            assert loan.has_copy or total is None or loan.status not in TIMED, "who has a book holds a copy of it"
    assert set(open_of) <= set(copies_of), "nothing is open of a book that was removed"
    for book_id, total in copies_of.items():
        copies = kept.copies.get(book_id)
        if copies is None:
            continue
        assert copies.total == total or (copies.total is None and not copies.out), "as many copies as the book has"
        assert copies.waiting == 0 or (total is not None and copies.out >= total), (
            "a copy lies free, and somebody waits"
        )
