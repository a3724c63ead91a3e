"""The stages that stylise and resize."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from model_factory import card, expected, write_style

from realtime_nst.errors import UsageError
from realtime_nst.runtime.stages import Resize, Stylise
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sizes import Size, parse_size
from realtime_nst.stream import Frame


@pytest.fixture
def stylizer(tmp_path: Path) -> Stylizer:
    return Stylizer(write_style(tmp_path / "tiny.onnx", card=card()), "cpu")


def _frame(height: int = 24, width: int = 32) -> Frame:
    pixels = np.random.default_rng(5).integers(60, 190, (height, width, 3), dtype=np.uint8)
    return Frame(pixels, index=7, pts=Fraction(7, 30), captured=1.5)


def _luminance(image: np.ndarray) -> np.ndarray:
    return image @ np.array([0.299, 0.587, 0.114])


def _chroma(image: np.ndarray) -> np.ndarray:
    return image[..., [0, 2]] - _luminance(image)[..., None]


def test_full_strength_is_the_painting(stylizer: Stylizer) -> None:
    frame = _frame()
    result = Stylise(stylizer)(frame)
    assert (result.image == expected(frame.image)).all()
    assert (result.index, result.pts, result.captured) == (7, Fraction(7, 30), 1.5)


def test_strength_zero_is_the_source_and_runs_no_network() -> None:
    def refuse(image: np.ndarray) -> np.ndarray:
        raise AssertionError("the network ran")

    frame = _frame()
    stage = Stylise(refuse, strength=0, keep_colour="luminance")  # type: ignore[arg-type]
    assert (stage(frame).image == _frame().image).all()


def test_strength_blends(stylizer: Stylizer) -> None:
    frame = _frame()
    result = Stylise(stylizer, strength=0.25)(frame).image
    wanted = 0.75 * frame.image + 0.25 * expected(frame.image)
    assert np.abs(result - wanted).max() <= 0.5


def test_keep_colour_takes_only_the_luminance(stylizer: Stylizer) -> None:
    frame = _frame()
    frame.image[:] = (frame.image.astype(int) + 2 * 125) // 3
    result = Stylise(stylizer, keep_colour="luminance")(frame).image
    assert np.abs(_luminance(result) - _luminance(expected(frame.image))).max() <= 2
    assert np.abs(_chroma(result) - _chroma(frame.image)).max() <= 3


def test_the_source_frame_stays_as_it_was(stylizer: Stylizer) -> None:
    frame = _frame()
    Stylise(stylizer, strength=0.5, keep_colour="luminance")(frame)
    assert (frame.image == _frame().image).all()


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_strength_outside_its_range(stylizer: Stylizer, strength: float) -> None:
    with pytest.raises(UsageError, match="from 0 to 1"):
        Stylise(stylizer, strength)


def test_reset_reaches_the_stylizer() -> None:
    calls = []

    class Spy:
        def reset(self) -> None:
            calls.append(1)

    Stylise(Spy()).reset()  # type: ignore[arg-type]
    assert calls == [1]


@pytest.mark.parametrize(
    ("text", "source", "result"),
    [
        ("480", (1920, 1080), (854, 480)),
        ("480", (1080, 1920), (480, 854)),
        ("480", (640, 480), (640, 480)),
        ("480", (321, 241), (321, 241)),
        ("101", (1000, 1000), (101, 101)),
        ("100", (201, 200), (100, 100)),
        ("480", (8000, 100), (8000, 100)),
        ("50", (8000, 100), (4000, 50)),
        ("640x360", (1920, 1080), (640, 360)),
        ("641X361", (64, 36), (641, 361)),
        (" 64×36 ", (1, 1), (64, 36)),
    ],
)
def test_sizes(text: str, source: tuple[int, int], result: tuple[int, int]) -> None:
    assert parse_size(text).of(*source) == result


@pytest.mark.parametrize(
    "text", ["", "0", "-480", "480p", "640x", "x480", "640x0", "1.5", "640x480x3", "1234567"]
)
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UsageError, match="shorter side") as caught:
        parse_size(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("size", [(16, 12), (64, 48), (33, 7)])
def test_resize(size: tuple[int, int]) -> None:
    frame = _frame()
    image = Resize(Size(0, *size))(frame).image
    assert image.shape == (size[1], size[0], 3)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert np.abs(image.mean((0, 1)) - frame.image.mean((0, 1))).max() < 6


def test_resize_to_the_same_size_gives_the_same_frame() -> None:
    frame = _frame()
    assert Resize(parse_size("24"))(frame) is frame
