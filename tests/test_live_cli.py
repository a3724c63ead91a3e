"""``realtime-nst live`` as a person types it; the window is one that only counts."""

import json
import shutil
import signal
import subprocess
import sys
import time
from fractions import Fraction

import cv2
import media_factory
import numpy as np
import painter_factory
import pytest
from stream_factory import PATIENCE, File, Pictures, Server
from virtual_camera_factory import virtual_camera

from realtime_nst import library
from realtime_nst.live import state
from realtime_nst.live.state import State
from realtime_nst.look import Look, View
from realtime_nst.runtime import styles
from realtime_nst.sinks import null, window
from realtime_nst.sources import devices
from realtime_nst.sources.video import VideoSource


@pytest.fixture
def screen(monkeypatch):
    """A window that is closed after ``screen.closes_after`` frames, and presses ``screen.keys``."""

    class Screen(null.NullSink):
        closes_after, keys, opened = 5, "", []

        def __init__(self, title):
            super().__init__()
            self.opened.append(self)

        def write(self, frame):
            for key in self.keys if self.frames == 3 else "":
                self.on_key(key)
            return super().write(frame) and self.frames < self.closes_after

        def toggle_full_screen(self):
            pass

    monkeypatch.setattr(window, "WindowSink", Screen)
    yield Screen
    Screen.opened.clear()  # with the windows go the stages they show, and the threads of these


def _scene(*options):
    return ["live", "--camera", "synthetic", "--camera-size", "64x48", *options]


def _one_error(said):
    lines = [line for line in said.splitlines() if line and not line.startswith("note: ")]
    assert len(lines) == 1, said
    assert lines[0].startswith("error: ")
    return lines[0]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--camera", "synthetic", "--camera-size", "720"], 2, "WxH"),
        (["--camera", "synthetic", "--fps", "0"], 2, "--fps 0"),
        (["--camera", "synthetic", "--fps", "nan"], 2, "--fps nan is out of range"),
        (["--camera", "synthetic", "--target-fps", "1e9"], 2, "from 0 to 1000"),
        (["--camera", "synthetic", "--no-window"], 2, "add --record FILE or --virtual-camera"),
        (["--camera", "synthetic", "--target-fps", "-1"], 2, "-1"),
        (["clip.mp4", "--camera", "0"], 2, "not both"),
        (["clip.mp4", "--camera-size", "64x48"], 2, "its own size"),
        (["clip.mp4", "--fps", "25"], 2, "its own rate"),
        (["http://127.0.0.1:9/cam", "--fps", "25"], 2, "its own rate"),
        (["no-such.mp4"], 2, "no such file"),
        (["ftp://host/film"], 2, "choices: http"),
        (["--camera", "/dev/no-such-camera"], 1, "--camera synthetic"),
        (["--camera", "synthetic", "--record", "film.xyz"], 2, ".mp4"),
    ],
)
def test_what_cannot_be_is_one_line(cli, style, screen, options, code, said):
    returned, _, err = cli("live", "--style", style, *options)
    assert said in _one_error(err)
    assert returned == code


def test_without_a_display_is_one_line(cli, style, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    code, _, err = cli(*_scene("--style", style))
    assert code == 1
    assert "DISPLAY" in _one_error(err)


def test_the_scene_is_shown_and_it_says_how_it_went(cli, style, screen):
    code, said, _ = cli(*_scene("--style", style))
    assert code == 0
    assert "5 frames" in said
    assert "latency" in said


def test_style_and_size_are_remembered(cli, style, screen, tmp_path):
    camera = _avi(tmp_path / "camera.avi", 200)
    cli("live", "--camera", camera, "--camera-size", "064X48", "--style", style)
    kept, _ = state.load()
    assert (kept.look.style, kept.camera_size) == (str(style), "64x48")
    code, _, err = cli("live", "--camera", camera)
    assert (code, "the camera gives" in err) == (0, False), "it is asked for that size again"


def test_the_size_of_the_made_up_scene_is_no_size_of_a_camera(cli, style, screen):
    assert cli(*_scene("--style", style))[0] == 0
    assert state.load()[0].camera_size == ""
    state.save(State(Look(style=str(style)), View(), "32x24"))
    assert cli("live", "--camera", "synthetic")[0] == 0
    assert screen.opened[-1].latest.image.shape == (480, 640, 3)
    assert state.load()[0].camera_size == "32x24"


def test_the_painter_is_remembered_with_its_style(cli, screen, tmp_path, monkeypatch):
    folder = painter_factory.install(tmp_path / "installed", monkeypatch)
    shutil.move(folder / "several.onnx", tmp_path / "mine.onnx")
    monkeypatch.setattr(styles, "folder", lambda: None)
    code, _, err = cli(*_scene("--style", "red", "--painter", tmp_path / "mine.onnx"))
    assert code == 0, err
    kept = state.load()[0].look
    assert (kept.style, kept.painter) == ("red", str(tmp_path / "mine.onnx"))
    assert cli("live", "--camera", "synthetic", "--target-fps", "0")[::2] == (0, "")


def test_a_style_of_last_time_that_is_gone_is_a_note(cli, screen):
    kept = {"look": {"style": "no-such-style", "strength": 0.5}, "view": {}, "camera_size": "64x48"}
    state.path().parent.mkdir(parents=True)
    state.path().write_text(json.dumps({"version": 1, **kept}))
    code, _, err = cli("live", "--camera", "synthetic")
    assert code == 0
    assert "note: the style of last time" in err
    assert state.load()[0].look == Look(strength=0.5)


def test_a_damaged_memory_is_a_note(cli, style, screen):
    state.path().parent.mkdir(parents=True)
    state.path().write_text("{")
    code, _, err = cli(*_scene("--style", style))
    assert code == 0
    assert "ignored" in err


def test_a_film_is_played_at_its_own_pace_and_ends(cli, style, screen, tmp_path):
    screen.closes_after = 10**6
    film = media_factory.clip(tmp_path / "film.mp4", count=10)
    began = time.monotonic()
    code, said, _ = cli("live", film, "--style", style)
    assert code == 0
    assert time.monotonic() - began > 10 / 25
    assert "frames" in said


def test_a_folder_of_pictures_of_any_size(cli, style, screen, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, size in enumerate([(48, 64), (64, 48), (20, 20)]):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((*size, 3), 100, np.uint8))
    screen.closes_after = 10**6
    code, _, _ = cli("live", folder, "--fps", "10", "--style", style)
    assert code == 0
    assert screen.opened[-1].latest.image.shape == (48, 64, 3)


def test_a_damaged_picture_of_a_folder_is_left_out_and_said(cli, style, screen, tmp_path):
    for name in ("a", "c"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((48, 64, 3), 100, np.uint8))
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    screen.closes_after = 10**6
    code, _, err = cli("live", tmp_path, "--fps", "20", "--style", style)
    assert code == 0
    assert "note: left out: " in err
    assert "b.png" in err


def test_a_style_of_ones_own_leaves_the_keys_of_the_others(
    cli, screen, style, tmp_path, monkeypatch
):
    painter_factory.install(tmp_path / "installed", monkeypatch)
    screen.keys, screen.closes_after = "1", 20
    assert cli(*_scene("--style", style))[0] == 0
    assert state.load()[0].look.style == styles.installed()[0].name
    screen.keys = "30"
    assert cli(*_scene("--style", style))[0] == 0
    assert state.load()[0].look.style == str(style)


def test_a_stream(cli, style, screen):
    with Server() as server:
        url = server.serve("cam", Pictures([100]))
        assert cli("live", url, "--style", style)[0] == 0


@pytest.mark.parametrize("over_the_network", [False, True])
def test_a_film_with_oblong_pixels_keeps_its_shape(cli, style, screen, tmp_path, over_the_network):
    clip = media_factory.clip(tmp_path / "in.mp4", aspect=Fraction(4, 3), count=60)
    film, screen.closes_after = tmp_path / "film.mp4", 3
    with Server() as server:
        source = server.serve("film.mp4", File(clip)) if over_the_network else clip
        assert cli("live", source, "--style", style, "--record", film)[0] == 0
    assert screen.opened[-1].latest.image.shape == (48, 86, 3)
    with VideoSource(film) as recorded:
        assert (recorded.info.width, recorded.info.height, recorded.info.aspect) == (86, 48, 1)


def test_recording_and_virtual_camera_beside_the_window(cli, style, screen, tmp_path, monkeypatch):
    driver = virtual_camera(monkeypatch)
    film = tmp_path / "film.mp4"
    options = ("--style", style, "--record", film, "--virtual-camera")
    assert cli(*_scene(*options))[0] == 0
    assert driver.sent[0].shape == (48, 64, 3)
    assert driver.closed == 1
    with VideoSource(film) as source:
        assert list(source)
    code, _, err = cli(*_scene(*options))
    assert code == 2
    assert "--overwrite" in _one_error(err)


def test_the_window_shows_keys_to_live_mode(cli, style, screen):
    screen.closes_after, screen.keys = 10**6, "q"
    assert cli(*_scene("--style", style))[0] == 0


def test_the_first_keys_are_the_styles_of_the_user(cli, screen, tmp_path, monkeypatch):
    painter_factory.install(tmp_path / "weights", monkeypatch)
    monkeypatch.setattr(library, "SCENE", (64, 48))
    library.install_style(painter_factory.painting(tmp_path / "sunset.png", (200, 60, 20)))
    screen.closes_after, screen.keys = 30, "1"
    code, _, err = cli(*_scene("--style", "wave", "--target-fps", "0"))
    assert code == 0, err
    assert state.load()[0].look.style == "sunset"
    screen.keys = "2"
    assert cli(*_scene("--target-fps", "0"))[0] == 0
    assert state.load()[0].look.style == "wave"


def test_a_signal_without_a_window_leaves_a_whole_film(style, tmp_path):
    film = tmp_path / "film.mp4"
    command = [
        sys.executable,
        "-c",
        "from realtime_nst.cli import main; import sys; sys.exit(main())",
    ]
    options = ["--style", str(style), "--no-window", "--record", str(film)]
    running = subprocess.Popen(
        [*command, *_scene(*options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until = time.monotonic() + PATIENCE
        while not list(tmp_path.glob("film*")) and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.3)
        running.send_signal(signal.SIGTERM)
        said, err = running.communicate(timeout=PATIENCE)
    finally:
        running.kill()
    assert running.returncode == 143, err
    assert "Traceback" not in err
    assert f"recorded {film}" in err
    assert "fps" in said
    with VideoSource(film) as source:
        assert list(source)


def _avi(path, frames):
    """What OpenCV can open in the place of a camera; unplugged after ``frames``."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for _ in range(frames):
        writer.write(np.full((48, 64, 3), 100, np.uint8))
    writer.release()
    return path


def test_a_camera_that_gives_another_size_is_told(cli, style, screen, tmp_path):
    camera = _avi(tmp_path / "camera.avi", 200)
    code, _, err = cli("live", "--camera", camera, "--camera-size", "320x240", "--style", style)
    assert code == 0
    assert "note: the camera gives 64x48, not 320x240" in err


class _Loose:
    """A camera that fails once a few pictures are shown; opened again, it never does."""

    made = 0

    def __init__(self, device, backend):
        type(self).made += 1
        self._first = self.made == 1

    def isOpened(self):  # noqa: N802
        return True

    def set(self, name, value):
        pass

    def get(self, name):
        return 30.0

    def read(self):
        time.sleep(0.01)
        plugged = not (self._first and self.is_shown())
        return plugged, np.full((48, 64, 3), 100, np.uint8)

    def release(self):
        pass


def test_a_camera_unplugged_in_the_middle_is_taken_up_again(
    cli, style, screen, tmp_path, monkeypatch
):
    monkeypatch.setattr(cv2, "VideoCapture", _Loose)
    shown = staticmethod(lambda: any(each.frames > 3 for each in screen.opened))
    monkeypatch.setattr(_Loose, "is_shown", shown, raising=False)
    screen.closes_after, device = 60, tmp_path / "video0"
    device.touch()
    code, said, err = cli("live", "--camera", device, "--size", "64x48", "--style", style)
    assert code == 0
    assert "stopped: the device gave no frame; trying again every 0.5 s" in err
    assert "the source is there again" in err
    assert "60 frames" in said


def test_list_names_cameras_and_modes(cli, monkeypatch):
    found = [
        devices.Camera("/dev/video0", "Webcam", ("MJPG 640x480",)),
        devices.Camera("1", "Other"),
    ]
    monkeypatch.setattr(devices, "cameras", lambda: found)
    code, said, _ = cli("live", "--list")
    assert code == 0
    for part in ("--camera /dev/video0  Webcam", "MJPG 640x480", "modes not known on this system"):
        assert part in said


def test_list_without_a_camera_offers_the_scene(cli, monkeypatch):
    monkeypatch.setattr(devices, "cameras", list)
    assert "--camera synthetic" in cli("live", "--list")[1]
