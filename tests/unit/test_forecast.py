"""How long a wait is said to be, and how sure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.circulation.forecast import ENOUGH, Past, wait

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
DAY = 24 * 3600
PERIOD = timedelta(days=9)


def after(days: float, returns: int = 20) -> Past:
    """A past in which a copy came back after so many days on the mean."""
    return Past(returns, int(returns * days * DAY))


def test_with_too_few_returns_only_the_bound_is_said() -> None:
    said = wait(3, 2, after(1, ENOUGH - 1), PERIOD, NOW)
    assert (said.earliest, said.latest) == (None, NOW + 2 * PERIOD)


@pytest.mark.parametrize(
    ("place", "first_decile", "last_decile"),
    [(1, 0.105, 2.303), (2, 0.532, 3.890), (5, 2.433, 7.994), (10, 6.221, 14.206)],
)
def test_the_range_is_from_the_first_to_the_last_decile_of_the_gamma_distribution(
    place: int, first_decile: float, last_decile: float
) -> None:
    """Quantiles of gamma(n, 1) as tables of the chi-square distribution have them, halved. The approximation is within
    a few per cent; for the lowest decile of a single return within a hundredth of a mean loan."""
    said = wait(place, 1, after(1), timedelta(days=100), NOW)
    assert said.earliest is not None
    assert (said.earliest - NOW).total_seconds() / DAY == pytest.approx(first_decile, rel=0.05, abs=0.02)
    assert (said.latest - NOW).total_seconds() / DAY == pytest.approx(last_decile, rel=0.05)


@given(st.integers(1, 500), st.integers(1, 300), st.integers(0, 200), st.floats(0.01, 60))
def test_a_forecast_is_a_range_within_the_bound_that_holds_whatever_happens(
    place: int, copies: int, returns: int, days: float
) -> None:
    said = wait(place, copies, after(days, returns), PERIOD, NOW)
    assert (said.earliest or NOW) <= said.latest <= NOW + -(-place // copies) * PERIOD
    assert (said.earliest is None) == (returns < ENOUGH)


@given(st.integers(1, 100), st.integers(1, 50), st.floats(0.1, 8))
def test_who_is_further_back_never_waits_less(place: int, copies: int, days: float) -> None:
    nearer, farther = (wait(at, copies, after(days), PERIOD, NOW) for at in (place, place + 1))
    assert nearer.latest <= farther.latest
    assert (nearer.earliest or NOW) <= (farther.earliest or NOW)
