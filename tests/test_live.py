"""The live loop with a stylizer that stands in for a network."""

import threading
import time
from fractions import Fraction

import cv2
import numpy as np
import pytest

from realtime_nst.errors import MediaError, UnknownName
from realtime_nst.hud import HELP, Hud, RateMeter, draw_hud
from realtime_nst.live import Live
from realtime_nst.sinks.null import NullSink
from realtime_nst.stream import Frame, StreamInfo

STYLES = ["wave", "night", "scream"]
PATIENCE = 10


class Painter:
    """Paints every picture in one colour, which the style decides; a load may be held up."""

    provider = "fake"

    @property
    def digest(self):
        return self.style

    def __init__(self):
        self.colours = dict(zip(STYLES, (60, 120, 180), strict=True))
        self.style, self.asked = STYLES[0], []
        self.may_load = threading.Event()
        self.may_load.set()

    def set_style(self, style):
        self.asked.append(style)
        assert self.may_load.wait(PATIENCE)
        if style not in self.colours:
            raise UnknownName("style", style, STYLES)
        self.style = style

    def __call__(self, image):
        return np.full_like(image, self.colours[self.style])

    def reset(self):
        pass


class Feed:
    """A live source of grey frames without end: the test ends it with the quit key."""

    info = StreamInfo(320, 240, Fraction(100), live=True)

    def __iter__(self):
        index, until = 0, time.monotonic() + PATIENCE
        while time.monotonic() < until:
            image = np.full((240, 320, 3), 30, np.uint8)
            image[:, :160, 0] = 200
            yield Frame(image, index, Fraction(index, 100), time.monotonic())
            index += 1
            time.sleep(0.004)
        raise AssertionError(f"nothing ended the run within {PATIENCE} s")


class Screen(NullSink):
    """Shows frames to ``script``, a generator that yields until it has seen what it waits for."""

    def __init__(self, script):
        super().__init__()
        self._script = script

    def write(self, frame):
        super().write(frame)
        try:
            self._script.send(frame) if self.frames > 1 else next(self._script)
        except StopIteration:
            return False
        return True


def _perform(live, script):
    """Run ``live`` until ``script``, which is sent each frame shown, returns."""
    return live.run(Feed(), Screen(script))


def _until(condition):
    """Let frames pass until ``condition(frame)``; the frame."""
    while True:
        frame = yield
        if frame is not None and condition(frame):
            return frame


def _colour(frame):
    return int(frame.image[100, 300, 1])


def _shows(value):
    return lambda frame: _colour(frame) == value


def test_number_keys_and_arrows_choose_the_style():
    live = Live(Painter(), STYLES)
    seen = []

    def script():
        yield from _until(_shows(60))
        for key, value in [("3", 180), ("n", 60), ("right", 120), ("p", 60), ("left", 180)]:
            live.on_key(key)
            yield from _until(_shows(value))
            seen.append(key)

    _perform(live, script())
    assert seen == ["3", "n", "right", "p", "left"]


def test_a_number_without_a_style_changes_nothing_and_is_said():
    painter = Painter()
    live = Live(painter, STYLES)

    def script():
        live.on_key("7")
        yield from _until(lambda frame: "no style 7, there are 3" in live._hud().lines())

    _perform(live, script())
    assert painter.asked == []


def test_the_picture_goes_on_while_a_style_loads():
    painter = Painter()
    live = Live(painter, STYLES)

    def script():
        painter.may_load.clear()
        live.on_key("2")
        for _ in range(10):
            frame = yield from _until(lambda frame: True)
            assert _colour(frame) == 60
        assert "loading night" in live._hud().lines()
        painter.may_load.set()
        yield from _until(_shows(120))

    _perform(live, script())


def test_of_several_wishes_while_loading_the_last_one_counts():
    painter = Painter()
    live = Live(painter, [*STYLES, "other"])

    def script():
        painter.may_load.clear()
        for key in "243":
            live.on_key(key)
        painter.may_load.set()
        yield from _until(_shows(180))

    _perform(live, script())
    assert painter.asked == ["night", "scream"]


def test_a_style_that_cannot_be_loaded_is_said_and_the_picture_goes_on():
    live = Live(Painter(), [*STYLES, "nihgt"])

    def script():
        live.on_key("4")
        yield from _until(lambda frame: "unknown style 'nihgt'" in live._hud().lines()[0])
        yield from _until(_shows(60))
        live.on_key("2")
        yield from _until(_shows(120))

    _perform(live, script())


def test_strength_original_and_colour():
    live = Live(Painter(), STYLES, strength=0.9)
    reached = []

    def script():
        for key, test in [
            ("+", _shows(60)),
            ("-", lambda f: 50 < _colour(f) < 60),
            ("o", _shows(30)),
            ("o", lambda f: 50 < _colour(f) < 60),
            ("+", _shows(60)),
            ("c", lambda f: int(f.image[100, 10, 0]) > int(f.image[100, 10, 1]) + 50),
            ("c", lambda f: int(f.image[100, 10, 0]) == 60),
        ]:
            live.on_key(key)
            yield from _until(test)
            reached.append(key)

    _perform(live, script())
    assert reached == list("+-oo+cc")


def test_strength_stays_between_nothing_and_all():
    live = Live(Painter(), STYLES, strength=0.1)

    def script():
        for _ in range(5):
            live.on_key("-")
        yield from _until(_shows(30))
        for _ in range(20):
            live.on_key("=")
        yield from _until(_shows(60))

    _perform(live, script())


def test_choosing_a_style_ends_the_original():
    live = Live(Painter(), STYLES)

    def script():
        live.on_key("o")
        yield from _until(_shows(30))
        live.on_key("1")
        yield from _until(_shows(60))

    _perform(live, script())


@pytest.mark.parametrize("key", ["q", "escape"])
def test_the_quit_keys_end_the_run(key):
    live = Live(Painter(), STYLES)

    def script():
        yield from _until(lambda frame: frame.index > 3)
        live.on_key(key)
        yield from _until(lambda frame: frame.index > 10_000)

    report = _perform(live, script())
    assert report.frames > 1


def test_keys_without_a_meaning_do_nothing():
    live = Live(Painter(), STYLES)

    def script():
        for key in ("z", " ", "0", "up-and-away"):
            live.on_key(key)
        yield from _until(_shows(60))

    _perform(live, script())


def test_a_snapshot_is_the_picture_without_the_figures_and_says_where(tmp_path):
    live = Live(Painter(), STYLES, snapshots=tmp_path / "shots")

    def script():
        yield from _until(_shows(60))
        live.on_key("s")
        live.on_key("s")
        yield from _until(lambda frame: f"saved {tmp_path}" in live._hud().lines()[0])

    _perform(live, script())
    first, second = sorted((tmp_path / "shots").iterdir())
    assert first.name.startswith("wave-")
    assert (cv2.imread(str(first)) == 60).all()
    assert second.suffix == ".png"


def test_a_snapshot_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    live = Live(Painter(), STYLES, snapshots=tmp_path / "file")

    def script():
        yield from _until(_shows(60))
        live.on_key("s")
        yield from _until(lambda frame: "file" in live._hud().lines()[0])

    _perform(live, script())


def test_an_error_of_the_source_comes_out_and_the_loader_ends():
    class Breaks(Feed):
        def __iter__(self):
            yield from [next(super().__iter__())]
            raise MediaError("unplugged")

    live = Live(Painter(), STYLES)
    live.on_key("2")
    with pytest.raises(MediaError, match="unplugged"):
        live.run(Breaks(), NullSink())


# what is written on the picture

HUD = Hud(29.97, 0.0384, 12, "wave", "openvino-bf16")


def test_the_status_line():
    assert HUD.lines() == ["30.0 fps | 38 ms | 12 dropped | wave | openvino-bf16 | h: help"]


def test_a_note_stands_above_the_status():
    hud = Hud(1, 0, 0, "wave", "fake", note="saved here")
    assert hud.lines()[0] == "saved here"
    assert len(hud.lines()) == 2


def test_the_help_lists_every_key_and_the_styles():
    lines = Hud(1, 0, 0, "wave", "fake", styles=tuple(STYLES)).help()
    assert len(lines) == len(HELP) + 3
    assert lines[-1] == "3\tscream"
    assert HUD.help() == []


def test_drawing_leaves_the_picture_itself_and_its_middle_alone():
    image = np.full((480, 640, 3), 128, np.uint8)
    drawn = draw_hud(image, HUD)
    assert (image == 128).all()
    assert (drawn[:450] == 128).all()
    assert drawn[460:].max() > 200


@pytest.mark.parametrize("size", [(1, 1), (48, 64), (100, 8000), (2160, 3840)])
def test_drawing_fits_any_size(size):
    hud = Hud(1, 0, 0, "ü" * 50, "fake", note="a long note " * 30, styles=tuple(STYLES))
    assert draw_hud(np.zeros((*size, 3), np.uint8), hud).shape == (*size, 3)


def test_the_rate_counts_intervals_not_stamps():
    meter = RateMeter(2.0)
    assert meter.fps == 0
    meter.tick(10.0)
    assert meter.fps == 0
    meter.tick(10.1)
    assert meter.fps == pytest.approx(10)
    for step in range(2, 200):
        meter.tick(10 + step / 10)
    assert meter.fps == pytest.approx(10)


def test_the_rate_forgets_what_is_long_ago():
    meter = RateMeter(2.0)
    for stamp in (0.0, 0.01, 0.02, 100.0, 100.5, 101.0):
        meter.tick(stamp)
    assert meter.fps == pytest.approx(2)


def test_while_stabilising_a_new_style_is_there_at_once():
    live = Live(Painter(), STYLES, stabilise="strong")
    colours = set()

    def script():
        yield from _until(_shows(60))
        live.on_key("3")
        frame = yield from _until(lambda frame: _colour(frame) != 60)
        colours.add(_colour(frame))

    _perform(live, script())
    assert colours == {180}, "nothing between the old style and the new"


def test_the_stabilising_key_goes_round():
    live = Live(Painter(), STYLES, stabilise="light")
    said = []

    def script():
        for wanted in ("strong", "off", "light"):
            live.on_key("t")
            yield from _until(lambda frame, w=wanted: f"stabilising {w}" in live._hud().lines())
            said.append(wanted)

    _perform(live, script())
    assert said == ["strong", "off", "light"]
