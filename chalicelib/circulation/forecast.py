"""How long the wait for a copy is likely to be, from how long copies of the book were really kept.

While all `copies` of a book are out, each comes back after the time its reader keeps it, independently of the others.
The returns of many such copies together come close to a Poisson process of rate copies / mean (Palm's and Khintchine's
theorem on superposed renewal processes: A. Y. Khintchine, "Mathematical Methods in the Theory of Queueing", 1960,
chapter 5), so the time until the n-th return follows a gamma distribution of shape n. The range is from its first
to its last decile, by the approximation of E. B. Wilson and M. M. Hilferty, "The Distribution of Chi-Square", PNAS
17 (1931), which is exact to a few per cent even for n = 1.

No reader can keep a copy past its due time, so there is a bound that holds whatever happens: each round of copies is
back within a loan's period and a pickup window. With fewer than `ENOUGH` returns to go by, the bound is all that is
said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

ENOUGH = 5
"""Returns of a book from which on its own past says something."""

_DECILE = 1.2815515655446004
"""The standard normal quantile of nine tenths."""


@dataclass(frozen=True, slots=True)
class Past:
    """How often copies of a book came back, and for how long they were kept in all, in seconds."""

    returns: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Wait:
    """When a copy is likely to be free. `earliest` is None where only the bound is known."""

    earliest: datetime | None
    latest: datetime


def wait(place: int, copies: int, past: Past, longest: timedelta, now: datetime, back: datetime | None = None) -> Wait:
    """When the one at `place` in the queue (from 1) is likely to have a copy, of `copies`, all out. `longest` is how
    long one of them can be kept: a loan's period and a pickup window; `back` is when all that are out now are back."""
    rounds = -(-place // copies)
    bound = max(now + longest, back or now) + (rounds - 1) * longest
    if past.returns < ENOUGH:
        return Wait(None, bound)
    between_returns = past.seconds / past.returns / copies
    soon, late = (timedelta(seconds=between_returns * _gamma_quantile(place, z)) for z in (-_DECILE, _DECILE))
    return Wait(min(now + soon, bound), min(now + late, bound))


def _gamma_quantile(shape: int, z: float) -> float:
    """The quantile of a gamma distribution of unit scale at the normal quantile `z` (Wilson and Hilferty)."""
    spread = 1 / (9 * shape)
    return shape * max(0.0, 1 - spread + z * spread**0.5) ** 3
