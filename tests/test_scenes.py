"""The scenes to measure stillness on: their flow is exact, their pixels repeat."""

from fractions import Fraction

import numpy as np
import pytest

from realtime_nst.errors import UnknownName
from realtime_nst.motion import warp
from realtime_nst.sources.scenes import SCENES, SceneSource


def error(scene, index, moved):
    """Grey levels between a frame and the one before, moved along or not, where it is seen."""
    flow, seen = scene.flow(index)
    before, now = scene.picture(index - 1), scene.picture(index).astype(float)
    return np.abs((warp(before, flow) if moved else before) - now)[seen].mean(), seen


@pytest.mark.parametrize("name", [name for name in SCENES if name != "light"])
@pytest.mark.parametrize("rate", [30, 6])
def test_the_earlier_frame_moved_by_the_flow_is_the_later_one(name, rate):
    scene = SceneSource(name, 160, 120, rate)
    noise = SCENES[name].noise
    found, seen = error(scene, 3, moved=True)
    assert seen.mean() > 0.5
    assert found < 1.6 * noise + 2.5  # the mean difference of two noises, and of resampling


@pytest.mark.parametrize("name", ["pan", "turn", "zoom", "occlusion"])
def test_without_the_flow_it_is_not(name):
    scene = SceneSource(name, 160, 120, rate=6)
    assert error(scene, 3, moved=False)[0] > 1.2 * error(scene, 3, moved=True)[0]


def test_what_a_disc_uncovers_is_not_seen():
    _, seen = SceneSource("occlusion", 160, 120, rate=10).flow(4)
    assert 0.01 < (~seen).mean() < 0.4


def test_nothing_moves_in_the_still_scene_but_noise():
    scene = SceneSource("still", 96, 64)
    flow, seen = scene.flow(5)
    assert np.abs(flow).max() < 1e-4
    assert seen[2:-2, 2:-2].mean() > 0.8
    change = scene.picture(5).astype(float) - scene.picture(4)
    assert change.std() == pytest.approx(SCENES["still"].noise * 2**0.5, rel=0.2)


def test_light_changes_and_nothing_else():
    scene = SceneSource("light", 96, 64)
    means = [scene.picture(index).mean() for index in range(0, 45, 5)]
    assert max(means) > 1.4 * min(means)


def test_the_same_arguments_give_the_same_pixels_and_another_seed_others():
    first, again = (SceneSource("turn", 64, 48, seed=1).picture(2) for _ in range(2))
    assert (first == again).all()
    assert (SceneSource("turn", 64, 48, seed=2).picture(2) != first).any()


def test_a_fifth_of_the_rate_is_every_fifth_frame():
    whole, fifth = SceneSource("pan", 64, 48), SceneSource("pan", 64, 48, Fraction(30, 5))
    exact = [whole.flow(index)[0] for index in range(6, 11)]
    long = fifth.flow(2)[0]
    # in a pan every pixel moves alike, so the steps add up
    assert np.allclose(sum(exact)[24, 32], long[24, 32], atol=0.01)


def test_an_unknown_scene_is_named():
    with pytest.raises(UnknownName, match="did you mean 'zoom'"):
        SceneSource("zom")
