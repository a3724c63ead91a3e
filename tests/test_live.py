"""The live loop with a stylizer that stands in for a network."""

import threading
import time
from contextlib import nullcontext
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from realtime_nst import paint
from realtime_nst.errors import MediaError, UnknownName
from realtime_nst.live import Live
from realtime_nst.live.keys import HELP
from realtime_nst.live.overlay import Overlay, RateMeter, draw_overlay
from realtime_nst.look import Look, View
from realtime_nst.paint import Paint
from realtime_nst.runtime import styles
from realtime_nst.sinks.null import NullSink
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sources.video import VideoSource
from realtime_nst.stream import Frame, StreamInfo

STYLES = ["wave", "night", "scream"]
PATIENCE = 10


class Painter:
    """Stands in for the networks: a style paints all in one colour; a load may be held up."""

    def __init__(self):
        self.colours = dict(zip(STYLES, (60, 120, 180), strict=True))
        self.asked, self.prepared = [], []
        self.may_load = threading.Event()
        self.may_load.set()

    def open(self, style, **_):
        self.asked.append(style)
        assert self.may_load.wait(PATIENCE)
        if style not in self.colours:
            raise UnknownName("style", style, STYLES)
        return _Stylizer(self, style)

    def paint(self, image, style):
        return np.full_like(image, self.colours[style])

    def prepare(self, width, height):
        self.prepared.append((width, height))


class _Stylizer:
    provider = "fake"

    def __init__(self, painter, style):
        self.painter, self.style, self.digest = painter, style, style

    def __call__(self, image):
        return self.painter.paint(image, self.style)

    def prepare(self, width, height):
        self.painter.prepare(width, height)

    def reset(self):
        pass


_OF_LIVE = {"view", "fade", "target_fps", "folder", "full_screen", "log"}


@pytest.fixture
def live_with(monkeypatch):
    """A live run with ``painter``; settings of the look are given by name."""

    def make(painter=None, styles=STYLES, **more):
        monkeypatch.setattr(paint, "Stylizer", (painter or Painter()).open)
        wishes = {name: more.pop(name) for name in _OF_LIVE & more.keys()}
        look = Look(style=styles[0], **{"stabilise": "off", "brush": "fine", **more})
        return Live(Paint(look, live=True), styles, **wishes)

    return make


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


def _seen(live):
    """The OVERLAY's lines as one text."""
    return " ".join(live._overlay().lines())


def _colour(frame):
    return int(frame.image[100, 300, 1])


def _shows(value):
    return lambda frame: _colour(frame) == value


def test_number_keys_and_arrows_choose_the_style(live_with):
    live = live_with()
    seen = []

    def script():
        yield from _until(_shows(60))
        for key, value in [("3", 180), ("n", 60), ("right", 120), ("p", 60), ("left", 180)]:
            live.on_key(key)
            yield from _until(_shows(value))
            seen.append(key)

    _perform(live, script())
    assert seen == ["3", "n", "right", "p", "left"]


def test_a_number_without_a_style_changes_nothing_and_is_said(live_with):
    painter = Painter()
    live = live_with(painter)

    def script():
        live.on_key("7")
        yield from _until(lambda frame: "no style 7, there are 3" in live._overlay().lines())

    _perform(live, script())
    assert painter.asked == ["wave"]


def test_the_picture_goes_on_while_a_style_loads(live_with):
    painter = Painter()
    live = live_with(painter)

    def script():
        painter.may_load.clear()
        live.on_key("2")
        for _ in range(10):
            frame = yield from _until(lambda frame: True)
            assert _colour(frame) == 60
        assert "loading night" in live._overlay().lines()
        painter.may_load.set()
        yield from _until(_shows(120))

    _perform(live, script())


def test_of_several_wishes_while_loading_the_last_one_counts(live_with):
    painter = Painter()
    live = live_with(painter, [*STYLES, "other"])

    def script():
        painter.may_load.clear()
        for key in "243":
            live.on_key(key)
        painter.may_load.set()
        yield from _until(_shows(180))

    _perform(live, script())
    assert painter.asked[-1] == "scream"
    assert len(painter.asked) <= 3, "one at the start, and one may be under way already"


def test_a_style_that_cannot_be_loaded_is_said_and_the_picture_goes_on(live_with):
    live = live_with(styles=[*STYLES, "nihgt"])

    def script():
        live.on_key("4")
        yield from _until(lambda frame: "unknown style 'nihgt'" in live._overlay().lines()[0])
        yield from _until(_shows(60))
        live.on_key("2")
        yield from _until(_shows(120))

    _perform(live, script())


def test_strength_original_and_colour(live_with):
    live = live_with(strength=0.9)
    reached = []

    def script():
        for key, test in [
            ("+", _shows(60)),
            ("-", lambda f: 50 < _colour(f) < 60),
            ("o", _shows(30)),
            ("o", lambda f: 50 < _colour(f) < 60),
            ("+", _shows(60)),
            ("c", lambda f: int(f.image[100, 10, 0]) > int(f.image[100, 10, 1]) + 50),
            ("c", lambda f: int(f.image[100, 10, 0]) != 60),
            ("c", lambda f: int(f.image[100, 10, 0]) == 60),
        ]:
            live.on_key(key)
            yield from _until(test)
            reached.append(key)

    _perform(live, script())
    assert reached == list("+-oo+ccc")


def test_a_key_paints_everything_people_or_the_background_in_turn(live_with):
    live = live_with()

    def script():
        for place, grey in [("people", 30), ("background", 60), ("everything", 60)] * 2:
            live.on_key("w")
            yield from _until(lambda frame, place=place: f"paint: {place}" in said(live))
            yield from _until(_shows(grey))

    _perform(live, script())


def test_the_mask_that_a_run_began_with_comes_again_and_so_does_what_paints_the_rest(live_with):
    live = live_with(mask="moving", rest="night", invert_mask=True)
    looks = []

    def script():
        for place in ["everything", "people", "background", "by the mask"]:
            live.on_key("w")
            yield from _until(lambda frame, place=place: f"paint: {place}" in said(live))
            look = live._painting.look
            looks.append((look.mask, look.invert_mask, look.rest))

    _perform(live, script())
    assert looks == [
        ("", False, ""),
        ("person", False, "night"),
        ("background", False, "night"),
        ("moving", True, "night"),
    ]


def test_where_people_cannot_be_found_that_is_said_and_the_picture_goes_on(
    live_with, monkeypatch, tmp_path
):
    monkeypatch.setattr(styles, "_FOLDERS", (tmp_path,))
    live = live_with()

    def script():
        live.on_key("w")
        yield from _until(lambda frame: "finds people is not installed" in said(live))
        yield from _until(_shows(60))

    _perform(live, script())
    assert live._painting.look.mask == ""


def said(live):
    return live._overlay().lines()[0]


def test_the_brush_is_changed_by_keys(live_with):
    painter = Painter()
    live = live_with(painter, brush="auto")
    notes = ["1.4", "bold", "bold; there is no larger one", "1.4", "auto", "0.7", "0.5"]
    notes += ["0.5; there is no smaller one", "0.7"]

    def script():
        for key, note in zip("b]bd[dddb", notes, strict=True):
            live.on_key(key)
            yield from _until(lambda frame, note=note: said(live) == f"brush: {note}")
        yield from _until(lambda frame: "| brush 0.7 |" in _seen(live))
        yield from _until(lambda frame: "painted at 912x688" in _seen(live))

    _perform(live, script())
    assert (912, 688) in painter.prepared, "compiled for before it was used"


def test_a_brush_that_cannot_be_painted_with_is_said_and_the_one_before_stays(live_with):
    class Broken(Painter):
        def prepare(self, width, height):
            raise MediaError("no memory")

    live = live_with(Broken(), brush="auto")

    def script():
        yield from _until(_shows(60))
        live.on_key("b")
        yield from _until(lambda frame: "no memory" in _seen(live))
        assert "| brush auto |" in _seen(live)

    _perform(live, script())


def test_strength_stays_between_nothing_and_all(live_with):
    live = live_with(strength=0.1)

    def script():
        for _ in range(5):
            live.on_key("-")
        yield from _until(_shows(30))
        for _ in range(20):
            live.on_key("=")
        yield from _until(_shows(60))

    _perform(live, script())


def test_choosing_a_style_ends_the_original(live_with):
    live = live_with()

    def script():
        live.on_key("o")
        yield from _until(_shows(30))
        live.on_key("1")
        yield from _until(_shows(60))

    _perform(live, script())


@pytest.mark.parametrize("key", ["q", "escape"])
def test_the_quit_keys_end_the_run(live_with, key):
    live = live_with()

    def script():
        yield from _until(lambda frame: frame.index > 3)
        live.on_key(key)
        yield from _until(lambda frame: frame.index > 10_000)

    report = _perform(live, script())
    assert report.frames > 1


def test_keys_without_a_meaning_do_nothing(live_with):
    live = live_with()

    def script():
        for key in ("z", " ", "0", "up-and-away"):
            live.on_key(key)
        yield from _until(_shows(60))

    _perform(live, script())


def test_a_snapshot_is_the_picture_without_the_figures_and_says_where(live_with, tmp_path):
    live = live_with(folder=tmp_path / "shots")

    def script():
        yield from _until(_shows(60))
        live.on_key("s")
        live.on_key("s")
        yield from _until(lambda frame: f"saved {tmp_path}" in live._overlay().lines()[0])

    _perform(live, script())
    first, second = sorted((tmp_path / "shots").iterdir())
    assert first.name.startswith("wave-")
    assert (cv2.imread(str(first)) == 60).all()
    assert second.suffix == ".png"


def test_a_snapshot_that_cannot_be_written_is_said(live_with, tmp_path):
    (tmp_path / "file").touch()
    live = live_with(folder=tmp_path / "file")

    def script():
        yield from _until(_shows(60))
        live.on_key("s")
        yield from _until(lambda frame: "file" in live._overlay().lines()[0])

    _perform(live, script())


def test_an_error_of_the_source_comes_out_and_the_loader_ends(live_with):
    class Breaks(Feed):
        def __iter__(self):
            yield from [next(super().__iter__())]
            raise MediaError("unplugged")

    live = live_with()
    live.on_key("2")
    with pytest.raises(MediaError, match="unplugged"):
        live.run(Breaks(), NullSink())


# what is shown of the source


def test_the_split_view_shows_the_source_left_of_a_line_that_is_dragged(live_with):
    live = live_with()

    def left_and_right(*wanted):
        return lambda frame: (int(frame.image[100, 60, 1]), int(frame.image[100, 300, 1])) == wanted

    def script():
        live.on_drag(0.1, 0.5)
        yield from _until(left_and_right(60, 60))
        live.on_key("v")
        frame = yield from _until(left_and_right(30, 60))
        assert (frame.image[100, 159:161] == 255).all()
        live.on_drag(0.125, 0.9)
        yield from _until(left_and_right(60, 60))
        live.on_drag(7, 0)
        yield from _until(left_and_right(30, 30))
        live.on_key("v")
        yield from _until(left_and_right(60, 60))

    _perform(live, script())


def test_the_mirror_swaps_left_and_right(live_with):
    live = live_with(strength=0.0, view=View(mirror=True))
    red = []

    def script():
        for x in (300, 10, 300):
            yield from _until(lambda frame, x=x: frame.image[100, x, 0] == 200)
            red.append(x)
            live.on_key("m")

    _perform(live, script())
    assert red == [300, 10, 300]


def test_frozen_the_picture_stands_and_styles_still_change(live_with):
    class Moving(Feed):
        def __iter__(self):
            for frame in super().__iter__():
                frame.image[...] = frame.index % 250
                yield frame

    live, seen = live_with(strength=0.0, fade=0), set()

    def script():
        live.on_key(" ")
        frame = yield from _until(lambda frame: "frozen" in _seen(live) and frame.index > 5)
        first = _colour(frame)
        for _ in range(5):
            frame = yield from _until(lambda frame: True)
            seen.add(_colour(frame))
        assert seen == {first}
        for _ in range(10):
            live.on_key("+")
        live.on_key("2")
        yield from _until(_shows(120))
        for _ in range(10):
            live.on_key("-")
        live.on_key(" ")
        yield from _until(lambda frame: _colour(frame) not in {first, 120})

    live.run(Moving(), Screen(script()))


def test_the_figures_can_be_hidden(live_with):
    live = live_with()

    def script():
        yield from _until(lambda frame: frame.image[-10:].max() > 200)
        live.on_key("i")
        yield from _until(lambda frame: (frame.image == 60).all())
        live.on_key("i")
        yield from _until(lambda frame: frame.image[-10:].max() > 200)

    _perform(live, script())


def test_full_screen_is_left_by_escape_before_the_program_is(live_with):
    switched = []
    live = live_with(full_screen=lambda: switched.append(live))

    def script():
        live.on_key("f")
        live.on_key("escape")
        assert len(switched) == 2
        for _ in range(5):
            yield from _until(lambda frame: True)
        live.on_key("escape")
        yield from _until(lambda frame: frame.index > 10_000)

    assert _perform(live, script()).frames > 4


def test_other_sinks_get_the_picture_without_the_figures(live_with):
    live, other = live_with(), NullSink()

    def script():
        yield from _until(_shows(60))
        assert (other.latest.image == 60).all()

    live.run(Feed(), Screen(script()), other)
    assert other.frames > 0


def test_what_is_wrong_with_the_source_is_said(live_with):
    logged, trouble = [], ["camera 0 is gone"]
    live = live_with(log=logged.append)

    def script():
        yield from _until(lambda frame: "camera 0 is gone" in live._overlay().lines())
        trouble[0] = ""
        yield from _until(lambda frame: len(live._overlay().lines()) == 1)

    live.run(Feed(), Screen(script()), state=lambda: trouble[0])
    assert logged == ["camera 0 is gone", "the source is there again"]


# from style to style


def test_one_style_fades_into_the_next(live_with):
    live = live_with(fade=1.0)
    between = []

    def script():
        yield from _until(_shows(60))
        live.on_key("3")
        frame = yield from _until(lambda frame: 60 < _colour(frame) < 180)
        while _colour(frame) < 180:
            between.append(_colour(frame))
            frame = yield from _until(lambda frame: True)

    _perform(live, script())
    assert len(between) > 3
    assert between == sorted(between)


# recordings


def _film(path):
    with VideoSource(path) as source:
        return list(source)


def test_the_record_key_begins_and_ends_a_film_of_what_is_shown(live_with, tmp_path):
    live = live_with(folder=tmp_path / "new")

    def script():
        yield from _until(_shows(60))
        live.on_key("r")
        began = time.monotonic()
        yield from _until(lambda frame: "REC 0:00" in _seen(live) and frame.captured > began + 0.3)
        live.on_key("r")
        yield from _until(lambda frame: "recorded" in _seen(live) and "REC" not in _seen(live))

    _perform(live, script())
    (path,) = (tmp_path / "new").iterdir()
    frames = _film(path)
    assert frames[0].pts == 0
    assert 0.2 < frames[-1].pts < 5, "seconds as they passed"
    assert all(abs(int(frame.image.mean()) - 60) < 3 for frame in frames)


@pytest.mark.parametrize("ending", [KeyboardInterrupt, MediaError, None])
def test_however_the_run_ends_the_recording_is_whole(live_with, tmp_path, ending):
    live = live_with()
    live.captures.record(VideoSink(tmp_path / "film.mp4"))

    def script():
        yield from _until(lambda frame: frame.index > 10)
        if ending:
            raise ending

    with pytest.raises(ending) if ending else nullcontext():
        _perform(live, script())
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
    assert len(_film(tmp_path / "film.mp4")) > 2


def test_a_recording_that_fails_is_said_and_the_picture_goes_on(live_with, tmp_path):
    live = live_with()

    class Full(VideoSink):
        def write(self, frame):
            raise MediaError("no space left")

    live.captures.record(Full(tmp_path / "film.mp4"))

    def script():
        yield from _until(lambda frame: "recording ended: no space left" in _seen(live))
        yield from _until(_shows(60))

    _perform(live, script())


def test_a_recording_without_a_frame_leaves_no_file(live_with, tmp_path):
    said = []
    live = live_with(log=said.append)
    live.captures.record(VideoSink(tmp_path / "film.mp4"))
    live.captures.stop()
    assert said == ["nothing was recorded"]
    assert list(tmp_path.iterdir()) == []


# holding the rate


class Slow(Painter):
    """Needs 40 ms for a whole picture of 320x240."""

    def paint(self, image, style):
        time.sleep(0.04 * image.shape[0] / 240 * image.shape[1] / 320)
        return super().paint(image, style)


def test_the_rate_is_held_by_a_smaller_size_prepared_before_it_is_taken(live_with):
    painter = Slow()
    live = live_with(painter, target_fps=30)

    def script():
        frame = yield from _until(lambda frame: "to hold 30 fps" in _seen(live))
        assert painter.prepared
        frame = yield from _until(lambda frame: live._painting.painted_size == painter.prepared[-1])
        assert frame.image.shape == (240, 320, 3), "shown at its full size"

    _perform(live, script())
    assert painter.prepared[0][0] < 320


def test_a_size_that_cannot_be_prepared_is_said_and_the_size_before_stays(live_with):
    class Broken(Slow):
        def prepare(self, width, height):
            raise MediaError("no memory")

    live = live_with(Broken(), target_fps=30)

    def script():
        yield from _until(lambda frame: "no longer held: no memory" in _seen(live))
        yield from _until(lambda frame: live._painting.painted_size == (320, 240))

    _perform(live, script())


def test_without_a_rate_to_hold_all_is_painted_in_full(live_with):
    painter = Slow()
    live = live_with(painter)
    until = time.monotonic() + 1.5

    def script():
        yield from _until(lambda frame: time.monotonic() > until)

    _perform(live, script())
    assert painter.prepared == []


# what is written on the picture

OVERLAY = Overlay(29.97, 0.0384, 0.0512, 12, "wave", "openvino-bf16", (640, 480))


def test_the_status_line():
    assert OVERLAY.lines() == [
        "30.0 fps | 38 ms, p95 51 | 12 dropped | wave | openvino-bf16 | "
        "painted at 640x480 | h: help"
    ]
    (line,) = replace(OVERLAY, look=("strength 80%", "stabilise off"), recording=61).lines()
    assert line.startswith("REC 1:01 | 30.0 fps")
    assert "| wave | strength 80% | stabilise off | openvino-bf16" in line


def test_a_note_stands_above_the_status():
    overlay = Overlay(1, 0, 0, 0, "wave", "fake", note="saved here")
    assert overlay.lines()[0] == "saved here"
    assert len(overlay.lines()) == 2


def test_the_help_lists_every_key_and_the_styles():
    lines = Overlay(1, 0, 0, 0, "wave", "fake", keys=HELP, styles=tuple(STYLES)).help()
    assert [line.split("\t")[0] for line in lines] == [keys for keys, _ in HELP]
    assert lines[2].endswith("\t3\tscream")
    assert OVERLAY.help() == []


def test_the_help_lists_styles_that_no_key_has_a_number_for():
    lines = Overlay(1, 0, 0, 0, "wave", "fake", keys=HELP, styles=tuple("abcdefghijk")).help()
    assert [line.split("\t")[2:] for line in lines[8:12]] == [
        ["9", "i"],
        ["", "j"],
        ["0", "k"],
        ["", ""],
    ]


def test_drawing_leaves_the_picture_itself_and_its_middle_alone():
    image = np.full((480, 640, 3), 128, np.uint8)
    drawn = draw_overlay(image, OVERLAY)
    assert (image == 128).all()
    assert (drawn[:450] == 128).all()
    assert drawn[460:].max() > 200


@pytest.mark.parametrize("size", [(1, 1), (48, 64), (100, 8000), (2160, 3840)])
def test_drawing_fits_any_size(size):
    overlay = Overlay(
        1, 0, 0, 0, "ü" * 50, "fake", note="a long note " * 30, keys=HELP, styles=tuple(STYLES)
    )
    assert draw_overlay(np.zeros((*size, 3), np.uint8), overlay).shape == (*size, 3)


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


def test_while_stabilising_a_new_style_is_there_at_once(live_with):
    live = live_with(stabilise="strong", fade=0)
    colours = set()

    def script():
        yield from _until(_shows(60))
        live.on_key("3")
        frame = yield from _until(lambda frame: _colour(frame) != 60)
        colours.add(_colour(frame))

    _perform(live, script())
    assert colours == {180}, "nothing between the old style and the new"


def test_the_stabilising_key_goes_round(live_with):
    live = live_with(stabilise="light")
    said = []

    def script():
        for wanted in ("strong", "off", "light"):
            live.on_key("t")
            yield from _until(lambda frame, w=wanted: f"stabilise: {w}" in live._overlay().lines())
            said.append(wanted)

    _perform(live, script())
    assert said == ["strong", "off", "light"]
