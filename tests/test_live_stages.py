"""The stages of live mode one by one, without threads."""

import threading
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np

from realtime_nst.live.background import Background
from realtime_nst.live.cross_fade import CrossFade
from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.stream import Frame


def _frame(seconds=0.0, image=None):
    image = np.full((48, 64, 3), 30, np.uint8) if image is None else image
    return Frame(image, round(seconds * 30), Fraction(seconds), seconds)


class Paint:
    """Paints in ``value``; keeps the sizes it saw."""

    def __init__(self, value=100):
        self.value, self.seen = value, []

    def __call__(self, frame):
        self.seen.append(frame.image.shape)
        return frame if self.value is None else replace(frame, image=self.made(frame.image))

    def made(self, image):
        return np.full_like(image, self.value)

    def reset(self):
        self.seen.append("reset")


# cross-fade


def _grey(frame):
    return int(frame.image[20, 20, 0])


def test_the_old_style_fades_by_the_clock_of_capture():
    paint = Paint(100)
    fade = CrossFade(paint, lambda: paint.value, 0.5)
    assert _grey(fade(_frame(0.0))) == 100
    paint.value = 200
    assert _grey(fade(_frame(1.0))) == 100
    assert _grey(fade(_frame(1.25))) == 150
    assert _grey(fade(_frame(1.5))) == 200
    assert _grey(fade(_frame(1.6))) == 200


def test_a_change_in_the_middle_of_a_fade_goes_on_from_what_is_seen():
    paint = Paint(100)
    fade = CrossFade(paint, lambda: paint.value, 0.5)
    fade(_frame(0.0))
    paint.value = 200
    fade(_frame(1.0))
    fade(_frame(1.25))
    paint.value = 0
    assert _grey(fade(_frame(1.3))) == 150


def test_at_a_cut_the_old_style_is_gone_at_once():
    paint = Paint(100)
    fade = CrossFade(paint, lambda: paint.value, 0.5)
    rng = np.random.default_rng(0)
    fade(_frame(0.0))
    paint.value = 200
    noise = rng.integers(0, 256, (48, 64, 3), np.uint8)
    assert _grey(fade(_frame(1.0, noise))) == 200


def test_the_old_picture_moves_along_with_the_source():
    scene = SyntheticSource(320, 240)

    class Inverted(Paint):
        def made(self, image):
            return 255 - image if self.value else image.copy()

    paint = Inverted(1)
    fade = CrossFade(paint, lambda: paint.value, 1000)
    fade(_frame(0.0, scene.picture(0)))
    paint.value = 0
    for index in range(1, 10):
        shown = fade(_frame(index / 30, scene.picture(index))).image
    stale = np.abs(255 - scene.picture(0).astype(int) - shown).mean()
    moved = np.abs(255 - scene.picture(9).astype(int) - shown).mean()
    assert moved < 0.75 * stale


def test_after_a_reset_nothing_fades():
    paint = Paint(100)
    fade = CrossFade(paint, lambda: paint.value, 0.5)
    fade(_frame(0.0))
    fade.reset()
    paint.value = 200
    assert _grey(fade(_frame(0.1))) == 200
    assert "reset" in paint.seen


# work beside the picture


def test_of_one_kind_the_last_job_counts_and_a_waiting_one_is_dropped_at_the_end():
    background, done = Background(), []

    started, go = threading.Event(), threading.Event()

    def first():
        started.set()
        assert go.wait(10)
        done.append("first")

    background.do("style", first)
    assert started.wait(10)
    background.do("style", lambda: done.append("second"))
    background.do("style", lambda: done.append("third"))
    background.do("size", lambda: done.append("size"))
    assert background.busy
    go.set()
    until = time.monotonic() + 10
    while background.busy:
        assert time.monotonic() < until
        time.sleep(0.001)
    assert done == ["first", "third", "size"]
    background.join()
