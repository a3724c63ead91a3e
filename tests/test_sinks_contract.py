"""What every sink keeps, whichever row of the table it is; then what is particular to each."""

import errno
import os
import subprocess
import time
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from virtual_camera_factory import virtual_camera

from realtime_nst.errors import MediaError, TargetExists, UsageError
from realtime_nst.sinks import SINKS, open_sink
from realtime_nst.sinks.null import NullSink
from realtime_nst.sinks.pictures import SUFFIXES, PictureSink, write_picture
from realtime_nst.sinks.tee import TeeSink
from realtime_nst.stream import Frame

RED = (200, 30, 20)


def _frame(index=0, width=64, height=48):
    image = np.full((height, width, 3), RED, np.uint8)
    return Frame(image, index, Fraction(index, 25), time.monotonic())


class FakeWindowProcess:
    """Stands in for the window's process, which needs a screen; ``test_window`` has a real one."""

    def __init__(self, command, *, stdout, **options):
        self.returncode = None
        self._ours, theirs = os.pipe()
        self.stdout = open(self._ours, encoding="utf-8")  # noqa: SIM115
        self._say = open(theirs, "w", encoding="utf-8", buffering=1)  # noqa: SIM115
        self.stdin = self
        self._say.write("ready\n")

    def write(self, order):
        self._say.write("buffer\n")

    def flush(self):
        pass

    def close(self):
        self._say.close()

    def wait(self, timeout=None):
        return 0


@pytest.fixture
def make(tmp_path, monkeypatch):
    makers = {
        "null": lambda: ("null:", {}),
        "pictures": lambda: (f"pictures:{tmp_path / 'out'}", {}),
        "sequence": lambda: (f"sequence:{tmp_path / 'new' / '%03d.jpg'}", {}),
        "tee": None,
        "video": lambda: (tmp_path / "out.mp4", {"rate": Fraction(25)}),
        "virtualcam": lambda: ("virtualcam:", {"size": (64, 48)}),
        "window": lambda: ("window:title", {}),
    }
    assert set(makers) - {"tee"} == set(SINKS)

    def open_one(name):
        if name == "tee":
            return TeeSink(open_one("pictures"), NullSink())
        if name == "window":
            monkeypatch.setenv("DISPLAY", ":0")
            monkeypatch.setattr(subprocess, "Popen", FakeWindowProcess)
        if name == "virtualcam":
            virtual_camera(monkeypatch)
        address, options = makers[name]()
        return open_sink(address, **options)

    return open_one


@pytest.mark.parametrize("name", sorted([*SINKS, "tee"]))
class TestEverySink:
    def test_takes_frames_and_wants_more(self, make, name):
        with make(name) as sink:
            assert all(sink.write(_frame(index)) is True for index in range(3))

    def test_leaves_the_frame_as_it_was(self, make, name):
        frame = _frame()
        with make(name) as sink:
            sink.write(frame)
        assert (frame.image == RED).all()

    def test_may_be_left_without_a_frame(self, make, name):
        with make(name):
            pass

    def test_an_error_inside_is_the_one_that_comes_out(self, make, name):
        def use():
            with make(name) as sink:
                sink.write(_frame())
                raise KeyError("user")

        with pytest.raises(KeyError, match="user"):
            use()


@pytest.mark.parametrize("address", ["pictures:{0}/out.png", "{0}/out.mp4"])
def test_an_existing_file_is_refused_before_any_work(tmp_path, address):
    target = Path(address.format(tmp_path).partition(":")[2] or address.format(tmp_path))
    target.write_bytes(b"precious")
    with pytest.raises(TargetExists, match=target.name), open_sink(address.format(tmp_path)):
        pass
    assert target.read_bytes() == b"precious"


# null


def test_null_counts_and_remembers_the_latest():
    with NullSink() as sink:
        assert sink.latest is None
        for index in range(3):
            sink.write(_frame(index))
    assert sink.frames == 3
    assert sink.latest.index == 2


# pictures


def _read(path):
    return cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_one_file_in_every_format(tmp_path, suffix):
    target = tmp_path / f"Bild ü{suffix.upper()}"
    with open_sink(f"pictures:{target}") as sink:
        sink.write(_frame())
    np.testing.assert_allclose(_read(target).mean((0, 1)), RED, atol=5)
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_with_given_names(tmp_path):
    with open_sink(f"pictures:{tmp_path / 'new' / 'deep'}", names=["b.png", "a.jpg"]) as sink:
        sink.write(_frame(1))
        sink.write(_frame(0))
    assert sorted(p.name for p in (tmp_path / "new" / "deep").iterdir()) == ["a.jpg", "b.png"]


def test_a_folder_without_names_is_numbered(tmp_path):
    with open_sink(f"pictures:{tmp_path}") as sink:
        for index in (0, 12):
            sink.write(_frame(index))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["000000.png", "000012.png"]


def test_overwrite_replaces(tmp_path):
    target = tmp_path / "a.png"
    target.write_bytes(b"old")
    with open_sink(f"pictures:{target}", overwrite=True) as sink:
        sink.write(_frame())
    assert _read(target).shape == (48, 64, 3)


def test_a_name_in_the_folder_that_exists_is_refused_before_any_work(tmp_path):
    (tmp_path / "b.png").write_bytes(b"precious")
    with (
        pytest.raises(TargetExists, match=r"b\.png"),
        open_sink(f"pictures:{tmp_path}", names=["a.png", "b.png"]),
    ):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["b.png"]


@pytest.mark.parametrize(
    ("names", "said"),
    [(["a.png", "a.png"], "twice"), (["a.xyz"], r"choices: \.apng"), (["noname"], "choices:")],
)
def test_names_that_cannot_be_are_refused_before_any_work(tmp_path, names, said):
    with (
        pytest.raises(UsageError, match=said),
        open_sink(f"pictures:{tmp_path / 'out'}", names=names),
    ):
        pass
    assert not (tmp_path / "out").exists()


def test_a_second_frame_for_one_file_is_refused(tmp_path):
    with open_sink(f"pictures:{tmp_path / 'a.png'}") as sink:
        sink.write(_frame(0))
        with pytest.raises(UsageError, match="name a folder"):
            sink.write(_frame(1))


@pytest.mark.parametrize("quality", [0, 101])
def test_quality_out_of_range(tmp_path, quality):
    with pytest.raises(UsageError, match=str(quality)):
        open_sink(f"pictures:{tmp_path}", quality=quality)


def test_quality_counts(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    for quality in (10, 95):
        write_picture(tmp_path / f"{quality}.jpg", noise, quality=quality)
    assert (tmp_path / "10.jpg").stat().st_size < (tmp_path / "95.jpg").stat().st_size / 2


def test_a_full_disk_leaves_nothing_half_written(tmp_path, monkeypatch):
    class Full(BytesIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda path, mode: Full())
    with pytest.raises(MediaError, match="No space left"):
        write_picture(tmp_path / "a.png", _frame().image)
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_cannot_be_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(MediaError, match="file"), open_sink(f"pictures:{tmp_path / 'file' / 'x'}"):
        pass


def test_a_picture_too_large_for_its_format(tmp_path):
    with pytest.raises(MediaError, match="20000x2"):
        write_picture(tmp_path / "a.webp", np.zeros((2, 20_000, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []


# tee


class Recorder(NullSink):
    def __init__(self, log, name, *, more=True, fails=""):
        super().__init__()
        self.log, self.name, self.more, self.fails = log, name, more, fails

    def __enter__(self):
        self._note("enter")
        return self

    def __exit__(self, *error):
        self._note("exit" if error[0] is None else f"exit:{error[0].__name__}")

    def write(self, frame):
        self._note("write")
        return self.more

    def _note(self, what):
        self.log.append((self.name, what))
        if self.fails and what.startswith(self.fails):
            raise MediaError(f"{self.name} failed")


def test_tee_hands_every_frame_to_all_and_stops_when_one_does():
    log = []
    with TeeSink(Recorder(log, "a", more=False), Recorder(log, "b")) as tee:
        assert tee.write(_frame()) is False
    assert log == [(n, w) for w in ("enter", "write") for n in "ab"] + [
        ("b", "exit"),
        ("a", "exit"),
    ]


def test_tee_tells_all_of_an_error_in_one():
    log = []
    with (
        pytest.raises(MediaError, match="b failed"),
        TeeSink(Recorder(log, "a"), Recorder(log, "b", fails="write"), Recorder(log, "c")) as tee,
    ):
        tee.write(_frame())
    assert [entry for entry in log if entry[1].startswith("exit")] == [
        (name, "exit:MediaError") for name in "cba"
    ]


@pytest.mark.parametrize("moment", ["enter", "exit"])
def test_tee_leaves_the_others_when_one_cannot_be_entered_or_left(moment):
    log = []
    with (
        pytest.raises(MediaError, match="b failed"),
        TeeSink(Recorder(log, "a"), Recorder(log, "b", fails=moment)),
    ):
        pass
    assert log[-1] == ("a", "exit:MediaError")


def test_the_folder_of_a_single_picture_must_exist_and_a_folder_of_pictures_is_made(tmp_path):
    with pytest.raises(UsageError, match=r"no folder .*missing for x.png; create it first"):
        PictureSink(tmp_path / "missing" / "x.png").__enter__()
    assert not (tmp_path / "missing").exists()
    with PictureSink(tmp_path / "made" / "here"):
        assert (tmp_path / "made" / "here").is_dir()
