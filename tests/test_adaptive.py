"""Holding the frame rate, on a machine made of arithmetic and a clock that is only counted."""

import random

import pytest

from realtime_nst.errors import UsageError
from realtime_nst.live.adaptive import LEVELS, AdaptiveRate, Level


class Machine:
    """Takes ``full`` seconds for a whole picture, whatever else ``fixed``; frames come at 30."""

    def __init__(self, rate, fixed=0.0, jitter=0.0):
        self.rate, self.fixed, self.now, self.changes = rate, fixed, 0.0, []
        self.random, self.jitter = random.Random(1), jitter
        self.frames = 0

    def run(self, seconds, full):
        until = self.now + seconds
        while self.now < until:
            level = self.rate.level
            self.frames += 1
            took = self.fixed + full * level.scale**2 * (self.frames % level.every == 0)
            took *= 1 + self.random.uniform(-self.jitter, self.jitter)
            self.now += max(took, 1 / 30)
            if self.rate.update(self.now, took):
                self.changes.append((self.now, self.rate.level))
        return self.rate.level


def test_what_fits_stays_as_it_is():
    machine = Machine(AdaptiveRate(30))
    assert machine.run(60, 0.030) == Level()
    assert machine.changes == []


@pytest.mark.parametrize(
    ("full", "level"),
    [(0.040, Level(0.8)), (0.060, Level(0.65)), (0.100, Level(0.5)), (0.200, Level(0.5, 2)),
     (0.300, Level(0.5, 3)), (5.0, Level(0.35, 3))],
)  # fmt: skip
def test_size_is_given_up_first_then_frames_and_at_once_as_far_as_needed(full, level):
    machine = Machine(AdaptiveRate(30))
    assert machine.run(120, full) == level
    assert [level for _, level in machine.changes] == [level]


def test_the_lower_the_rate_the_better_the_picture():
    assert Machine(AdaptiveRate(15)).run(20, 0.060) == Level()


def test_it_goes_down_within_two_seconds():
    machine = Machine(AdaptiveRate(30))
    machine.run(10, 0.020)
    machine.run(10, 0.060)
    assert machine.changes[0][0] < 12


def test_it_goes_up_again_when_the_load_is_gone():
    machine = Machine(AdaptiveRate(30))
    machine.run(10, 0.100)
    assert machine.run(20, 0.020) == Level()
    assert len(machine.changes) <= 4


def test_a_promise_that_fails_is_trusted_ever_less():
    """Every level but the first costs next to nothing, so that going up always looks good."""
    machine = Machine(AdaptiveRate(30))
    for _ in range(600):
        machine.run(1, 0.100 if machine.rate.level == Level() else 0.010)
    late = [at for at, _ in machine.changes if at > 300]
    assert len(machine.changes) > len(late)
    assert len(late) <= 2 * 5 * 3, "about one attempt a minute, level by level"


@pytest.mark.parametrize("full", [0.030, 0.034, 0.042, 0.052, 0.066, 0.079, 0.1, 0.13, 0.26])
@pytest.mark.parametrize("fixed", [0.0, 0.006])
def test_with_jitter_at_any_load_it_comes_to_rest(full, fixed):
    machine = Machine(AdaptiveRate(30), fixed=fixed, jitter=0.3)
    machine.run(30, full)
    settled = len(machine.changes)
    machine.run(300, full)
    assert len(machine.changes) - settled <= 2


def test_a_single_hiccup_changes_nothing():
    machine = Machine(AdaptiveRate(30))
    machine.run(10, 0.020)
    machine.rate.update(machine.now, 0.5)
    machine.run(10, 0.020)
    assert machine.changes == []


def test_a_slow_source_is_no_reason():
    rate = AdaptiveRate(30)
    assert not any(rate.update(float(second), 0.030) for second in range(100))


def test_levels_go_down_in_work():
    costs = [level.cost for level in LEVELS]
    assert costs == sorted(costs, reverse=True)


@pytest.mark.parametrize("fps", [0, -3])
def test_a_rate_that_is_none_is_refused(fps):
    with pytest.raises(UsageError, match="try 30"):
        AdaptiveRate(fps)
