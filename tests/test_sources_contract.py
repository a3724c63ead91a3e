"""What every source keeps, whichever row of the table it is; then what is particular to each."""

import base64
import os
import subprocess
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from stream_factory import File, Server

from realtime_nst.errors import MediaError, RealtimeNstError, SourceStalled, UsageError
from realtime_nst.media.pictures import count_pictures
from realtime_nst.sources import SOURCES, open_source
from realtime_nst.sources.pictures import PictureSource

RED = (200, 30, 20)


def _red(width=64, height=48):
    return np.full((height, width, 3), RED, np.uint8)


def _bgr(image):
    return np.ascontiguousarray(image[..., ::-1])


def _picture(path, image=None, *options):
    done, data = cv2.imencode(path.suffix, _bgr(_red() if image is None else image), *options)
    assert done
    path.write_bytes(data)
    return path


def _pictures(folder):
    folder.mkdir()
    for number in range(4):
        _picture(folder / f"{number}.png")
    return folder


def _animation(path, delays=(40, 40, 40, 40)):
    shown = [Pillow.fromarray(_red()) for _ in delays]
    for number, picture in enumerate(shown):
        picture.putpixel((0, 0), (0, 0, number))  # equal pictures would become one
    shown[0].save(
        path, save_all=True, append_images=shown[1:], duration=list(delays), lossless=True
    )
    return path


def _clip(path):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for _ in range(4):
        writer.write(_bgr(_red()))
    writer.release()
    return path


class FakeCamera:
    """Stands in for ``cv2.VideoCapture``: gives ``frames`` (BGR), then hangs or says no."""

    def __init__(self, frames=(), *, opens=True, hangs=False, fps=30.0):
        self.frames, self.opens, self.hangs = list(frames), opens, hangs
        self.settings, self.released = {cv2.CAP_PROP_FPS: fps}, threading.Event()
        self.freed = threading.Event()

    def __call__(self, device, backend):
        self.device = device
        return self

    def isOpened(self):  # noqa: N802
        return self.opens

    def set(self, name, value):
        self.settings[name] = value

    def get(self, name):
        return self.settings.get(name, 0.0)

    def read(self):
        time.sleep(0.002)
        if self.frames:
            return True, self.frames.pop(0)
        if self.hangs:
            self.freed.wait(5)
        return False, None

    def release(self):
        self.released.set()


@pytest.fixture
def web():
    """Puts a file on a web server; its address."""
    with Server() as server:
        yield lambda path: server.serve(path.name, File(path))


@pytest.fixture
def camera(monkeypatch, tmp_path):
    """Puts a fake camera in place; ``camera(fake)`` is the device to open."""
    device = tmp_path / "video0"
    device.touch()

    def install(fake):
        monkeypatch.setattr(cv2, "VideoCapture", fake)
        return str(device)

    return install


@pytest.fixture
def make(tmp_path, camera, web):
    """The address and the options of a small source of each row; red, but for the scene."""
    makers = {
        "animation": lambda: (f"animation:{_animation(tmp_path / 'a.webp')}", {}),
        "camera": lambda: (f"camera:{camera(FakeCamera([_bgr(_red())] * 500))}", {}),
        "network": lambda: (f"network:{web(_clip(tmp_path / 'clip.avi'))}", {}),
        "pictures": lambda: (f"pictures:{_pictures(tmp_path / 'folder')}", {}),
        "sequence": lambda: (f"sequence:{_pictures(tmp_path / 'folder') / '%d.png'}", {}),
        "synthetic": lambda: ("synthetic:", {"width": 64, "height": 48, "frames": 4}),
        "video": lambda: (_clip(tmp_path / "clip.avi"), {}),
    }
    assert set(makers) == set(SOURCES)

    def open_one(scheme):
        address, options = makers[scheme]()
        return open_source(address, **options)

    return open_one


def _first(source, count):
    return [frame for _, frame in zip(range(count), source, strict=False)]


@pytest.mark.parametrize("scheme", sorted(SOURCES))
class TestEverySource:
    def test_frames_are_what_info_says(self, make, scheme):
        with make(scheme) as source:
            info, frames = source.info, _first(source, 4)
        assert (info.width, info.height) == (64, 48)
        assert info.rate is None or isinstance(info.rate, Fraction)
        assert info.frames in (None, 4)
        for frame in frames:
            assert frame.image.shape == (48, 64, 3)
            assert frame.image.dtype == np.uint8
            assert frame.image.flags.c_contiguous

    def test_indices_count_and_times_grow(self, make, scheme):
        with make(scheme) as source:
            frames = _first(source, 4)
            now = time.monotonic()
        assert [frame.index for frame in frames] == [0, 1, 2, 3]
        times = [frame.pts for frame in frames]
        assert all(isinstance(pts, Fraction) for pts in times)
        assert times == sorted(set(times))
        captured = [frame.captured for frame in frames]
        assert captured == sorted(captured)
        assert captured[-1] <= now

    def test_colours_are_rgb(self, make, scheme):
        with make(scheme) as source:
            picture = _first(source, 1)[0].image
        wanted = RED if scheme != "synthetic" else source.picture(0).mean((0, 1))
        np.testing.assert_allclose(picture.mean((0, 1)), wanted, atol=12)

    def test_frames_stay_as_they_were_given(self, make, scheme):
        with make(scheme) as source:
            frames = iter(source)
            first = next(frames)
            before = first.image.copy()
            next(frames)
        np.testing.assert_array_equal(first.image, before)

    def test_leaving_early_or_with_an_error_is_clean(self, make, scheme):
        def use():
            with make(scheme) as source:
                next(iter(source))
                raise KeyError("user")

        with pytest.raises(KeyError, match="user"):
            use()


@pytest.mark.parametrize("scheme", sorted(set(SOURCES) - {"synthetic"}))
def test_what_is_not_there_is_named_in_one_line(scheme, tmp_path):
    missing = tmp_path / "nothing.mp4"
    with pytest.raises(RealtimeNstError) as caught, open_source(f"{scheme}:{missing}") as source:
        next(iter(source))
    assert "nothing.mp4" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_path_is_a_video_or_a_folder(tmp_path):
    assert type(open_source(_pictures(tmp_path / "p"))).__name__ == "PictureSource"
    assert type(open_source(tmp_path / "a:b.mp4")).__name__ == "VideoSource"
    assert type(open_source("rtsp://127.0.0.1/a")).__name__ == "NetworkSource"


def test_importing_the_table_imports_no_source():
    code = "import sys, realtime_nst.sources; print('cv2' in sys.modules, 'av' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.split() == ["False", "False"], answer.stderr


# camera


def test_camera_reports_what_is_delivered_not_what_was_wished(camera):
    device = camera(FakeCamera([_bgr(_red(80, 60))] * 500, fps=15.0))
    with open_source(f"camera:{device}", size=(1280, 720), fps=60) as source:
        assert (source.info.width, source.info.height) == (80, 60)
        assert source.info.live
        assert next(iter(source)).image.shape == (60, 80, 3)


def test_camera_asks_for_the_mode_wished(camera):
    fake = FakeCamera([_bgr(_red())] * 500)
    with open_source(f"camera:{camera(fake)}", size=(320, 240), fps=25) as source:
        assert source.info.rate == 25
    assert fake.settings[cv2.CAP_PROP_FRAME_WIDTH] == 320
    assert fake.settings[cv2.CAP_PROP_FRAME_HEIGHT] == 240


def test_a_number_as_text_is_a_number(monkeypatch):
    fake = FakeCamera([_bgr(_red())] * 500)
    monkeypatch.setattr(cv2, "VideoCapture", fake)
    monkeypatch.setattr("sys.platform", "elsewhere")
    with open_source("camera:2"):
        assert fake.device == 2


def test_camera_is_released_when_left(camera):
    fake = FakeCamera([_bgr(_red())] * 5000)
    with open_source(f"camera:{camera(fake)}") as source:
        next(iter(source))
        assert not fake.released.is_set()
    assert fake.released.is_set()


def test_camera_that_stops_sending_stalls(camera):
    fake = FakeCamera([_bgr(_red())] * 3, hangs=True)
    with open_source(f"camera:{camera(fake)}", timeout=0.1) as source:
        with pytest.raises(SourceStalled, match=r"no frame for 0\.1 s.*`camera` synthetic"):
            list(source)
        fake.freed.set()


def test_a_camera_that_gives_one_picture_and_no_more_gives_that_one(camera):
    """It is what live mode holds, and without a frame its threads would never see Ctrl-C."""
    fake = FakeCamera([_bgr(_red())], hangs=True)
    with open_source(f"camera:{camera(fake)}", timeout=1) as source:
        assert next(iter(source)).index == 0
        fake.freed.set()


def test_camera_unplugged_in_the_middle_stalls(camera):
    device = camera(FakeCamera([_bgr(_red())] * 3))
    with (
        open_source(f"camera:{device}") as source,
        pytest.raises(SourceStalled, match="gave no frame"),
    ):
        list(source)


@pytest.mark.parametrize(
    ("fake", "reason"),
    [
        (FakeCamera(opens=False), "absent, or in use by another program"),
        (FakeCamera(), "the device gave no frame"),
    ],
)
def test_camera_that_does_not_work_lists_what_was_tried(camera, monkeypatch, fake, reason):
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(MediaError) as caught, open_source(f"camera:{camera(fake)}"):
        pass
    message = str(caught.value)
    assert f"V4L2: {reason}" in message
    assert f"ANY: {reason}" in message
    assert "`camera` synthetic" in message
    assert fake.released.is_set()


def test_camera_that_raises_is_an_error_of_ours(camera, monkeypatch):
    def broken(device, backend):
        raise cv2.error("driver exploded")

    with pytest.raises(MediaError, match="synthetic"), open_source(f"camera:{camera(broken)}"):
        pass


def test_camera_through_opencv_itself(tmp_path):
    clip = _clip(tmp_path / "device.avi")
    with open_source(f"camera:{clip}") as source:
        assert (source.info.width, source.info.height) == (64, 48)
        np.testing.assert_allclose(next(iter(source)).image.mean((0, 1)), RED, atol=12)


def test_grey_cameras_become_rgb(camera):
    device = camera(FakeCamera([np.full((48, 64), 90, np.uint8)] * 500))
    with open_source(f"camera:{device}") as source:
        assert next(iter(source)).image.tolist()[0][0] == [90, 90, 90]


@pytest.mark.parametrize("options", [{"size": (0, 480)}, {"fps": 0}])
def test_impossible_modes_are_refused(options):
    with pytest.raises(UsageError, match="camera"):
        open_source("camera:0", **options)


# pictures


def _only(path, **options):
    with open_source(f"pictures:{path}", **options) as source:
        return [frame.image for frame in source]


def test_frames_lead_back_to_their_files_in_natural_order(tmp_path):
    for name in ("b10.png", "b9.png", "a.jpg", ".hidden.png"):
        _picture(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no picture")
    with open_source(tmp_path) as source:
        names = [source.paths[frame.index].name for frame in source]
    assert names == ["a.jpg", "b9.png", "b10.png"]


def test_several_files_keep_the_order_given(tmp_path):
    paths = [_picture(tmp_path / name) for name in ("z.png", "a.png")]
    with PictureSource(paths, rate=5) as source:
        assert [frame.pts for frame in source] == [0, Fraction(1, 5)]
        assert source.paths == paths


def test_names_beyond_ascii(tmp_path):
    assert len(_only(_picture(tmp_path / "Mädchen 真珠.png"))) == 1


def _with_exif_orientation(jpeg, orientation):
    tiff = b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"
    body = b"Exif\x00\x00" + tiff + bytes([orientation]) + b"\x00\x00" + b"\x00" * 4
    return jpeg[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]


def test_exif_rotation_is_honoured(tmp_path):
    image = _red(64, 48)
    image[:, :32] = (20, 30, 200)
    path = _picture(tmp_path / "phone.jpg", image)
    path.write_bytes(_with_exif_orientation(path.read_bytes(), 6))  # to be turned clockwise
    (picture,) = _only(path)
    assert picture.shape == (64, 48, 3)
    assert picture[5, 24, 2] > 150
    assert picture[60, 24, 0] > 150


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bits_are_reduced(tmp_path, suffix):
    path = tmp_path / f"deep{suffix}"
    path.write_bytes(cv2.imencode(suffix, np.full((4, 4, 3), 128 * 257, np.uint16))[1])
    assert np.unique(_only(path)).tolist() == [128]


def test_grey_becomes_rgb(tmp_path):
    path = tmp_path / "grey.png"
    path.write_bytes(cv2.imencode(".png", np.full((4, 5), 77, np.uint8))[1])
    (picture,) = _only(path)
    assert picture.shape == (4, 5, 3)
    assert np.unique(picture).tolist() == [77]


@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535)])
def test_transparency_is_laid_on_white(tmp_path, dtype, top):
    image = np.zeros((1, 3, 4), dtype)
    image[0, :, 2] = top
    image[0, :, 3] = [0, top // 2, top]
    path = tmp_path / "clear.png"
    path.write_bytes(cv2.imencode(".png", image)[1])
    (picture,) = _only(path)
    np.testing.assert_allclose(picture[0], [[255] * 3, [255, 128, 128], [255, 0, 0]], atol=1)


PALETTE_GIF = "R0lGODlhAgABAPAAAMgeFAAAACH5BAAAAAAALAAAAAACAAEAAAICBAoAOw=="
CMYK_JPEG = (
    "/9j/7gAOQWRvYmUAZAAAAAAC/9sAQwADAgICAgIDAgICAwMDAwQGBAQEBAQIBgYFBgkICgoJCAkJCgwPDAoLDgsJ"
    "CQ0RDQ4PEBAREAoMEhMSEBMPEBAQ/9sAQwEDAwMEAwQIBAQIEAsJCxAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"
    "EBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ/8AAFAgACAAIBAERAAIRAQMRAQQRAP/EABUAAQEAAAAAAAAAAAAAAAAA"
    "AAcI/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/EABUBAQEAAAAAAAAAAAAAAAAAAAcJ/8QAFBEBAAAAAAAAAAAAAAAA"
    "AAAAAP/aAA4EAQACEQMRBAAAPwBFOabSwH//2Q=="
)


@pytest.mark.parametrize(("name", "data"), [("palette.gif", PALETTE_GIF), ("print.jpg", CMYK_JPEG)])
def test_palette_and_cmyk_become_rgb(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(base64.b64decode(data))
    np.testing.assert_allclose(_only(path)[0][0, 0], RED, atol=25)


@pytest.mark.parametrize("size", [(1, 1), (8000, 100), (3, 2000)])
def test_odd_sizes(tmp_path, size):
    path = _picture(tmp_path / "odd.png", _red(*size))
    with open_source(f"pictures:{path}") as source:
        assert (source.info.width, source.info.height) == size
        assert next(iter(source)).image.shape == (size[1], size[0], 3)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("text.jpg", b"this is no picture " * 20, "not a picture"),
        ("empty.png", b"", "is empty"),
        ("torn.png", b"\x89PNG\r\n\x1a\n\x00\x00", "not a picture"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path, name, data, said):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(MediaError, match=said) as caught:
        _only(path)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_pictures_is_named(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UsageError, match="contains no picture"):
        _only(tmp_path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_a_device_is_not_read_as_a_picture():
    with pytest.raises(MediaError, match="a device"), open_source("pictures:/dev/zero"):
        pass


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for_as_a_picture(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(MediaError, match=r"is a pipe .*name a picture file"):
        open_source(f"pictures:{tmp_path / 'pipe.png'}").__enter__()
    assert count_pictures(tmp_path / "pipe.png", "GIF") == 1


def test_unreadable_pictures_may_be_skipped_and_are_remembered(tmp_path):
    bad = [tmp_path / name for name in ("0.png", "2.png")]
    for path in bad:
        path.write_bytes(b"broken")
    for name in ("1.png", "3.png"):
        _picture(tmp_path / name)
    with open_source(tmp_path, skip_unreadable=True) as source:
        assert [frame.index for frame in source] == [1, 3]
        assert sorted(source.unreadable) == bad
    with pytest.raises(MediaError, match=r"0\.png"):
        _only(tmp_path)


def test_nothing_readable_is_an_error_even_when_skipping(tmp_path):
    (tmp_path / "0.png").write_bytes(b"broken")
    with pytest.raises(MediaError, match=r"0\.png"):
        _only(Path(tmp_path), skip_unreadable=True)
