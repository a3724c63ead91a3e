"""`video` in segments: what Ctrl-C and other signals do, and how the same command goes on."""

import os
import signal
from fractions import Fraction

import jobs_factory as jobs
import media_factory
import model_factory
import pytest

from realtime_nst.cli import interrupt
from realtime_nst.jobs.engines.here import Here
from realtime_nst.runtime.stages import Stylise

FRAMES = 96


@pytest.fixture(scope="module")
def made(once):
    """A film of three segments, and what it is painted to."""

    def make(folder):
        media_factory.clip(folder / "film.mp4", count=FRAMES, sound="aac", group=6)
        model_factory.write_style(folder / "tiny.onnx", card=model_factory.card())

    return once("jobs-of-commands", make)


@pytest.fixture
def command(made, tmp_path):
    return (
        "video", made / "film.mp4", "-o", tmp_path / "out.mp4", "--style", made / "tiny.onnx",
        "--stabilise", "off", "--threads", "1",
    )  # fmt: skip


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(interrupt, "_ONE_PRESS", 0)
    with jobs.short_segments(30, 50):
        yield


def press(monkeypatch, *moments, number=signal.SIGINT):
    """Ctrl-C, or another signal, while the frames of these numbers are painted."""
    stylise, seen = Stylise.__call__, []

    def signalled(self, frame):
        seen.append(frame)
        if len(seen) in moments:
            os.kill(os.getpid(), number)
        return stylise(self, frame)

    monkeypatch.setattr(Stylise, "__call__", signalled)


def kept(tmp_path):
    return len(media_factory.times(tmp_path / "out.partial.mp4"))


def test_ctrl_c_once_finishes_the_segment(cli, command, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        press(patch, 40)
        code, _, err = cli(*command)
    assert code == 130
    assert "finishing segment 2 of 3 first; press Ctrl-C again to stop at once" in err
    assert "the same command goes on from 0:00:02" in err
    assert 60 <= kept(tmp_path) < 80
    code, _, err = cli(*command)
    assert code == 0
    assert "going on after the 60 frames of earlier runs" in err
    assert len(media_factory.times(tmp_path / "out.mp4")) == FRAMES
    assert os.listdir(tmp_path) == ["out.mp4"]


def test_ctrl_c_twice_stops_at_once(cli, command, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        press(patch, 36, 40)
        code, _, err = cli(*command)
    assert code == 130
    assert 30 <= kept(tmp_path) < 50
    assert "the same command goes on from 0:00:01.200" in err


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no such signal")
@pytest.mark.parametrize("number", [signal.SIGTERM, getattr(signal, "SIGHUP", 0)])
def test_other_signals_stop_at_once(cli, command, tmp_path, monkeypatch, number):
    with monkeypatch.context() as patch:
        press(patch, 10, number=number)
        code, _, err = cli(*command)
    assert code == 128 + number
    assert 0 < kept(tmp_path) < 30
    assert "the same command begins anew" in err
    assert "finishing" not in err
    code, _, err = cli(*command)
    assert code == 0
    assert "an earlier run had finished no segment; painting from the beginning" in err


def test_a_film_of_one_segment_stops_at_once(cli, command, tmp_path, monkeypatch):
    with jobs.short_segments(FRAMES, FRAMES):
        press(monkeypatch, 40)
        code, _, err = cli(*command)
    assert code == 130
    assert kept(tmp_path) < 60
    assert "finishing" not in err


def test_ctrl_c_in_the_last_segment_finishes_the_film(cli, command, tmp_path, monkeypatch):
    press(monkeypatch, 80)
    code, _, err = cli(*command)
    assert code == 0
    assert "finishing segment 3 of 3 first" in err
    assert len(media_factory.times(tmp_path / "out.mp4")) == FRAMES


def test_after_one_frame_no_time_is_told(cli, command, monkeypatch):
    def first_only(engine, numbers, progress):
        del progress
        painted = []

        def told(report, written):
            painted.append(written)
            raise KeyboardInterrupt

        engine._painter.paint(next(numbers), engine._folder.file(0), told)
        yield 0

    monkeypatch.setattr(Here, "map", first_only)
    code, _, err = cli(*command)
    assert code == 130
    assert "stopped after the first frame; what is finished is kept as" in err


def test_the_command_that_replaces_an_output_goes_on_too(cli, command, tmp_path, monkeypatch):
    (tmp_path / "out.mp4").write_bytes(b"an older film")
    with monkeypatch.context() as patch:
        press(patch, 40)
        assert cli(*command, "--overwrite")[0] == 130
    assert (tmp_path / "out.mp4").read_bytes() == b"an older film"
    code, _, err = cli(*command, "--overwrite")
    assert (code, "going on after the 60 frames" in err) == (0, True)
    assert media_factory.times(tmp_path / "out.mp4")[-1] == Fraction(FRAMES - 1, 25)
