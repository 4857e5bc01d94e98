"""The library against a model of its rules, ten thousand steps long."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.factories import Town
from tests.fakes import FakeRedis, SettableClock
from tests.functional.conftest import clock, cloud, empty_cloud, redis, town  # noqa: F401
from tests.prove.branch import branch
from tests.prove.lending import Lending

STEPS = int(os.environ.get("CARREL_PROVE_STEPS", "10000"))
LONG = 50


@pytest.mark.usefixtures("cloud")
def test_any_lending_in_any_order_goes_by_the_rules(
    town: Town,  # noqa: F811
    clock: SettableClock,  # noqa: F811
    redis: FakeRedis,  # noqa: F811
    say: Callable[[str], None],
) -> None:
    before = Lending.steps
    thorough = settings(
        max_examples=-(-STEPS * 11 // (LONG * 10)),  # some lives end before their fifty steps
        stateful_step_count=LONG,
        deadline=None,
        database=None,
        # Shrinking a failure takes minutes in which nothing is said; the verdict comes first.
        phases=[Phase.generate, *([Phase.shrink] if os.environ.get("CARREL_PROVE_SHRINK") else [])],
        suppress_health_check=list(HealthCheck),
    )
    with branch(town, clock, redis) as library:
        opening = library.moment()
        run_state_machine_as_test(lambda: Lending(library, opening), settings=thorough)
    say(f"{Lending.steps - before} steps, {Lending.told} facts told")
