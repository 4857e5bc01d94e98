"""A part that ends is started again: soon, then later, and after a few times no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from infra.local.processes import Part, Trouble
from infra.local.watched import HEALTHY, PAUSES, SLOW, Back, Ended, GivenUp, Watched


class Process:
    """What a Part asks of its process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.status: int | None = None

    def poll(self) -> int | None:
        return self.status


class Post:
    """A watched part whose processes end when they are told, and which is ready when it is told."""

    def __init__(self) -> None:
        self.processes: list[Process] = []
        self.is_ready = True
        self.refusal: Exception | None = None
        self.watched = Watched("clerk", self._start, lambda _: self.is_ready)
        self.watched.begin(0)
        self.now = 0.0

    def _start(self) -> Part:
        if self.refusal:
            raise self.refusal
        self.processes.append(Process(len(self.processes) + 1))
        return Part("clerk", cast(Any, self.processes[-1]), Path("clerk.log"))

    def after(self, seconds: float) -> Ended | Back | None:
        self.now += seconds
        return self.watched.look(self.now)

    def end(self, status: int = 1) -> Ended:
        self.processes[-1].status = status
        event = self.after(0)
        assert isinstance(event, Ended)
        return event


@pytest.fixture
def post() -> Post:
    post = Post()
    assert post.after(1) is None
    return post


def test_it_is_started_again_after_a_pause_and_said_to_be_back_once_it_is_ready(post: Post) -> None:
    assert post.end(-9) == Ended(1, "ended by SIGKILL", PAUSES[0])
    post.is_ready = False
    assert post.after(PAUSES[0] / 2) is None
    assert len(post.processes) == 1
    assert post.after(PAUSES[0]) is None
    assert len(post.processes) == 2
    assert post.after(1) is None
    post.is_ready = True
    assert post.after(1) == Back(2, pytest.approx(2 + PAUSES[0] * 1.5))
    assert post.after(1) is None


def test_the_pauses_grow_and_then_it_is_given_up(post: Post) -> None:
    pauses = []
    for pause in PAUSES:
        pauses.append(post.end().pause)
        post.after(pause)
        post.after(0)
    assert pauses == sorted(pauses) == list(PAUSES)
    post.processes[-1].status = 3
    with pytest.raises(GivenUp, match="ended with status 3, the 5th time in a row"):
        post.after(1)


def test_a_healthy_minute_makes_its_ends_forgotten(post: Post) -> None:
    for _ in range(3 * len(PAUSES)):
        assert post.end().pause == PAUSES[0]
        post.after(PAUSES[0])
        assert isinstance(post.after(0), Back)
        post.after(HEALTHY)


def test_one_that_dies_just_before_the_minute_is_over_is_given_up(post: Post) -> None:
    for pause in PAUSES:
        post.end()
        post.after(pause)
        post.after(0)
        post.after(HEALTHY - 1)
    post.processes[-1].status = 1
    with pytest.raises(GivenUp):
        post.after(0)


@pytest.mark.parametrize("refusal", [Trouble("it is not installed"), OSError(12, "Cannot allocate memory")])
def test_one_that_cannot_even_be_started_is_tried_as_often(post: Post, refusal: Exception) -> None:
    post.end()
    post.refusal = refusal
    for pause in PAUSES[:-1]:
        event = post.after(pause)
        assert isinstance(event, Ended)
        assert "could not be started" in event.how
    with pytest.raises(GivenUp, match="could not be started"):
        post.after(PAUSES[-1])


def test_one_that_is_not_ready_in_time_is_given_up(post: Post) -> None:
    post.is_ready = False
    post.end()
    post.after(PAUSES[0])
    assert post.after(SLOW) is None
    with pytest.raises(GivenUp, match="was not ready"):
        post.after(1)
