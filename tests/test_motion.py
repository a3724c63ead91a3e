"""Flow, warping and occlusion: on a synthetic scene with known flow, and calculated by hand."""

import cv2
import numpy as np
import pytest

from realtime_nst.errors import UsageError
from realtime_nst.motion import dense_flow, visible, warp
from realtime_nst.sources.synthetic import SyntheticSource


@pytest.fixture(scope="module")
def scene():
    """Two pictures of a fast scene, with the exact flow and where it holds."""
    source = SyntheticSource(200, 150, rate=4)
    return source.picture(0), source.picture(1), *source.flow(1)


def flow_of(height, width, u=0.0, v=0.0):
    return np.full((height, width, 2), (u, v), np.float32)


def length(vectors):
    return np.hypot(vectors[..., 0], vectors[..., 1])


@pytest.mark.parametrize("full_size", [False, True])
def test_the_flow_is_near_the_exact_one(scene, full_size):
    previous, current, exact, seen = scene
    flow = dense_flow(previous, current, full_size=full_size)
    assert flow.shape == (150, 200, 2)
    assert flow.dtype == np.float32
    assert length(flow - exact)[seen].mean() < 0.7 * length(exact)[seen].mean()


def test_flow_is_in_whole_pixels_of_the_picture_x_then_y():
    coarse = np.random.default_rng(0).integers(0, 256, (16, 21, 3), np.uint8)
    picture = cv2.resize(coarse, (161, 121), interpolation=cv2.INTER_CUBIC)
    current, previous = picture[4:, 6:], picture[:-4, :-6]
    inside = dense_flow(previous, current)[30:-30, 30:-30]
    # what is at (x, y) now was at (x + 6, y + 4)
    assert np.median(inside[..., 0]) == pytest.approx(6, abs=0.2)
    assert np.median(inside[..., 1]) == pytest.approx(4, abs=0.2)


def test_the_warped_earlier_picture_looks_like_the_later_one(scene):
    previous, current, *_ = scene
    flow = dense_flow(previous, current, full_size=True)
    seen = visible(flow, dense_flow(current, previous, full_size=True))
    assert seen.mean() > 0.5

    def error(image):
        return np.abs(image.astype(float) - current)[seen].mean()

    assert error(warp(previous, flow)) < 0.4 * error(previous)


def test_the_mask_leaves_out_more_of_what_is_hidden_than_of_what_is_seen(scene):
    previous, current, _, seen = scene
    found = visible(dense_flow(previous, current), dense_flow(current, previous))
    assert (~found)[~seen].mean() > 2 * (~found)[seen].mean()


@pytest.mark.parametrize("full_size", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (16, 16), (31, 500), (500, 31), (33, 47)])
def test_pictures_of_any_size_have_a_flow(size, full_size):
    still = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    flow = dense_flow(still, still, full_size=full_size)
    assert flow.shape == (*size, 2)
    assert length(flow).max() < 0.1


def test_a_blank_picture_does_not_move():
    blank = np.full((40, 60, 3), 128, np.uint8)
    assert length(dense_flow(blank, blank)).max() == 0


def test_pictures_of_two_sizes_are_refused():
    with pytest.raises(UsageError, match="40x30 and 50x30"):
        dense_flow(np.zeros((30, 40, 3), np.uint8), np.zeros((30, 50, 3), np.uint8))


def test_warp_by_hand():
    image = np.array([[10, 20, 40], [50, 60, 80]], np.float32)
    # one to the right in the earlier picture; beyond its border the last pixel
    assert warp(image, flow_of(2, 3, u=1)).tolist() == [[20, 40, 40], [60, 80, 80]]
    assert warp(image, flow_of(2, 3, v=-1)).tolist() == [[10, 20, 40], [10, 20, 40]]
    assert warp(image, flow_of(2, 3, u=0.5)).tolist() == [[15, 30, 40], [55, 70, 80]]


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_warp_without_motion_changes_nothing(shape, kind):
    image = np.random.default_rng(0).integers(0, 256, shape).astype(kind)
    still = warp(image, flow_of(20, 30))
    assert still.dtype == kind
    assert (still == image).all()


def test_the_exact_flow_rebuilds_the_later_picture(scene):
    previous, current, exact, seen = scene
    assert np.abs(warp(previous, exact).astype(int) - current)[seen].mean() < 4


def test_without_motion_everything_is_visible():
    assert visible(flow_of(10, 12), flow_of(10, 12)).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 12), (10, 1)])
def test_a_flow_of_one_pixel_a_side_has_no_borders_across_it(size):
    assert visible(flow_of(*size), flow_of(*size)).all()


def test_what_a_moving_square_uncovers_is_hidden():
    # a square of 8 pixels moves 12 to the right over a still ground
    flow, back = flow_of(40, 60), flow_of(40, 60)
    flow[16:24, 32:40], back[16:24, 20:28] = (-12, 0), (12, 0)
    seen = visible(flow, back)
    assert not seen[16:24, 20:28].any(), "uncovered ground"
    assert not seen[16:24, 31:33].any(), "border of the motion"
    assert seen[18:22, 34:38].all(), "the square itself"
    assert seen[:14].all(), "the still ground"


@pytest.mark.parametrize(("u", "kept"), [(0.7, True), (0.8, False)])
def test_there_and_back_may_miss_by_a_little(u, kept):
    # 0.7^2 = 0.49 is at most 0.01 * 0.49 + 0.5, 0.8^2 = 0.64 is not at most 0.01 * 0.64 + 0.5
    seen = visible(flow_of(20, 20), flow_of(20, 20, u=u))
    assert seen.all() == kept == seen.any()


def test_what_moved_in_from_outside_is_hidden():
    seen = visible(flow_of(20, 30, u=5), flow_of(20, 30, u=-5))
    assert seen[:, :25].all()
    assert not seen[:, 25:].any()
