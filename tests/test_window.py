"""The window on a virtual screen, with real key presses; PyAV imported first, as it would be."""

import contextlib
import ctypes
import functools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import av  # noqa: F401  (beside it, and imported after it, OpenCV's window would freeze)
import cv2
import numpy as np
import pytest

from realtime_nst import paint
from realtime_nst.errors import MediaError
from realtime_nst.live import Live
from realtime_nst.look import Look
from realtime_nst.paint import Paint
from realtime_nst.sinks import _window_process, window
from realtime_nst.sinks.window import WindowSink
from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.stream import Frame

needs_screen = pytest.mark.skipif(
    not all(map(shutil.which, ("Xvfb", "openbox", "xdotool"))),
    reason="needs Xvfb, openbox and xdotool (Debian: apt install xvfb openbox xdotool)",
)
PATIENCE = 60


@pytest.fixture(autouse=True)
def _nothing_survives():
    before, shared = set(threading.enumerate()), _shared_memory()
    yield
    assert set(threading.enumerate()) <= before
    assert not _children()
    left = _shared_memory() - shared
    assert _within_patience(lambda: not left & _shared_memory())  # another test's goes soon


def _shared_memory():
    return set(Path("/dev/shm").glob("realtime_nst-*"))


def _children():
    """This test's window processes by id, where /proc tells: no other test has its cache."""
    found = set()
    cache = f"REALTIME_NST_CACHE={os.environ['REALTIME_NST_CACHE']}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            shows = b"_window_process.py" in (process / "cmdline").read_bytes()
            if shows and cache in (process / "environ").read_bytes().split(b"\0"):
                found.add(process.name)
        except OSError:
            continue
    return found


def _within_patience(done):
    until = time.monotonic() + PATIENCE
    while not (answer := done()) and time.monotonic() < until:
        time.sleep(0.01)
    return answer


@pytest.fixture(scope="module")
def display():
    """A virtual screen of 800x600 with a window manager; its number as ``DISPLAY`` has it.

    Without a window manager Qt leaves one window in five unpainted.
    """
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as answer:
        number = f":{answer.readline().strip()}"
    manager = None
    try:
        manager = _managed(number)
        yield number
    finally:
        for process in filter(None, (manager, server)):
            process.terminate()
            process.wait()


def _managed(display):
    """A window manager that answers; one that came before the screen took connections is dead."""
    environment = {**os.environ, "DISPLAY": display}
    asking = ["xdotool", "get_num_desktops"]  # answered by a window manager only
    until = time.monotonic() + PATIENCE
    manager = None
    while time.monotonic() < until:
        if manager is None or manager.poll() is not None:
            manager = subprocess.Popen(["openbox"], env=environment, stderr=subprocess.DEVNULL)
        if not subprocess.run(asking, env=environment, capture_output=True).returncode:
            return manager
        time.sleep(0.02)
    manager.terminate()
    raise AssertionError("the window manager does not start")


@pytest.fixture
def screen(display, monkeypatch):
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


def _frame(index=0, colour=(200, 30, 20), size=(240, 320)):
    image = np.full((*size, 3), colour, np.uint8)
    return Frame(image, index, Fraction(index, 30), time.monotonic())


def _xdotool(*words):
    return subprocess.run(["xdotool", *words], check=True, capture_output=True, text=True).stdout


def _window(title):
    return _xdotool("search", "--sync", "--name", f"^{title}$").split()[-1]


def _write_until(sink, done, frame=None, patience=PATIENCE):
    """Write frames until ``done()``; the last answer of ``write``."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        more = sink.write(frame or _frame())
        if done() or not more:
            return more
        time.sleep(0.01)
    raise AssertionError(f"not within {patience} s")


def _in_one_of_three_windows(test):
    """On a virtual screen, beside three other workers, a window now and then stays unpainted
    by Qt, whatever it is given; alone none was seen to."""

    @functools.wraps(test)
    def attempts(**given):
        for _ in range(2):
            with contextlib.suppress(AssertionError):
                return test(**given)
        return test(**given)

    return attempts


def _screenshot():
    """What the screen shows, RGB."""
    command = ["import", "-silent", "-window", "root", "ppm:-"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def _share_of_screen(colour):
    return (np.abs(_screenshot().astype(int) - colour).max(-1) <= 2).mean()


class _ClientMessage(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("sent", ctypes.c_int),
        ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("kind", ctypes.c_ulong),
        ("format", ctypes.c_int), ("data", ctypes.c_long * 5), ("rest", ctypes.c_byte * 96),
    ]  # fmt: skip


def _press_close_button(target):
    """What a window manager does when its close button is pressed."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype, x11.XInternAtom.restype = ctypes.c_void_p, ctypes.c_ulong
    display = ctypes.c_void_p(x11.XOpenDisplay(os.environ["DISPLAY"].encode()))
    protocols, delete = (
        x11.XInternAtom(display, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
    )
    message = _ClientMessage(33, 0, 1, display, int(target), protocols, 32)
    message.data[0] = delete
    x11.XSendEvent(display, ctypes.c_ulong(int(target)), 0, 0, ctypes.byref(message))
    x11.XCloseDisplay(display)


@needs_screen
def test_keys_pressed_arrive_by_name(screen):
    keys = []
    with WindowSink("keys", keys.append) as sink:
        sink.write(_frame())
        target = _window("keys")
        _xdotool("windowactivate", "--sync", target)
        pressed = ["q", "1", "plus", "minus", "Left", "Right", "Up", "Down", "Escape", "space"]
        for count, key in enumerate(pressed, start=1):  # a busy window may lose one of two
            _xdotool("key", key)
            assert _write_until(sink, lambda count=count: len(keys) == count)
    assert keys == ["q", "1", "+", "-", "left", "right", "up", "down", "escape", " "]


@needs_screen
@pytest.mark.skipif(not shutil.which("import"), reason="needs the program import (imagemagick)")
@_in_one_of_three_windows
def test_the_picture_shown_is_the_newest_in_its_own_colours(screen):
    colours = [(200, 30, 20), (20, 180, 60)]
    with WindowSink("colours") as sink:
        for colour in colours:
            shown = lambda colour=colour: (  # noqa: E731
                _share_of_screen(colour) > 0.9 * 240 * 320 / (600 * 800)
            )
            assert _write_until(sink, shown, _frame(colour=colour), patience=20)


@needs_screen
@pytest.mark.skipif(not shutil.which("import"), reason="needs the program import (imagemagick)")
@_in_one_of_three_windows
def test_full_screen_has_black_bars_and_drags_count_in_the_picture(screen):
    tall = _frame(size=(480, 240))
    drags = []
    with WindowSink("full", on_drag=lambda x, y: drags.append(x)) as sink:
        sink.write(tall)
        _window("full")
        sink.toggle_full_screen()

        def filled():
            shown = _screenshot().astype(int)
            bars, picture = shown[:, :240], shown[:, 260:540]
            return not bars.any() and (np.abs(picture - (200, 30, 20)) <= 2).all()

        assert _write_until(sink, lambda: filled() and filled(), tall, patience=20)
        _xdotool("mousemove", "400", "300", "mousedown", "1", "mouseup", "1")
        assert _write_until(sink, lambda: drags, tall)
    assert abs(drags[0] - 0.5) < 0.02


@needs_screen
def test_frames_may_change_their_size(screen):
    with WindowSink("sizes") as sink:
        for size in ((120, 160), (300, 400), (48, 64)):
            assert sink.write(_frame(size=size))

        def width():
            return _xdotool("getwindowgeometry", "--shell", _window("sizes"))

        assert _write_until(sink, lambda: "WIDTH=64" in width(), _frame(size=(48, 64)))


@needs_screen
def test_closing_the_window_ends_the_run(screen):
    with WindowSink("close me") as sink:
        sink.write(_frame())
        _press_close_button(_window("close me"))
        assert _write_until(sink, lambda: False) is False
        assert sink.write(_frame()) is False


@needs_screen
def test_the_crash_of_the_window_is_an_error_here(screen):
    with WindowSink("crash") as sink:
        sink.write(_frame())
        (child,) = _children()
        os.kill(int(child), signal.SIGKILL)
        with pytest.raises(MediaError, match="window failed"):
            _write_until(sink, lambda: False)


@needs_screen
def test_ctrl_c_in_the_terminal_does_not_reach_the_window(screen):
    with WindowSink("group") as sink:
        sink.write(_frame())
        (child,) = _children()
        assert os.getpgid(int(child)) != os.getpgid(0)


@needs_screen
def test_the_window_dies_with_its_parent(screen):
    code = (
        "import os, signal, numpy as np\n"
        "from realtime_nst.sinks.window import WindowSink\n"
        "from realtime_nst.stream import Frame\n"
        "with WindowSink('orphan') as sink:\n"
        "    sink.write(Frame(np.zeros((48, 64, 3), np.uint8), 0, 0, 0.0))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], timeout=PATIENCE)
    assert ended.returncode == -signal.SIGKILL
    assert _within_patience(lambda: not _children())


@needs_screen
def test_a_display_that_does_not_answer_is_named(display, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":9987")
    with pytest.raises(MediaError, match=r":9987.*desktop session"), WindowSink("none") as sink:
        sink.write(_frame())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is no DISPLAY")
def test_without_a_display_the_remedy_is_named(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(MediaError, match=r"DISPLAY.*write to a file") as caught, WindowSink("none"):
        pass
    assert "\n" not in str(caught.value)


def test_the_windows_process_imports_neither_the_package_nor_pyav():
    code = (
        "import runpy, sys; sys.argv = ['x', 'title']\n"
        f"runpy.run_path({_window_process.__file__!r}, run_name='loaded')\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('av', 'realtime_nst')])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.strip() == "[]", answer.stderr


@pytest.mark.parametrize(
    ("code", "name"),
    [(113, "q"), (27, "escape"), (65361, "left"), (2555904, "right"), (63232, "up"),
     (0x100000 | 43, "+"), (0x100000 | 65364, "down"), (65505, None), (0, None)],
)  # fmt: skip
def test_key_codes_of_the_toolkits(code, name):
    assert _window_process.key_name(code) == name


def _pair(capacity):
    """The writer's and the reader's view of one shared memory."""
    ours = window._Buffer(capacity)
    theirs = _window_process.Buffer(str(ours.path), ours.size)
    ours.unlink()
    return ours, theirs


def test_shared_memory_gives_the_newest_frame_once():
    ours, theirs = _pair(48 * 64 * 3)
    assert theirs.newest() is None
    for index in range(5):
        ours.publish(_frame(colour=(index, index, index), size=(48, 64)).image)
    np.testing.assert_array_equal(theirs.newest(), np.full((48, 64, 3), 4, np.uint8))
    assert theirs.newest() is None
    ours.publish(_frame(colour=(9, 9, 9), size=(10, 7)).image)
    assert theirs.newest().shape == (10, 7, 3)
    ours.close()


def test_shared_memory_never_gives_half_a_frame():
    ours, theirs = _pair(120 * 160 * 3)
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            ours.publish(np.full((120, 160, 3), number % 256, np.uint8))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        whole, until = [], time.monotonic() + PATIENCE
        while len(whole) < 50 and time.monotonic() < until:
            picture = theirs.newest()
            if picture is not None:
                whole.append((picture == picture[0, 0, 0]).all())
    finally:
        stop.set()
        thread.join()
    assert len(whole) == 50
    assert all(whole)
    ours.close()


def test_large_frames_are_reduced_in_proportion():
    small = window._fit(np.zeros((4320, 7680, 3), np.uint8))
    assert small.shape[0] * small.shape[1] <= 2560 * 1440
    assert small.shape[1] / small.shape[0] == pytest.approx(16 / 9, rel=0.01)


class _Stylizer:
    """Stands in for a network: paints everything in the colour of its style."""

    provider = "fake"
    colours: ClassVar = {"red": (200, 30, 20), "blue": (20, 30, 200)}

    def __init__(self, style, *_, **__):
        self.digest = style

    def __call__(self, image):
        return np.full_like(image, self.colours[self.digest])

    def prepare(self, width, height):
        pass

    def reset(self):
        pass


@pytest.fixture
def live(monkeypatch, tmp_path):
    monkeypatch.setattr(paint, "Stylizer", _Stylizer)
    styles = list(_Stylizer.colours)
    return Live(Paint(Look(styles[0], stabilise="off"), live=True), styles, folder=tmp_path)


@needs_screen
def test_the_mouse_tells_where_it_drags_in_shares_of_the_picture(screen):
    drags = []
    with WindowSink("mouse", on_drag=lambda x, y: drags.append((x, y))) as sink:
        sink.write(_frame())
        target = _window("mouse")
        _xdotool("windowactivate", "--sync", target)
        assert _write_until(sink, lambda: _size("mouse") == (320, 240))

        def move(x, y):
            _xdotool("mousemove", "--window", target, str(round(x * 320)), str(round(y * 240)))

        move(0.25, 0.5)
        _xdotool("mousedown", "1")
        assert _write_until(sink, lambda: drags)
        assert drags[-1] == pytest.approx((0.25, 0.5), abs=0.02)
        move(0.75, 0.25)
        assert _write_until(sink, lambda: drags[-1][0] > 0.6)
        assert drags[-1] == pytest.approx((0.75, 0.25), abs=0.02)
        _xdotool("mouseup", "1")
        told = len(drags)
        move(0.5, 0.5)
        for _ in range(20):
            sink.write(_frame())
            time.sleep(0.01)
        assert len(drags) == told, "moved without a button"


@needs_screen
def test_full_screen_and_back(screen):
    with WindowSink("full") as sink:
        sink.write(_frame())
        _window("full")
        assert _write_until(sink, lambda: _size("full") == (320, 240))
        sink.toggle_full_screen()
        assert _write_until(sink, lambda: _size("full") == (800, 600))
        sink.toggle_full_screen()
        assert _write_until(sink, lambda: _size("full") == (320, 240))


def _size(title):
    """Width and height of the window on the screen."""
    said = _xdotool("getwindowgeometry", "--shell", _window(title))
    values = dict(line.split("=") for line in said.split())
    return int(values["WIDTH"]), int(values["HEIGHT"])


class _Keys:
    """Presses real keys in the window "live" while frames are shown, and looks at what changes."""

    def __init__(self, sink):
        self._sink, self._script, self.frames = sink, None, 0

    def perform(self, script):
        self._script = script
        return self

    def write(self, frame):
        more = self._sink.write(frame)
        self.frames += 1
        return more and next(self._script, None) is not None


def _press(key):
    _xdotool("windowactivate", "--sync", _window("live"))
    _xdotool("key", key)


@needs_screen
@pytest.mark.skipif(not shutil.which("import"), reason="needs the program import (imagemagick)")
def test_keys_pressed_in_the_window_change_the_picture_on_the_screen(screen, live, tmp_path):
    picture = 320 * 240 / (800 * 600)
    seen = []

    def until(condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"after {seen}"
            yield True

    def shows(colour, least, most=1.1):
        return lambda: least * picture < _share_of_screen(colour) < most * picture

    def script():
        red, blue = _Stylizer.colours.values()
        yield from until(shows(red, 0.7))
        for key, condition in [
            ("2", shows(blue, 0.7)),
            ("Left", shows(red, 0.7)),
            ("v", shows(red, 0.3, 0.6)),
            ("v", shows(red, 0.7)),
            ("h", shows(red, -1, 0.6)),
            ("h", shows(red, 0.7)),
            ("s", lambda: list(tmp_path.glob("red-*.png"))),
            ("r", lambda: list(tmp_path.glob("red-*.mp4"))),
        ]:
            _press(key)
            yield from until(condition)
            seen.append(key)
        _press("q")
        yield from until(lambda: False)

    with (
        SyntheticSource(320, 240, frames=3000, live=True) as source,
        WindowSink("live", live.on_key, live.on_drag) as sink,
    ):
        report = live.run(source, _Keys(sink).perform(script()))
    assert len(seen) == 8
    assert 0 < report.frames < 3000
    assert len(list(tmp_path.glob("*.mp4"))) == 1


@needs_screen
def test_the_live_loop_in_a_window_obeys_the_keyboard(screen, live, tmp_path):
    arrived = []

    def on_key(key):
        live.on_key(key)
        arrived.append(key)

    def type_all():
        for key in "soq":
            _press(key)
            _within_patience(lambda key=key: key in arrived)  # a busy window may lose one of two

    typing = threading.Thread(target=type_all)
    with SyntheticSource(160, 120, frames=3000, live=True) as source:
        with WindowSink("live", on_key) as sink:
            typing.start()
            report = live.run(source, sink)
        typing.join(PATIENCE)
    (snapshot,) = tmp_path.iterdir()
    assert snapshot.name.startswith("red-")
    assert 0 < report.frames < 3000
