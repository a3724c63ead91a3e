"""Ways to keep the source's colours."""

import cv2
import numpy as np
import pytest

from realtime_nst.errors import UnknownName
from realtime_nst.runtime.colour import KEEP_COLOUR, matched
from realtime_nst.runtime.stages import Stylise


def picture(mean, spread, seed):
    """Large soft patches of colours around ``mean``."""
    noise = np.random.default_rng(seed).normal(0, 1, (6, 8, 3)) @ np.asarray(spread).T
    large = cv2.resize(noise, (96, 72), interpolation=cv2.INTER_CUBIC)
    return (np.asarray(mean) + large).clip(0, 255).astype(np.uint8)


SOURCE = picture((120, 90, 140), np.diag([25, 18, 12]), 1)
PAINTING = picture((90, 130, 100), [[20, 5, 0], [0, 22, 4], [3, 0, 24]], 2)


def moments(image):
    pixels = image.reshape(-1, 3).astype(float)
    return pixels.mean(0), np.cov(pixels, rowvar=False)


def test_matched_has_the_sources_mean_and_covariance():
    for got, wanted, apart in zip(
        moments(matched(SOURCE, PAINTING)), moments(SOURCE), (2, 45), strict=True
    ):
        assert np.abs(got - wanted).max() < apart


def test_matched_keeps_the_paintings_shapes():
    grey = [
        cv2.cvtColor(i, cv2.COLOR_RGB2GRAY).ravel() for i in (matched(SOURCE, PAINTING), PAINTING)
    ]
    assert np.corrcoef(*grey)[0, 1] > 0.8


def test_a_grey_source_makes_it_grey_and_a_plain_painting_stays_plain():
    grey = np.repeat(SOURCE[..., :1], 3, axis=2)
    made = matched(grey, PAINTING).astype(int)
    assert (made.max(2) - made.min(2)).max() <= 2
    noisy = 100 + np.random.default_rng(0).integers(0, 3, SOURCE.shape)
    assert matched(SOURCE, noisy.astype(np.uint8)).std((0, 1)).max() < 3


@pytest.mark.parametrize("way", KEEP_COLOUR)
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (72, 96)])
def test_every_way_takes_every_size_and_leaves_what_it_was_given(way, size):
    source, painting = SOURCE[: size[0], : size[1]].copy(), PAINTING[: size[0], : size[1]].copy()
    made = KEEP_COLOUR[way](source, painting)
    assert made.shape == source.shape
    assert made.dtype == np.uint8
    assert (source == SOURCE[: size[0], : size[1]]).all()
    assert (painting == PAINTING[: size[0], : size[1]]).all()


def test_an_unknown_way_names_the_choices():
    with pytest.raises(UnknownName, match=r"'lumiance'; did you mean 'luminance'.*matched"):
        Stylise(lambda image: image, keep_colour="lumiance")  # type: ignore[arg-type]
