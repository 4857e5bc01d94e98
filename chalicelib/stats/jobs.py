"""Counting: each fact once, in the transaction that notes that it was counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.cache import STATS, Cache
from chalicelib.catalogue import service as catalogue
from chalicelib.database import Collision, Transaction, again
from chalicelib.facts import Fact
from chalicelib.policy import service as policy
from chalicelib.stats import rules
from chalicelib.stats.rules import Changes
from chalicelib.stats.tables import DAY, LIBRARY, NOW, SECTION, Tally, Told, Visitor

DELIVERED_AGAIN_WITHIN = timedelta(days=2)
"""A stream keeps its records for a day; what it delivered can come again for as long."""

FEW = 12
"""Facts counted in one transaction: what they change fits into it (100 writes), unless most are of e-books that stand
in many sections each."""

MOST_WRITES = 100


def count(told: Sequence[Fact], cache: Cache, now: datetime) -> None:
    """Count what these facts tell of. Safe to repeat: a fact is counted once."""
    counted = [one for one in told if _visitor(one) or rules.counts(one.kind, _details(one))]
    if not counted:
        return
    zone = ZoneInfo(policy.current().timezone)
    for start in range(0, len(counted), FEW):
        _count_some(counted[start : start + FEW], zone, now)
    cache.forget(STATS)


VISITS = frozenset({"account.opened", "account.visited"})
"""Facts that tell of a patron's visit, besides those of what they did with an e-book."""


def _count_some(told: Sequence[Fact], zone: ZoneInfo, now: datetime) -> None:
    again(lambda: _attempt(told, zone, now))


def _attempt(told: Sequence[Fact], zone: ZoneInfo, now: datetime) -> None:
    before = {kept.fact_id for kept in Told.batch_get([one.id for one in told], consistent_read=True)}
    new = [one for one in told if one.id not in before]
    if not new:
        return
    transaction = Transaction()
    for one in new:
        mark = Told(fact_id=one.id, expires_at=now + DELIVERED_AGAIN_WITHIN)
        transaction.put(mark, Told.fact_id.does_not_exist(), lambda _: Collision())
    tallies = _tallies(new, zone)
    _see(transaction, new, zone, tallies)
    writes = [(key, changes) for key, changes in tallies.items() if any(changes.values())]
    if len(new) > 1 and len(writes) + 2 * len(new) > MOST_WRITES:
        half = len(new) // 2
        for part in (new[:half], new[half:]):
            _count_some(part, zone, now)
        return
    for (of, key), changes in writes:
        actions = [getattr(Tally, name).add(by) for name, by in changes.items() if by]
        transaction.update(Tally(of=of, key=key), actions)
    transaction.commit()


def _tallies(told: Sequence[Fact], zone: ZoneInfo) -> defaultdict[tuple[str, str], Changes]:
    """What these facts change, by the keys of the tallies."""
    tallies: defaultdict[tuple[str, str], Changes] = defaultdict(Counter)
    of_books = {book_id for one in told if (book_id := _book_of(one))}
    books = catalogue.by_ids(of_books) if of_books else {}
    for one in told:
        details, day = _details(one), _day(one, zone)
        tallies[LIBRARY, NOW].update(rules.of_library(one.kind, details))
        tallies[DAY, day].update(rules.of_day(one.kind, details))
        book = books.get(_book_of(one) or "")
        for section_id in book.section_ids if book else ():
            tallies[SECTION, f"{day}#{section_id}"].update(rules.of_section(one.kind, details))
    return tallies


def _see(
    transaction: Transaction,
    told: Sequence[Fact],
    zone: ZoneInfo,
    tallies: defaultdict[tuple[str, str], Changes],
) -> None:
    """Note the visits that these facts tell of: the first of a patron on a day counts. Who was erased is forgotten."""
    days: defaultdict[str, set[str]] = defaultdict(set)
    for one in told:
        if (patron_id := _visitor(one)) is not None:
            days[patron_id].add(_day(one, zone))
    erased = {one.subject for one in told if one.kind == "account.erased"}
    seen = days.keys() | erased
    known = {kept.patron_id: kept.day for kept in Visitor.batch_get(seen, consistent_read=True)} if seen else {}
    for patron_id in seen:
        last = known.get(patron_id)
        new = sorted(day for day in days[patron_id] if day > (last or ""))
        for day in new:
            tallies[DAY, day].update({"visitors": 1})
        unchanged = Visitor.day == last if last else Visitor.patron_id.does_not_exist()
        if patron_id in erased:
            transaction.delete(Visitor(patron_id=patron_id), unchanged, lambda _: Collision())
        elif new:
            transaction.put(Visitor(patron_id=patron_id, day=new[-1]), unchanged, lambda _: Collision())
            tallies[DAY, new[-1]].update({"last_seen": 1})
        else:
            continue
        if last is not None:
            tallies[DAY, last].update({"last_seen": -1})


def _visitor(one: Fact) -> str | None:
    """The patron who did what a fact tells of, or None where it was somebody else."""
    if one.kind in VISITS:
        return one.subject if _details(one).get("role", "patron") == "patron" and one.actor == one.subject else None
    if one.kind == "review.written" or _details(one).get("patron_id") == one.actor:
        return one.actor
    return None


def _book_of(one: Fact) -> str | None:
    if one.kind == "review.written":
        return one.subject
    return one.details.as_dict().get("book_id") if rules.of_section(one.kind, _details(one)) else None


def _details(one: Fact) -> dict[str, str | int]:
    return one.details.as_dict()


def _day(one: Fact, zone: ZoneInfo) -> str:
    return one.at.astimezone(zone).date().isoformat()
