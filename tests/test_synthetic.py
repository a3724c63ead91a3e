"""The synthetic scene: the same every time, and its flow is the truth."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from realtime_nst.errors import UsageError
from realtime_nst.sources.synthetic import SyntheticSource


@pytest.fixture(scope="module")
def scene():
    return SyntheticSource(320, 240, rate=15)


def test_the_same_arguments_give_the_same_pixels():
    first, second = (SyntheticSource(64, 48, frames=3, noise=4.0) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.image, other.image)


def test_another_seed_gives_another_scene():
    pictures = [SyntheticSource(64, 48, seed=seed).picture(0) for seed in (0, 1)]
    assert np.abs(np.subtract(*pictures, dtype=int)).mean() > 2


def test_noise_has_the_deviation_asked_for():
    clean, noisy = (SyntheticSource(64, 48, noise=noise).picture(2) for noise in (0.0, 5.0))
    inner = (clean > 30) & (clean < 225)
    assert np.subtract(noisy, clean, dtype=float)[inner].std() == pytest.approx(5, rel=0.1)


def test_frames_carry_exact_times():
    source = SyntheticSource(32, 32, rate=Fraction(30000, 1001), frames=3)
    assert [frame.pts for frame in source] == [Fraction(i * 1001, 30000) for i in range(3)]


def _sampled(picture, flow):
    y, x = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    return cv2.remap(picture, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)


@pytest.mark.parametrize("index", [1, 40, 155, 411])
def test_sampling_the_earlier_frame_by_the_flow_gives_the_later_one(scene, index):
    flow, visible = scene.flow(index)
    assert (flow.dtype, flow.shape) == (np.float32, (240, 320, 2))
    assert (visible.dtype, visible.shape) == (np.bool_, (240, 320))
    before, after = scene.picture(index - 1), scene.picture(index)

    def error(motion):
        apart = np.abs(_sampled(before, motion).astype(float) - after).mean(-1)[visible]
        return apart.mean(), np.percentile(apart, 99)

    mean, high = error(flow)
    assert mean < 1.2
    assert high < 14
    assert mean < 0.4 * error(np.zeros_like(flow))[0]
    assert mean < 0.4 * error(-flow)[0]


def test_most_is_visible_and_what_is_not_lies_at_edges_of_layers(scene):
    flow, visible = scene.flow(40)
    assert 0.6 < visible.mean() < 0.99
    apart = np.abs(_sampled(scene.picture(39), flow).astype(float) - scene.picture(40)).mean(-1)
    assert apart[~visible].mean() > 3 * apart[visible].mean()


def test_layers_move_differently(scene):
    flow, visible = scene.flow(40)
    speeds = np.hypot(*np.moveaxis(flow, -1, 0))[visible]
    assert speeds.max() > 2
    assert np.percentile(speeds, 10) < 1


def test_what_comes_round_again_has_a_true_flow_then():
    source = SyntheticSource(96, 72, rate=1)
    for index in range(1, 120, 7):
        flow, visible = source.flow(index)
        if visible.any():
            assert np.abs(flow[visible]).max() < 96


@pytest.mark.parametrize("index", [0, -3])
def test_the_first_frame_has_no_flow(scene, index):
    with pytest.raises(UsageError, match=f"frame {index} "):
        scene.flow(index)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"width": 4}, "4x480"),
        ({"height": 100_000}, "640x100000"),
        ({"width": "abc"}, "abcx480"),
        ({"rate": 0}, "rate 0"),
        ({"frames": 0}, "0 frames"),
        ({"noise": -1}, "noise -1"),
    ],
)
def test_impossible_values_are_named(options, named):
    with pytest.raises(UsageError, match=named):
        SyntheticSource(**options)


@pytest.mark.parametrize("size", [(16, 16), (33, 200), (200, 33)])
def test_odd_sizes(size):
    source = SyntheticSource(*size)
    assert source.picture(5).shape == (size[1], size[0], 3)
    assert source.flow(5)[0].shape == (size[1], size[0], 2)


def test_the_frame_is_covered_whatever_the_camera_does():
    """The sky and the sea reach over the frame's borders: nothing is black there."""
    source = SyntheticSource(64, 48, rate=2)
    for index in range(0, 160, 3):
        picture = source.picture(index).astype(int).sum(-1)
        border = np.concatenate([picture[0], picture[:, 0], picture[:, -1]])
        assert border.min() > 20


def test_live_is_paced_by_the_clock(monkeypatch):
    now, naps = [100.0], []

    def sleep(seconds):
        naps.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", sleep)
    captured = [f.captured for f in SyntheticSource(32, 32, rate=10, frames=4, live=True)]
    assert np.diff(captured) == pytest.approx([0.1] * 3)
    assert sum(naps) == pytest.approx(0.3)
