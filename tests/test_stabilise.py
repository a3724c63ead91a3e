"""The stabiliser and its stage: still scenes hold still, no ghosts, no memory across a cut."""

import threading
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.metrics.stillness import flicker, sharpness
from realtime_nst.motion.flow import FLOW_PRESETS
from realtime_nst.motion.stabilise import Stabilise
from realtime_nst.motion.stabiliser import OFF, STABILISE_PRESETS, Stabiliser
from realtime_nst.motion.tracking import Tracker
from realtime_nst.sources.scenes import SceneSource
from realtime_nst.stream import Frame

WIDTH, HEIGHT = 160, 120
HOLDING = [name for name in STABILISE_PRESETS if name != OFF]


def restless(image, index=0):
    """A painting that flickers: other colours, hard contrast, and noise that differs each time."""
    swapped = cv2.convertScaleAbs(image[..., ::-1], alpha=1.3, beta=-20)
    noise = np.random.default_rng(index).normal(0, 15, image.shape)
    return np.clip(swapped + noise, 0, 255).astype(np.uint8)


class Painter:
    """A stage that counts its calls and resets."""

    def __init__(self, paint=restless):
        self.paint, self.calls, self.resets = paint, 0, 0

    def __call__(self, frame):
        self.calls += 1
        return replace(frame, image=self.paint(frame.image, frame.index))

    def reset(self):
        self.resets += 1


def frame(image, index, pts=None):
    return Frame(image, index, Fraction(index, 30) if pts is None else pts, 0.0)


def frames(name, count, rate=30):
    scene = SceneSource(name, WIDTH, HEIGHT, rate)
    return [frame(scene.picture(index), index, index / Fraction(rate)) for index in range(count)]


def texture(seed, width=WIDTH, height=HEIGHT):
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("strength", HOLDING)
def test_a_still_scene_with_sensor_noise_does_not_flicker(strength):
    stage, painter = Stabilise(Painter(), strength), Painter()
    shown = [stage(each).image for each in frames("still", 24)][8:]
    painted = [painter(each).image for each in frames("still", 24)][8:]
    assert flicker(shown).energy < 0.15 * flicker(painted).energy


@pytest.mark.parametrize("name", ["pan", "zoom", "occlusion"])
@pytest.mark.parametrize("strength", HOLDING)
def test_a_moving_scene_changes_less_along_its_motion(name, strength):
    scene = SceneSource(name, WIDTH, HEIGHT)
    stage, painter = Stabilise(Painter(), strength), Painter()
    pictures = frames(name, 10)
    shown = [stage(each).image for each in pictures]
    painted = [painter(each).image for each in pictures]
    flow, seen = scene.flow(9)
    from realtime_nst.metrics.stillness import warped_error

    assert warped_error(shown[8], shown[9], flow, seen) < 0.5 * warped_error(
        painted[8], painted[9], flow, seen
    )


def test_detail_does_not_blur_away_in_a_long_pan():
    image = texture(1, 400)
    views = [
        np.ascontiguousarray(image[:, round(2.5 * n) : round(2.5 * n) + WIDTH]) for n in range(40)
    ]
    stage = Stabiliser("strong")
    shown = [stage(view, view) for view in views]
    assert sharpness(shown[-1]) > 0.85 * sharpness(views[-1])


@pytest.mark.parametrize("step", [1.0, 0.5, 0.25])
def test_sharpening_does_not_grow_from_frame_to_frame(step):
    image = texture(2, 400)
    matrices = [np.float32([[1, 0, -step * n], [0, 1, 0]]) for n in range(120)]
    views = [cv2.warpAffine(image, m, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC) for m in matrices]
    stage = Stabiliser("strong")
    shown = [stage(view, view) for view in views]
    assert sharpness(shown[-1]) < 1.25 * sharpness(views[-1])


@pytest.mark.parametrize("strength", HOLDING)
def test_the_first_frame_and_the_first_after_a_cut_are_the_painting(strength):
    painter = Painter()
    stage = Stabilise(painter, strength)
    scenes = [texture(3), texture(3), texture(3), texture(4), texture(4)]
    shown = [stage(frame(image, index)).image for index, image in enumerate(scenes)]
    for index in (0, 3):
        assert (shown[index] == restless(scenes[index], index)).all()
    for index in (1, 2, 4):
        assert (shown[index] != restless(scenes[index], index)).any()
    assert painter.resets == 2, "the stage within forgets too"


@pytest.mark.parametrize(
    ("index", "pts"),
    [(0, Fraction(0)), (1, Fraction(1, 30)), (4, Fraction(9)), (4, Fraction(2, 30))],
    ids=["loop", "seek back", "seek on", "time goes back"],
)
def test_after_a_loop_or_a_seek_nothing_is_remembered(index, pts):
    stage = Stabilise(Painter())
    for number in range(4):
        stage(frame(texture(5), number))
    assert (stage(frame(texture(5), index, pts)).image == restless(texture(5), index)).all()


def test_a_change_of_size_begins_anew():
    stage = Stabilise(Painter())
    stage(frame(texture(6), 0))
    smaller = np.ascontiguousarray(texture(6)[:100, :140])
    assert (stage(frame(smaller, 1)).image == restless(smaller, 1)).all()


def test_a_stage_that_gives_another_size_is_shown_as_it_is():
    halved = Painter(lambda image, index: np.ascontiguousarray(restless(image, index)[::2, ::2]))
    stage = Stabilise(halved)
    for index in range(3):
        assert (stage(frame(texture(7), index)).image == halved.paint(texture(7), index)).all()


@pytest.mark.parametrize("strength", HOLDING)
def test_fast_motion_leaves_no_ghost(strength):
    """A bright square jumps over dark ground; where it was, ground is shown at once."""
    stage, ground = Stabiliser(strength), texture(10) // 4
    for n in range(6):
        image = ground.copy()
        image[40:80, 20 * n : 20 * n + 24] = 240
        shown = stage(image, image)
    left = shown[44:76, 60:96].astype(int) - ground[44:76, 60:96]
    assert np.abs(left).mean() < 8, "of 200 grey levels"


def test_a_change_of_light_is_followed():
    stage = Stabiliser("strong")
    for n in range(30):
        image = cv2.convertScaleAbs(texture(11), alpha=0.5 + 0.5 * min(n, 15) / 15)
        shown = stage(image, image)
    always = Stabiliser("strong")
    lit = [always(image, image) for _ in range(3)][-1]
    assert np.abs(shown.astype(int) - lit).mean() < 5, "grey levels that rounding leaves"


def test_off_is_the_stage_itself():
    painter = Painter()
    stage = Stabilise(painter, OFF)
    for index in range(3):
        assert (stage(frame(texture(12), index)).image == restless(texture(12), index)).all()


@pytest.mark.parametrize("strength", STABILISE_PRESETS)
def test_frames_given_back_untouched_stay_so(strength):
    class Nothing(Painter):
        def __call__(self, frame):
            return frame

    stage = Stabilise(Nothing(), strength)
    for each in frames("pan", 3):
        assert stage(each) is each


@pytest.mark.parametrize("strength", STABILISE_PRESETS)
def test_the_network_runs_on_every_third_frame(strength):
    image = texture(18, 400)
    views = [np.ascontiguousarray(image[:, 3 * n : 3 * n + WIDTH]) for n in range(9)]
    painter = Painter(lambda image, index: image.copy())
    stage = Stabilise(painter, strength, network_every=3)
    shown = [stage(frame(view, index)).image for index, view in enumerate(views)]
    assert painter.calls == 3
    for last in (2, 5, 8):
        now = views[last][:, :-20].astype(int)
        carried, stale = shown[last][:, :-20], views[last - 2][:, :-20]
        assert np.abs(carried - now).mean() < 0.3 * np.abs(stale - now).mean()


def test_a_cut_is_painted_though_it_is_not_the_networks_turn():
    painter = Painter()
    stage = Stabilise(painter, network_every=10)
    for index, seed in enumerate((13, 13, 14, 14)):
        shown = stage(frame(texture(seed), index)).image
        if index == 2:
            assert (shown == restless(texture(14), 2)).all()
    assert painter.calls == 2


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (33, 47), (481, 643)])
def test_any_size(size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    stage = Stabiliser()
    for index in range(3):
        assert stage(image, restless(image, index)).shape == image.shape


def test_borders_of_a_still_picture_stay_where_they_are():
    image = texture(16, 163, 121)
    stage = Stabiliser()
    shown = [stage(image, image) for _ in range(5)][-1]
    assert np.abs(shown.astype(int) - image).max() <= 6, "but for crispness"


def test_crispness_gives_detail_back_without_halos():
    """Neither faint noise nor the edge of a square is changed by much; detail between them is."""
    image = np.full((64, 96, 3), 100, np.uint8)
    image[::2, :32] += 1
    image[16:48, 40:56], image[::4, 64:] = 220, 112
    stage = Stabiliser()
    shown = [stage(image, image) for _ in range(5)][-1].astype(int) - image
    assert np.abs(shown[:, :30]).max() <= 1
    assert np.abs(shown).max() <= 6
    assert shown[::4, 66:].min() >= 3


@pytest.mark.parametrize("flow", FLOW_PRESETS)
def test_the_motion_is_that_of_the_picture_on_its_own_scale(flow):
    image, track = texture(17, 400, 300), Tracker(flow)
    assert track(np.ascontiguousarray(image[:-4, :-6])) is None
    motion = track(np.ascontiguousarray(image[4:, 6:]))
    inside = motion.flow[10:-10, 10:-10]
    assert np.median(inside[..., 0]) == pytest.approx(6, abs=0.5)
    assert np.median(inside[..., 1]) == pytest.approx(4, abs=0.5)
    assert motion.trust[10:-10, 10:-10].mean() > 0.9


def _half_flat(seed):
    """Texture above, and below it nothing but noise."""
    image = np.full((300, 400, 3), 120, np.uint8)
    image[:150] = texture(seed, 400, 152)[:150]
    return image


def _noisy(image, seed):
    noise = np.random.default_rng(seed).normal(0, 1, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def test_flat_places_move_with_the_camera():
    image, track = _half_flat(5), Tracker()
    for step in range(3):
        motion = track(_noisy(np.roll(image, 2 * step, axis=1), step))
    assert not motion.still.any()
    inner = motion.flow[:, 20:-20]
    np.testing.assert_allclose(np.median(inner, (0, 1)), (-2, 0), atol=0.3)
    below = inner[len(inner) * 3 // 4 :]
    np.testing.assert_allclose(below.mean((0, 1)), (-2, 0), atol=0.5)


def test_flat_places_stand_still_while_a_part_moves():
    image, track = _half_flat(5), Tracker()
    for step in range(3):
        now = image.copy()
        now[80:150, 100:200] = np.roll(image[80:150, 100:200], 3 * step, axis=1)
        motion = track(_noisy(now, step))
    below = motion.flow[len(motion.flow) * 3 // 4 :]
    assert np.median(np.abs(below)) < 0.1
    assert motion.still.any()


def test_a_picture_that_does_not_change_is_still():
    image, track = _half_flat(5), Tracker()
    track(image)
    motion = track(image)
    assert motion.still.all()
    assert not motion.flow.any()


def test_wrong_values_are_named():
    with pytest.raises(UnknownName, match="did you mean 'strong'"):
        Stabilise(Painter(), "stong")
    with pytest.raises(UnknownName, match="did you mean 'slow'"):
        Stabilise(Painter(), flow="slwo")
    with pytest.raises(UsageError, match="not 0"):
        Stabilise(Painter(), network_every=0)


def test_how_often_the_network_runs_may_change_in_the_middle():
    scene, painter = SceneSource("still", WIDTH, HEIGHT, frames=12), Painter()
    stage = Stabilise(painter)
    for frame in scene:
        stage.network_every = 1 if frame.index < 4 else 4
        stage(frame)
    assert painter.calls == 4 + 2
    with pytest.raises(UsageError, match="not 0"):
        stage.network_every = 0


def test_the_second_thread_ends_with_the_stabiliser():
    stage, before = Stabiliser(), set(threading.enumerate())
    for _ in range(2):
        stage(texture(19), texture(19))
    (second,) = set(threading.enumerate()) - before
    stage.reset()
    assert not second.is_alive()
    for _ in range(2):
        stage(texture(19), texture(19))
    (second,) = set(threading.enumerate()) - before
    del stage
    second.join(2)
    assert not second.is_alive()
