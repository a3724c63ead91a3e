"""Two runs compared."""

from dataclasses import replace

import bench_factory as factory
import numpy as np
import pytest

from realtime_nst.bench.case import Row
from realtime_nst.bench.compare import compare, differences, ratio
from realtime_nst.bench.result import Measured

READINGS = list(np.random.default_rng(3).normal(20, 1, 30))


def result(readings, figure="median ms", yardstick=(), **key):
    row = Row({"size": "64x48", **key}, {figure: 1.0}, {figure: readings})
    return factory.result(Measured("network", "all", 1.0, (row,), yardstick=yardstick))


def verdict(old, new, figure="median ms"):
    (change,) = compare(result(old, figure), result(new, figure))
    return change.verdict


def test_equal_readings_are_noise():
    assert verdict(READINGS, READINGS) == "noise"


def test_readings_of_one_machine_are_noise():
    other = list(np.random.default_rng(4).normal(20, 1, 30))
    assert verdict(READINGS, other) == "noise"


@pytest.mark.parametrize(
    ("factor", "figure", "expected"),
    [
        (2.0, "median ms", "slower"),
        (0.5, "median ms", "faster"),
        (2.0, "fps", "faster"),
        (0.5, "fps", "slower"),
        (0.5, "seconds to first frame", "faster"),
        (2.0, "GMAC/s", "faster"),
    ],
)
def test_doubled_readings_are_no_noise(factor, figure, expected):
    assert verdict(READINGS, [factor * r for r in READINGS], figure) == expected


def test_a_change_below_three_per_cent_is_noise_however_sure():
    assert verdict([10.0] * 30, [10.29] * 30) == "noise"
    assert verdict([10.0] * 30, [10.31] * 30) == "slower"


def test_three_readings_are_too_few():
    assert verdict([1.0] * 3, [2.0] * 30) == "too few readings"


def autocorrelated(draws, count, correlation=0.98):
    noise = draws.normal(0, 1, count)
    noise[1:] *= (1 - correlation**2) ** 0.5
    for i in range(1, count):
        noise[i] += correlation * noise[i - 1]
    return list(20 * (1 + 0.1 * noise))


@pytest.mark.parametrize("count", [30, 100, 300])
def test_correlated_readings_are_seldom_called_a_change(count):
    draws = np.random.default_rng(1)
    verdicts = [verdict(*(autocorrelated(draws, count) for _ in "ab")) for _ in range(40)]
    assert sum(v in ("faster", "slower") for v in verdicts) <= 6


def test_slightly_correlated_readings_still_get_a_verdict():
    draws = np.random.default_rng(2)
    old, new = (autocorrelated(draws, 300, 0.5) for _ in "ab")
    assert verdict(old, [2 * reading for reading in new]) == "slower"


def test_figures_without_readings_are_compared_as_single_readings():
    def of(figures):
        return factory.result(Measured("quality", "x", 1.0, (Row({"style": "a"}, figures),)))

    changes = compare(of({"style loss": 0.5, "p5 ms": 1.0}), of({"style loss": 0.4, "p5 ms": 2.0}))
    assert [(c.figure, c.verdict, c.ratio.value) for c in changes] == [
        ("style loss", "single reading", pytest.approx(0.8))
    ]


def test_ratio_is_that_of_the_medians_within_its_interval():
    found = ratio([2.0, 4.0, 100.0], [1.0, 2.0, 3.0])
    assert found.value == 2.0  # 4 / 2: the outlier does not count
    assert found.low <= 2 <= found.high
    assert found == ratio([2.0, 4.0, 100.0], [1.0, 2.0, 3.0])  # the same each time


def test_the_speed_up_of_500_steps_over_a_frame():
    steps = [500 * seconds for seconds in (1.2, 1.3, 1.25, 1.25)]
    frames = [0.012, 0.0125, 0.0125, 0.013]
    assert ratio(steps, frames).value == pytest.approx(500 * 1.25 / 0.0125)  # 50,000


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    draws = np.random.default_rng(0)
    held = 0
    for _ in range(60):
        a, b = draws.lognormal(0, 0.1, 30), draws.lognormal(0, 0.1, 30)
        found = ratio(list(a), list(b))
        held += found.low <= 1 <= found.high
    assert held >= 52  # 57 of 60 expected


def test_only_what_both_measured_is_compared():
    old, new = result(READINGS, provider="cpu"), result(READINGS, provider="openvino")
    assert compare(old, new) == []
    assert "1 figure measured before was not measured now" in differences(old, new)


def test_what_else_differs_is_said():
    old = factory.full_result()
    now = old.conditions
    machine = replace(now.machine, cores=8, packages={"numpy": "2.4.6", "openvino": "2027.0"})
    new = replace(old, conditions=replace(now, machine=machine, providers={"cpu": "cpu"}))
    said = "\n".join(differences(old, new))
    assert "machines differ" in said
    assert "providers differ" in said
    assert "versions of openvino differ: 2026.4.1 before, 2027.0 now" in said
    assert "numpy" not in said
    assert differences(old, old) == []


def beside(program, machine, figure="median ms"):
    """The change when readings are multiplied by ``program`` and the yardstick by ``machine``."""
    old = result(READINGS, figure, factory.YARDSTICK)
    now = [reading * program for reading in READINGS]
    new = result(now, figure, tuple(reading * machine for reading in factory.YARDSTICK))
    (change,) = compare(old, new)
    return change, "\n".join(differences(old, new))


@pytest.mark.parametrize(
    ("program", "machine", "figure", "expected"),
    [
        (1.61, 1.0, "median ms", "slower"),
        (1.61, 1.61, "median ms", "machine"),
        (1.61, 1.40, "median ms", "machine"),  # the yardstick feels others less
        (0.60, 0.65, "seconds to first frame", "machine"),
        (1 / 1.61, 1.61, "fps", "machine"),
        (2.80, 1.40, "median ms", "slower"),
        (0.50, 1.00, "median ms", "faster"),
        (2.00, 1.00, "GB/s", "faster"),
        (1.00, 1.40, "median ms", "noise"),
        (1.00, 1.00, "median ms", "noise"),
        (2.00, 2.00, "style loss", "slower"),  # no matter of the machine
    ],
)
def test_a_busy_machine_is_told_from_a_slower_program(program, machine, figure, expected):
    change, said = beside(program, machine, figure)
    assert change.verdict == expected
    assert ("the machine was" in said) == (machine != 1.0)


def test_what_the_machine_did_is_said():
    change, said = beside(1.61, 1.5)
    assert change.beside.value == pytest.approx(1.61 / 1.5)
    assert "1.50 times slower than before" in said
    assert "busy" in said
    assert "1.25 times faster than before" in beside(1.0, 0.8)[1]
    assert beside(2.0, 1.0, "style loss")[0].beside is None


def test_a_result_without_the_reference_work_says_so():
    old, new = result(READINGS), result(READINGS, yardstick=factory.YARDSTICK)
    (said,) = differences(old, new)
    assert "not timed in both runs" in said
    assert compare(old, new)[0].beside is None
