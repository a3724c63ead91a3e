"""The size of strokes: what a brush asks for, what is painted, how wide strokes are."""

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import painter_factory
import pytest

from realtime_nst.errors import UsageError
from realtime_nst.look import Look
from realtime_nst.metrics.strokes import stroke_share
from realtime_nst.paint import Paint
from realtime_nst.runtime.networks import Networks
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sizes import BRUSHES, brush_beside, parse_brush
from realtime_nst.stream import Frame


def strokes(width, shape=(480, 480), seed=0):
    """Straight strokes of that width in random colours and directions."""
    random, image = np.random.default_rng(seed), np.full((*shape, 3), 128, np.uint8)
    for _ in range(int(shape[0] * shape[1] / width**2 * 1.5)):
        middle, angle = random.uniform(0, shape[::-1]), random.uniform(0, np.pi)
        half = np.array([np.cos(angle), np.sin(angle)]) * width * 2
        ends = [tuple(int(n) for n in middle + sign * half) for sign in (-1, 1)]
        colour = tuple(int(n) for n in random.integers(0, 255, 3))
        cv2.line(image, ends[0], ends[1], colour, width, cv2.LINE_AA)
    return image


@pytest.mark.parametrize("width", [6, 12, 18])
def test_strokes_are_measured(width):
    pictures = [strokes(width, seed=seed) for seed in range(2)]
    assert 480 * stroke_share(pictures) == pytest.approx(width, rel=0.2)


@pytest.mark.parametrize("contrast", [4, 8])
def test_a_weave_is_no_stroke(contrast):
    """A pattern of 8 pixels makes the autocorrelation touch 0 at a distance of a few pixels."""
    waves = contrast * np.cos(np.arange(480) * (2 * np.pi / 8))
    plain = [0.6 * strokes(12, seed=seed) + 50 for seed in range(2)]
    woven = [each + (waves + waves[:, None])[..., None] for each in plain]
    shares = [stroke_share([each.astype(np.uint8) for each in some]) for some in (woven, plain)]
    assert shares[0] == pytest.approx(shares[1], rel=0.1)


def test_strokes_a_little_wider_are_told_apart():
    pictures = [strokes(12, seed=seed) for seed in range(2)]
    wider = [cv2.resize(each, None, fx=1.15, fy=1.15)[:480, :480] for each in pictures]
    assert stroke_share(wider) / stroke_share(pictures) == pytest.approx(1.15, rel=0.04)


@pytest.mark.parametrize("lines", [360, 1440])
def test_strokes_have_the_same_share_of_a_picture_at_every_size(lines):
    picture = strokes(12)
    method = cv2.INTER_AREA if lines < 480 else cv2.INTER_CUBIC
    other = cv2.resize(picture, (lines, lines), interpolation=method)
    assert stroke_share([other]) == pytest.approx(stroke_share([picture]), rel=0.05)


@pytest.mark.parametrize("image", [strokes(6, (63, 200)), np.full((64, 64, 3), 9, np.uint8)])
def test_strokes_cannot_be_measured_in_nothing(image):
    with pytest.raises(UsageError, match="strokes cannot be measured"):
        stroke_share([image])


@pytest.mark.parametrize(
    ("brush", "size", "painted"),
    [
        ("fine", (1921, 1079), (1921, 1079)),
        ("auto", (640, 480), (640, 480)),
        ("auto", (1920, 1080), (856, 480)),
        ("auto", (1080, 1920), (480, 856)),
        ("auto", (640, 360), (856, 480)),
        ("bold", (1920, 1080), (424, 240)),
        ("0.25", (1920, 1080), (3416, 1920)),
        ("4", (640, 480), (160, 120)),
        ("auto", (64, 48), (256, 192)),
        ("0.5", (64, 48), (512, 384)),
        ("auto", (1, 1), (8, 8)),
        ("auto", (4000, 10), (16000, 40)),
        ("auto", (16384, 100), (32768, 200)),
        ("auto", (16000, 400), (18320, 456)),
    ],
)
def test_a_brush_sizes_what_is_painted(brush, size, painted):
    assert parse_brush(brush).of(*size) == painted


@pytest.mark.parametrize("brush", ["0", "-1", "5", "x", "", "nan", "0.2", "inf", "Auto "])
def test_other_brushes_are_refused(brush):
    with pytest.raises(UsageError, match=r"the brush .* is not valid; give auto, bold, fine, or"):
        Look(brush=brush)


@pytest.mark.parametrize(
    ("brush", "painted", "smaller", "larger"),
    [
        ("auto", 480, "0.7", "1.4"),
        ("1", 480, "0.7", "1.4"),
        ("bold", 240, "1.4", None),
        ("0.25", 1920, None, "0.5"),
        ("fine", 480, "0.7", "1.4"),
        ("fine", 1080, None, "0.5"),
        ("fine", 0, "bold", None),
    ],
)
def test_brushes_are_stepped_through(brush, painted, smaller, larger):
    assert brush_beside(brush, -1, painted) == smaller
    assert brush_beside(brush, 1, painted) == larger


def test_each_step_of_the_brush_is_larger():
    factors = [parse_brush(each).factor for each in BRUSHES]
    assert factors == sorted(factors)


@pytest.fixture
def painted(tmp_path, monkeypatch):
    """Paints with a network that adds a constant; notes the sizes that the network sees."""
    painter_factory.install(tmp_path / "weights", monkeypatch)
    style = str(painter_factory.painting(tmp_path / "style.png", (60, 70, 80)))
    call, seen = Stylizer.__call__, []

    def watched(self, image):
        seen.append(image.shape[1::-1])
        return call(self, image)

    monkeypatch.setattr(Stylizer, "__call__", watched)

    def paint(image, **settings):
        look = replace(Look(style, stabilise="off"), **settings)
        stage = Paint(look, Networks("cpu"))
        return stage(Frame(image, 0, Fraction(0), 0.0)).image, seen[-1] if seen else None

    return paint


def test_the_result_has_the_size_of_the_frame(painted):
    image, size = painted(np.full((1080, 1920, 3), 20, np.uint8), brush="auto")
    assert (image.shape, size) == ((1080, 1920, 3), (856, 480))


def test_strength_and_colours_keep_the_detail_of_the_whole_frame(painted):
    fine = np.zeros((1000, 1000, 3), np.uint8)
    fine[::2] = 100  # lines that no smaller picture holds
    image, size = painted(fine, brush="bold", strength=0.5)
    assert size == (240, 240)
    assert np.ptp(image[:, 500, 0]) >= 48


def test_to_hold_a_rate_less_is_painted_before_less_is_shown(weights, light):
    """Down to three quarters of the sides, strength and masks keep the detail of the frame."""
    painting = Paint(Look(light, strength=0.5, stabilise="off"), Networks("cpu"))
    lines = np.zeros((1080, 1920, 3), np.uint8)
    lines[::2] = 100
    painting(Frame(lines, 0, Fraction(0), 0.0))
    assert painting.painted_size == (856, 480)
    for scale, size, keeps in ((0.75, (640, 360), True), (0.5, (424, 240), False)):
        assert painting.work_at(scale, 1) == size
        image = painting(Frame(lines, 1, Fraction(1), 0.0)).image
        assert (image.shape, painting.painted_size) == (lines.shape, size)
        assert (np.ptp(image[:, 960, 0]) >= 48) == keeps


def test_an_unpainted_frame_keeps_every_pixel(painted):
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    image, size = painted(noise, brush="auto", strength=0.0)
    assert size is None
    np.testing.assert_array_equal(image, noise)
