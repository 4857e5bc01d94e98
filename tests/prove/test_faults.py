"""Every call of every errand of lending fails in every way; the errand is tried again, and is done once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.factories import Town
from tests.fakes import FakeRedis, SettableClock
from tests.functional.conftest import clock, cloud, empty_cloud, redis, town  # noqa: F401
from tests.prove.branch import Branch, branch
from tests.prove.errands import ERRANDS, Errand
from tests.prove.trials import Trial, storm

STORMS = int(os.environ.get("CARREL_PROVE_STORMS", "20"))


@pytest.fixture
def library(
    town: Town,  # noqa: F811
    clock: SettableClock,  # noqa: F811
    redis: FakeRedis,  # noqa: F811
) -> Iterator[Branch]:
    with branch(town, clock, redis) as library:
        yield library


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize("errand", ERRANDS, ids=lambda errand: errand.name)
def test_an_errand_that_fails_anywhere_and_is_tried_again_is_done_once(
    library: Branch, errand: Errand, say: Callable[[str], None]
) -> None:
    trial = Trial(library, library.moment(), errand)
    wrong: list[str] = []
    tried = 0
    for fault, at, for_good in trial.single_faults():
        tried += 1
        try:
            outcome = trial.run(lambda f=fault, n=at, g=for_good: library.faults.armed(f, n, for_good=g))
            assert outcome == trial.undisturbed
        except AssertionError as error:
            lasting = "for good" if for_good else "once"
            wrong.append(f"{fault.value} ({lasting}), call {at} {trial.calls[at - 1]}: {str(error)[:1500]}")
    for seed in range(STORMS):
        tried += 1
        try:
            assert trial.run(storm(library, seed)) == trial.undisturbed
        except AssertionError as error:
            wrong.append(f"storm {seed}: {str(error)[:1500]}")
    say(f"{errand.name}: {len(trial.calls)} calls, {tried} tries")
    assert not wrong, f"{len(wrong)} of {tried}:\n" + "\n".join(wrong)
