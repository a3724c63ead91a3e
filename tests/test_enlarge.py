"""Paintings enlarged to the size of their source."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from realtime_nst.media.colours import Colours
from realtime_nst.media.planes import Planes
from realtime_nst.metrics.stillness import sharpness
from realtime_nst.runtime.enlarge import enlarged, enlarged_luma, enlarged_rgb
from realtime_nst.runtime.stages import AtSize
from realtime_nst.stream import Frame

SIZES = [((32, 24), (33, 25)), ((32, 24), (72, 54)), ((24, 32), (97, 129)), ((8, 8), (64, 63))]
"""Width and height of a painting, and those that it becomes."""


def _noise(size, *channels):
    return np.random.default_rng(0).integers(0, 256, (*size[::-1], *channels), np.uint8)


@pytest.mark.parametrize(("painted", "size"), SIZES)
def test_flat_paintings_stay_flat(painted, size):
    luma = enlarged_luma(np.full(painted[::-1], 90, np.uint8), size)
    assert (luma.shape, luma.dtype) == (size[::-1], np.uint8)
    assert (luma == 90).all()
    full = enlarged_rgb(np.full((*painted[::-1], 3), (200, 60, 20), np.uint8), size)
    assert (full.shape, full.dtype) == ((*size[::-1], 3), np.uint8)
    np.testing.assert_allclose(full.reshape(-1, 3), [(200, 60, 20)] * full[..., 0].size, atol=3)


def test_a_faint_weave_is_gone():
    weave = 90 + 3 * (np.indices((24, 32)).sum(0) % 2).astype(np.uint8)
    assert np.ptp(enlarged_luma(weave, (72, 54))) <= 1


@pytest.mark.parametrize(("painted", "size"), SIZES[1:])
def test_brightness_and_colours_stay_in_their_places(painted, size):
    halves = np.full((*painted[::-1], 3), (220, 120, 40), np.uint8)
    halves[:, painted[0] // 2 :] = (30, 60, 150)
    full = enlarged_rgb(halves, size).astype(float)
    outer = size[0] // 8
    np.testing.assert_allclose(full[:, :outer].mean((0, 1)), (220, 120, 40), atol=8)
    np.testing.assert_allclose(full[:, -outer:].mean((0, 1)), (30, 60, 150), atol=8)


@pytest.mark.parametrize("size", [(72, 54), (150, 111)])
def test_borders_are_steeper_than_interpolation_makes_them_and_have_no_halo(size):
    edge = np.full((24, 32), 60, np.uint8)
    edge[:, 16:] = 200
    edge = cv2.GaussianBlur(edge, (0, 0), 1)
    luma = enlarged_luma(edge, size)
    cubic = cv2.resize(edge, size, interpolation=cv2.INTER_CUBIC)
    assert np.diff(luma.astype(int), axis=1).max() > 1.05 * np.diff(cubic.astype(int), axis=1).max()
    assert (luma.min(), luma.max()) == (60, 200)


def test_strokes_are_crisper_than_by_interpolation():
    strokes = cv2.GaussianBlur(_noise((64, 48)), (0, 0), 1)
    cubic = cv2.resize(strokes, (144, 108), interpolation=cv2.INTER_CUBIC)
    assert sharpness(enlarged_luma(strokes, (144, 108))) > 1.03 * sharpness(cubic)


def test_what_is_given_stays_as_it_was():
    painted = _noise((16, 12), 3)
    enlarged_rgb(painted, (36, 27))
    np.testing.assert_array_equal(painted, _noise((16, 12), 3))


def test_planes_show_what_rgb_does():
    painted = cv2.GaussianBlur(_noise((32, 24), 3), (0, 0), 2)
    blank = Planes.of(*(np.zeros(shape, np.uint8) for shape in [(54, 72), (27, 36), (27, 36)]),
                      Colours())  # fmt: skip
    result = enlarged(painted, blank)
    assert isinstance(result, Planes)
    assert (result.size, result.colours) == ((72, 54), Colours())
    wanted = enlarged(painted, np.zeros((54, 72, 3), np.uint8)).astype(int)
    assert np.abs(result.image - wanted).mean() < 3


def test_a_stage_paints_at_its_size_and_gives_the_frames():
    class Negative:
        def __call__(self, frame):
            seen.append(frame.size)
            return frame.showing(255 - frame.image)

    seen = []
    frame = Frame(np.full((54, 72, 3), 55, np.uint8), 0, Fraction(0), 0.0)
    assert (AtSize(Negative(), (32, 24))(frame).image == 200).all()
    assert seen == [(32, 24)]
