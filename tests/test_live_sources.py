"""Sources of live mode: streams, films at their own pace, and what fails in the middle."""

import struct
import subprocess
import sys
import threading
import time
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from media_factory import clip
from stream_factory import PATIENCE, Broadcast, File, Pictures, Server

from realtime_nst.errors import MediaError, SourceStalled, UsageError
from realtime_nst.sources import devices, network, reconnecting
from realtime_nst.sources.network import NetworkSource
from realtime_nst.sources.paced import PacedSource, fitted
from realtime_nst.sources.reconnecting import ReconnectingSource
from realtime_nst.stream import Frame, StreamInfo, Unmanaged

# streams


@pytest.fixture
def web():
    with Server() as server:
        yield server


def test_a_stream_is_taken_as_it_comes(web):
    with NetworkSource(web.serve("cam", Pictures([120]))) as source:
        assert (source.info.width, source.info.height, source.info.live) == (64, 48, True)
        frames = [frame for _, frame in zip(range(5), source, strict=False)]
    assert all(abs(int(frame.image.mean()) - 120) <= 2 for frame in frames)


def test_a_stream_that_falls_silent_stalls(web):
    url = web.serve("cam", Pictures([120], 3, hangs=True))
    stalled = pytest.raises(SourceStalled, match=r"nothing for 0\.3 s.*`camera` synthetic")
    with stalled, NetworkSource(url, timeout=0.3) as source:
        list(source)


def test_what_was_held_back_before_a_silence_is_no_picture_after_it(web, tmp_path):
    """FFmpeg gives the last picture, of which it waits for the end, when the time is over."""
    film = clip(tmp_path / "film.ts", count=60, options={"tune": "zerolatency"})
    frames = []
    url = web.serve("cam", Broadcast(film))
    with pytest.raises(SourceStalled), NetworkSource(url, timeout=1) as source:
        frames.extend(source)
    assert len(frames) < 60


def test_a_stream_that_breaks_off_is_a_failure(web):
    failed = pytest.raises(MediaError, match=r"/cam (broke off|cannot be received).*check the")
    with NetworkSource(web.serve("cam", Pictures([120], 3))) as source, failed:
        list(source)


def test_a_film_on_a_server_keeps_its_pace_and_ends(web, tmp_path):
    film = clip(tmp_path / "film.mp4", count=8)
    with NetworkSource(web.serve("film.mp4", File(film))) as source:
        frames = list(source)
    assert len(frames) == 8
    assert frames[-1].captured - frames[0].captured >= 0.9 * 7 / 25


def test_a_film_on_a_server_is_upright(web, tmp_path):
    film = clip(tmp_path / "film.mp4", count=2, rotation=90)
    with NetworkSource(web.serve("film.mp4", File(film))) as source:
        assert (source.info.width, source.info.height) == (48, 64)
        assert all(frame.image.shape == (64, 48, 3) for frame in source)


def test_timestamps_that_jump_do_not_hold_a_film_up(web, tmp_path, monkeypatch):
    monkeypatch.setattr(network, "_LONGEST_SECONDS", 0.05)
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.codec_context.time_base = 64, 48, Fraction(1, 25)
        for pts in (0, 1, 3600 * 25, 3600 * 25 + 1):
            picture = av.VideoFrame(64, 48, "yuv420p")
            picture.pts, picture.time_base = pts, Fraction(1, 25)
            film.mux(stream.encode(picture))
        film.mux(stream.encode())
    with NetworkSource(web.serve("film.mkv", File(path))) as source:
        assert len(list(source)) == 4


def test_a_password_in_the_address_is_not_told():
    with pytest.raises(MediaError, match="http://127") as caught:
        NetworkSource("http://me:secret@127.0.0.1:9/x", timeout=1).__enter__()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["rtsp", "clip.mp4", "ftp://host/x", "file:///etc/passwd"])
def test_what_is_no_stream_is_refused(url):
    with pytest.raises(UsageError, match="choices: http"):
        NetworkSource(url)


# at its own pace


class Numbered(Unmanaged):
    """Frames whose grey is their number, at the times given."""

    def __init__(self, times, live=False, size=(48, 64)):
        self.times, self.size = times, size
        self.info = StreamInfo(size[1], size[0], Fraction(4), len(times), live)

    def __iter__(self):
        for index, pts in enumerate(self.times):
            image = np.full((*self.size, 3), index, np.uint8)
            yield Frame(image, index, Fraction(pts), time.monotonic())


def test_frames_come_when_their_time_has_come_and_stand_until_the_next():
    with PacedSource(Numbered([5, Fraction(11, 2), Fraction(21, 4) + Fraction(1, 2)])) as source:
        assert source.info.live
        frames = list(source)
    began = frames[0].captured
    for frame in frames:
        assert frame.captured - began >= float(frame.pts - 5) - 0.02
    shown = [int(frame.image[0, 0, 0]) for frame in frames]
    assert shown == sorted(shown)
    assert shown.count(0) >= 4, "half a second, ten times a second"
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert all(a.pts < b.pts for a, b in pairwise(frames))


# failing in the middle


class Plug:
    """Each making gives the next of ``lives``: a source, or an error on entering."""

    def __init__(self, *lives):
        self.lives, self.left, self.made = list(lives), 0, 0

    def __call__(self):
        self.made += 1
        life = self.lives.pop(0)
        if isinstance(life, Exception):
            raise life
        life.plug = self
        return life


class Feed(Unmanaged):
    def __init__(self, value, count, error=None, size=(48, 64)):
        self.value, self.count, self.error, self.size = value, count, error, size
        self.info = StreamInfo(size[1], size[0], Fraction(30), live=True)

    def __exit__(self, *error):
        self.plug.left += 1

    def __iter__(self):
        for index in range(self.count):
            image = np.full((*self.size, 3), self.value, np.uint8)
            yield Frame(image, index, Fraction(index, 30), time.monotonic())
            time.sleep(0.002)
        if self.error:
            raise self.error


GONE = SourceStalled("camera 0 stopped: unplugged; plug it in again")


def _until(source, condition):
    """Frames until ``condition(frame)``."""
    frames, until = [], time.monotonic() + PATIENCE
    for frame in source:
        frames.append(frame)
        if condition(frame):
            return frames
        assert time.monotonic() < until
    raise AssertionError("the source ended")


def test_the_last_picture_is_held_and_the_source_taken_up_again():
    plug = Plug(Feed(10, 5, GONE), MediaError("not there"), MediaError("no"), Feed(20, 10**6))
    states = []
    with ReconnectingSource(plug, "camera 0", back_off=(0.15, 0.05)) as source:

        def again(frame):
            states.append(source.state)
            return frame.image[0, 0, 0] == 20

        frames = _until(source, again)
        assert source.state == ""
    assert {int(frame.image[0, 0, 0]) for frame in frames} == {10, 20}
    assert "camera 0 stopped: unplugged; trying again every 0.15 s" in states
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert all(a.pts < b.pts for a, b in pairwise(frames))
    assert (plug.made, plug.left) == (4, 2), "the broken one was left, and the last one"


def test_pictures_of_another_size_after_the_failure_are_fitted():
    plug = Plug(Feed(10, 5, GONE), Feed(200, 10**6, size=(96, 96)))
    with ReconnectingSource(plug, "camera 0", back_off=(0.01,)) as source:
        frames = _until(source, lambda frame: frame.image.max() == 200)
    assert {frame.image.shape for frame in frames} == {(48, 64, 3)}
    assert (frames[-1].image[:, :8] == 0).all()
    assert (frames[-1].image[:, 10:54] == 200).all()


def test_silence_is_said_and_the_last_picture_goes_on():
    class Silent(Feed):
        def __iter__(self):
            yield next(super().__iter__())
            until.wait(PATIENCE)

    until = threading.Event()
    with ReconnectingSource(Plug(Silent(10, 1)), "camera 0") as source:
        frames = _until(source, lambda frame: "no picture from camera 0 for" in source.state)
        until.set()
    assert len(frames) > 1


def test_a_slow_camera_is_not_counted_twice(monkeypatch):
    monkeypatch.setattr(reconnecting, "_HOLD_SECONDS", PATIENCE)

    class Slow(Feed):
        def __iter__(self):
            for frame in super().__iter__():
                yield frame
                time.sleep(0.13)

    with ReconnectingSource(Plug(Slow(10, 10**6)), "camera 0") as source:
        frames = [frame for _, frame in zip(range(4), source, strict=False)]
    assert len({id(frame.image) for frame in frames}) == 4


def test_without_a_source_at_the_start_the_error_comes_out():
    with pytest.raises(MediaError, match="tried"):
        ReconnectingSource(Plug(MediaError("tried everything")), "camera 0").__enter__()


def test_a_source_that_ends_by_itself_ends():
    with ReconnectingSource(Plug(Feed(10, 3)), "film") as source:
        frames = list(source)
    assert 1 <= len(frames) <= 3 + PATIENCE


def test_leaving_while_it_waits_does_not_wait():
    plug = Plug(Feed(10, 1, GONE))
    with ReconnectingSource(plug, "camera 0", back_off=(1000,)) as source:
        _until(source, lambda frame: source.state != "")
    assert plug.left == 1


def test_a_defect_in_the_source_is_not_held_back():
    plug = Plug(Feed(10, 2, KeyError("defect")))
    with ReconnectingSource(plug, "camera 0") as source, pytest.raises(KeyError, match="defect"):
        list(source)


def test_a_stream_is_taken_up_again(web):
    url = web.serve("cam", Pictures([40, 200], 3))
    with ReconnectingSource(lambda: NetworkSource(url), "the stream", back_off=(0.01,)) as source:
        _until(source, lambda frame: frame.image.mean() > 190)


def test_fitting_keeps_what_fits():
    image = np.full((48, 64, 3), 7, np.uint8)
    assert fitted(image, 64, 48) is image
    assert (fitted(image, 32, 24) == 7).all()


# what cameras there are


class Node:
    """A V4L2 device with two sizes of MJPG, the larger at two rates, and a range of YUYV sizes."""

    def __init__(self, capabilities=0x1):
        self.capabilities = capabilities

    def __call__(self, device, request, answer):
        index = struct.unpack_from("<I", answer)[0]
        if request == devices._QUERYCAP:
            struct.pack_into("<16s32s", answer, 0, b"uvcvideo", b"HD Webcam")
            struct.pack_into("<II", answer, 84, 0x80000001, self.capabilities)
        elif request == devices._ENUM_FMT and index < 2:
            struct.pack_into("<4s", answer, 44, (b"MJPG", b"YUYV")[index])
        elif request == devices._ENUM_FRAMESIZES and answer[4:8] == b"YUYV" and index == 0:
            struct.pack_into("<7I", answer, 8, 2, 32, 1920, 2, 24, 1080, 2)
        elif request == devices._ENUM_FRAMESIZES and answer[4:8] == b"MJPG" and index < 2:
            struct.pack_into("<III", answer, 8, 1, *((1280, 720), (640, 480))[index])
        elif request == devices._ENUM_FRAMEINTERVALS and index < 2:
            struct.pack_into("<III", answer, 16, 1, 1, (30, 15)[index])
        else:
            raise OSError(22, "Invalid argument")


def test_a_camera_on_linux_tells_its_modes(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(fcntl, "ioctl", Node())
    (tmp_path / "video0").touch()
    assert devices.query(tmp_path / "video0") == (
        "HD Webcam",
        ("MJPG 1280x720 at 30 and 15 fps, 640x480 at 30 and 15 fps", "YUYV 32x24 to 1920x1080"),
    )


def test_a_node_that_captures_nothing_is_no_camera(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(fcntl, "ioctl", Node(0x2))
    (tmp_path / "video1").touch()
    assert devices.query(tmp_path / "video1") is None


def test_a_node_that_may_not_be_opened_is_listed_with_the_reason(tmp_path):
    pytest.importorskip("fcntl")
    assert "cannot be queried" in devices.query(tmp_path / "video3")[0]


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_elsewhere_cameras_are_numbered_as_ffmpeg_lists_them(monkeypatch, system):
    class Device:
        def __init__(self, name, *kinds):
            self.name, self.description, self.media_types = "", name, kinds

    found = [Device("Microphone", "audio"), Device("FaceTime", "video"), Device("Other")]
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(devices.av, "enumerate_input_devices", lambda name: found)
    assert devices.cameras() == [devices.Camera("0", "FaceTime"), devices.Camera("1", "Other")]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_who_else_has_a_device_open_is_named(tmp_path):
    path = tmp_path / "video0"
    code = "import sys; file = open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    path.touch()
    command = [sys.executable, "-c", code, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as other, path.open():
        assert other.stdout.readline() == b"open\n"
        (user,) = devices.users_of(path)
        other.communicate()
    assert f"(pid {other.pid})" in user
    assert list(devices.users_of(path)) == []
