"""What a fact changes of what is counted: pure functions of the fact.

`now` counts the library as it stands. There a loan is in one state at a time: a step takes it out of the one and puts
it into the other, and what it ends in it stays in. `day` counts what happened on a day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeAlias

Changes: TypeAlias = Counter[str]
"""By how much each counter changes."""

STATE_AFTER = {
    "loan.requested": "requested",
    "loan.waiting": "waiting",
    "loan.ready": "ready",
    "loan.granted": "active",
    "loan.accepted": "active",
    "loan.returned": "returned",
    "loan.expired": "expired",
    "loan.revoked": "revoked",
    "loan.denied": "denied",
    "loan.cancelled": "cancelled",
}
"""The state that a loan is in after a fact; other facts leave it where it is."""

ENDS = frozenset({"returned", "expired", "revoked", "denied", "cancelled"})


def of_library(kind: str, details: Mapping[str, Any]) -> Changes:
    """How a fact changes the library as it stands."""
    changes: Changes = Counter()
    match kind:
        case "account.opened" if details.get("role", "patron") == "patron":
            changes["patrons"] = 1
        case "account.erased":
            changes["patrons"] = -1
        case "book.added" | "section.added":
            changes[f"{kind.partition('.')[0]}s"] = 1
        case "book.removed" | "section.removed":
            changes[f"{kind.partition('.')[0]}s"] = -1
        case "review.written" | "review.removed":
            changes.update(_of_ratings(details))
        case _ if kind in STATE_AFTER:
            changes[STATE_AFTER[kind]] += 1
            if "was" in details:
                changes[details["was"]] -= 1
        case _:
            pass
    return changes


def of_day(kind: str, details: Mapping[str, Any]) -> Changes:
    """What a fact adds to its day."""
    changes: Changes = Counter()
    if kind in ("loan.requested", "loan.waiting", "loan.granted") and "was" not in details:
        changes["asked"] = 1
    after = STATE_AFTER.get(kind)
    if after == "active":
        changes["issued"] = 1
    elif after in ENDS:
        changes[after] = 1
    elif kind == "account.opened" and details.get("role", "patron") == "patron":
        changes["patrons"] = 1
    elif kind == "book.added":
        changes["books"] = 1
    elif kind == "review.written":
        changes.update(_of_ratings({"rating": details["rating"]}))
    return changes


def counts(kind: str, details: Mapping[str, Any]) -> bool:
    """Whether a fact changes anything that is counted."""
    return bool(of_library(kind, details) or of_day(kind, details))


def of_section(kind: str, details: Mapping[str, Any]) -> Changes:
    """What a fact about an e-book adds to the day of each section that it stands in."""
    changes = of_day(kind, details)
    return Counter({name: changes[name] for name in ("issued", "returned", "ratings", "points") if changes[name]})


def _of_ratings(details: Mapping[str, Any]) -> Changes:
    changes: Changes = Counter()
    for name, voices in (("rating", 1), ("was", -1)):
        if name in details:
            points = int(details[name])
            changes["ratings"] += voices
            changes["points"] += voices * points
            changes[f"rated_{points}"] += voices
    return changes
