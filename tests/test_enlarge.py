"""Paintings enlarged to the size of their source."""

from threading import Event, Thread

import numpy as np
import pytest

from realtime_nst.runtime import enlarge, host
from realtime_nst.runtime.enlarge import Enlarger
from realtime_nst.runtime.networks import Networks

SIZES = [((32, 24), (33, 25)), ((32, 24), (72, 54)), ((24, 32), (97, 129)), ((8, 8), (64, 63))]
"""Width and height of a painting, and those that it becomes."""


@pytest.fixture(scope="module")
def enlarger():
    return Enlarger(Networks("cpu"))


def _noise(size, *channels):
    return np.random.default_rng(0).integers(0, 256, (*size[::-1], *channels), np.uint8)


@pytest.mark.parametrize(("painted", "size"), SIZES)
def test_flat_paintings_stay_flat(enlarger, painted, size):
    enlarger.prepare(painted, size)
    luma = enlarger.luma(np.full(painted[::-1], 90, np.uint8), np.full(size[::-1], 200, np.uint8))
    assert (luma.shape, luma.dtype) == (size[::-1], np.uint8)
    assert np.abs(luma.astype(int) - 90).max() <= 1
    colour = np.full((*painted[::-1], 3), (200, 60, 20), np.uint8)
    full = enlarger.rgb(colour, np.full((*size[::-1], 3), (10, 60, 90), np.uint8))
    assert (full.shape, full.dtype) == ((*size[::-1], 3), np.uint8)
    np.testing.assert_allclose(full.reshape(-1, 3), [(200, 60, 20)] * full[..., 0].size, atol=3)


@pytest.mark.parametrize(("painted", "size"), SIZES[1:])
def test_brightness_and_colours_stay_in_their_places(enlarger, painted, size):
    halves = np.full((*painted[::-1], 3), (220, 120, 40), np.uint8)
    halves[:, painted[0] // 2 :] = (30, 60, 150)
    full = enlarger.rgb(halves, _noise(size, 3)).astype(float)
    outer = size[0] // 8
    np.testing.assert_allclose(full[:, :outer].mean((0, 1)), (220, 120, 40), atol=8)
    np.testing.assert_allclose(full[:, -outer:].mean((0, 1)), (30, 60, 150), atol=8)


def test_what_is_given_stays_as_it_was(enlarger):
    painted, source = _noise((16, 12), 3), _noise((36, 27), 3)
    enlarger.rgb(painted, source)
    np.testing.assert_array_equal(painted, _noise((16, 12), 3))
    np.testing.assert_array_equal(source, _noise((36, 27), 3))


def test_the_threads_of_the_networks_hold_for_the_enlarger(monkeypatch):
    seen = []
    made = enlarge._onnxruntime
    monkeypatch.setattr(
        enlarge, "_onnxruntime", lambda model: seen.append(host.thread_limit()) or made(model)
    )
    Enlarger(Networks("cpu", 1)).prepare((32, 24), (72, 54))
    assert seen == [1]


def test_a_size_is_compiled_while_others_are_drawn(monkeypatch):
    enlarger, waiting, go = Enlarger(Networks("cpu")), Event(), Event()
    enlarger.prepare((32, 24), (72, 54))
    made = enlarge._onnxruntime

    def slow(model):
        waiting.set()
        assert go.wait(10)
        return made(model)

    monkeypatch.setattr(enlarge, "_onnxruntime", slow)
    compiling = Thread(target=enlarger.prepare, args=((32, 24), (64, 48)))
    compiling.start()
    assert waiting.wait(10)
    drawn = enlarger.luma(_noise((32, 24)), _noise((72, 54)))
    go.set()
    compiling.join()
    assert drawn.shape == (54, 72)
