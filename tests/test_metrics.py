"""Measures of stillness, checked against values calculated by hand."""

import numpy as np
import pytest

from realtime_nst.errors import UsageError
from realtime_nst.metrics.stillness import e_stab, e_warp, flicker, sharpness, warped_error


def grey(values):
    return np.repeat(np.array(values, np.uint8)[..., None], 3, 2)


def still(height, width):
    return np.zeros((height, width, 2), np.float32), np.ones((height, width), bool)


def test_an_error_is_the_mean_square_of_what_changed_where_it_is_seen():
    flow, seen = still(1, 4)
    before, now = grey([[0, 51, 0, 0]]), grey([[0, 0, 102, 255]])
    seen[0, 3] = False
    # 0, -0.2, 0.4 over three pixels
    assert warped_error(before, now, flow, seen) == pytest.approx((0.04 + 0.16) / 3)


def test_what_moves_with_the_flow_is_no_error():
    flow, seen = still(1, 4)
    flow[..., 0] = -1
    seen[0, 0] = False
    before, now = grey([[10, 20, 30, 40]]), grey([[0, 10, 20, 30]])
    assert warped_error(before, now, flow, seen) == 0
    assert warped_error(before, now, *still(1, 4)) > 0


def test_where_nothing_is_seen_there_is_no_error_to_count():
    flow, seen = still(2, 2)
    nothing = warped_error(grey([[0, 0], [0, 0]]), grey([[9, 9], [9, 9]]), flow, ~seen)
    assert np.isnan(nothing)
    assert e_stab([nothing, 0.04, 0.16]) == pytest.approx(0.1**0.5)


def test_a_clip_has_the_root_of_the_mean_and_the_mean():
    assert e_stab([0.01, 0.03]) == pytest.approx(0.02**0.5)
    assert e_warp([0.01, 0.03]) == pytest.approx(0.02)


def test_sharpness_is_the_mean_step_along_rows_and_columns():
    # along rows 0.2 and 0.2, along columns 0 and 0
    assert sharpness(grey([[0, 51], [0, 51]])) == pytest.approx(0.1)
    assert sharpness(grey([[7, 7], [7, 7]])) == 0


def test_flicker_of_a_square_wave_is_all_at_half_the_rate():
    found = flicker([grey([[0, 100]]), grey([[51, 100]])] * 4, rate=30)
    # half the values go between 0 and 0.2: variance 0.01, over both 0.005
    assert found.energy == pytest.approx(0.005)
    assert found.frequencies[-1] == 15
    assert found.power[-1] == pytest.approx(0.005)


@pytest.mark.parametrize("count", [7, 8])
def test_the_spectrum_sums_to_the_variance_in_time(count):
    frames = list(np.random.default_rng(0).integers(0, 256, (count, 5, 6, 3), np.uint8))
    assert flicker(frames).energy == pytest.approx((np.stack(frames) / 255).var(0).mean(), rel=1e-4)


def test_nothing_flickers_where_nothing_changes():
    assert flicker([grey([[3, 200]])] * 5).energy == pytest.approx(0, abs=1e-12)


def test_one_frame_does_not_flicker():
    with pytest.raises(UsageError, match="not 1"):
        flicker([grey([[0]])])
