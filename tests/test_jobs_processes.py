"""Several processes paint the same film as one, whatever becomes of them."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import jobs_factory as jobs
import media_factory
import model_factory
import numpy as np
import psutil
import pytest

from realtime_nst.errors import MediaError, UsageError
from realtime_nst.jobs.engines.processes import Processes
from realtime_nst.jobs.worker import Failure
from realtime_nst.look import Look
from realtime_nst.motion.stabiliser import Stabiliser

FRAMES = 96


def children():
    """Processes that paint."""
    found = psutil.Process().children()
    return [child for child in found if "spawn_main" in " ".join(child.cmdline())]


def two(job, folder):
    return Processes(job, folder, 2)


@pytest.fixture(scope="module")
def made(once):
    """A film, and what one process paints it to."""

    return once("jobs-of-engines", lambda folder: jobs.film_and_whole(folder, FRAMES))


@pytest.fixture
def film(made):
    return made / "film.mp4"


@pytest.fixture
def whole(made):
    return (made / "whole.mp4").read_bytes()


@pytest.fixture
def look(made):
    return Look(str(made / "tiny.onnx"))


@pytest.fixture(autouse=True)
def short():
    with jobs.short_segments(30, 50):
        yield


def test_two_processes_give_the_same_bytes(film, look, whole, tmp_path):
    work = jobs.Work(film, tmp_path / "out.mp4", look)
    assert work.paint(engine=two) == []
    assert work.report.frames == FRAMES
    assert (tmp_path / "out.mp4").read_bytes() == whole
    assert os.listdir(tmp_path) == ["out.mp4"]
    assert not children()


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="Linux tells it there")
def test_a_worker_that_is_starting_sees_no_ctrl_c(film, look, tmp_path):
    """It reaches the whole group of processes; its parent decides what it means."""
    work, blocked = jobs.Work(film, tmp_path / "out.mp4", look), []

    def stop():
        for child in children():
            status = Path(f"/proc/{child.pid}/status").read_text()
            blocked.append(int(re.search(r"SigBlk:\s*(\w+)", status)[1], 16))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work.paint(engine=two, each=stop)
    assert len(blocked) == 2
    assert all(mask >> signal.SIGINT - 1 & 1 for mask in blocked)


def test_what_a_killed_worker_had_not_finished_is_painted_again(film, look, whole, tmp_path):
    killed = []

    def kill():
        if not killed:
            killed.append(children()[0])
            killed[0].kill()

    jobs.Work(film, tmp_path / "out.mp4", look).paint(engine=two, each=kill)
    assert killed
    assert (tmp_path / "out.mp4").read_bytes() == whole


def test_a_stop_keeps_what_plays(look, tmp_path):
    """Also of segments that are not finished, which are painted again."""
    film, out = tmp_path / "film.mp4", tmp_path / "out.mp4"
    media_factory.clip(film, count=200, size=(320, 240), group=6)
    with jobs.short_segments(100, 140):
        work = jobs.Work(film, out, look)

    def stop():
        if work.run.folder.painted(0):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work.paint(engine=two, each=stop)
    assert not children()
    assert not (work.run.folder.path / "stop").exists()
    assert not work.run.folder.results
    assert 0 < len(media_factory.times(work.run.kept)) < 100
    assert work.run.goes_on_at == 0


def test_what_one_engine_has_finished_another_goes_on_with(film, look, whole, tmp_path):
    out = tmp_path / "out.mp4"
    work = jobs.Work(film, out, look)
    finished = []

    def go_on():
        finished.append(True)
        return len(finished) < 3

    with work.run as run:
        run.begin(work.job)
        run.paint(two(work.job, run.folder), lambda report: None, go_on)
    assert run.kept
    again = jobs.Work(film, out, look)
    again.paint()
    assert again.before == sum(segment.frames for segment in work.job.segments[:2])
    assert out.read_bytes() == whole


def test_workers_do_not_depend_on_the_folder_they_are_started_in(film, tmp_path, monkeypatch):
    """Nor on how the files of a look are named."""
    monkeypatch.chdir(tmp_path)
    model_factory.write_style(tmp_path / "tiny.onnx", card=model_factory.card())
    cv2.imwrite("mask.png", np.full((48, 64), 255, np.uint8))
    job = jobs.Work(film, tmp_path / "out.mp4", Look("tiny.onnx", mask="mask.png")).job
    assert job.look.style == str(tmp_path / "tiny.onnx")
    assert job.look.mask == str(tmp_path / "mask.png")


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
def test_nobody_speaks_after_the_command_was_killed(film, look, tmp_path):
    (tmp_path / "run.py").write_text(
        "import jobs_factory\nfrom realtime_nst.cli import main\n"
        "if __name__ == '__main__':\n with jobs_factory.short_segments(30, 50): main()\n"
    )
    command = [
        sys.executable, "run.py", "video", film, "-o", "out.mp4", "--style", look.style,
        "--workers", "2", "--provider", "cpu",
    ]  # fmt: skip
    process = subprocess.Popen(
        list(map(str, command)),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    while process.poll() is None and not list(tmp_path.glob("out.mp4.segments/*.progress")):
        time.sleep(0.01)
    process.kill()
    assert process.communicate()[1] == b""  # once all that could write there have ended


def test_an_error_of_a_worker_is_the_error(film, style, tmp_path):
    work = jobs.Work(film, tmp_path / "out.mp4", Look(str(style)))
    style.unlink()
    with pytest.raises(Exception, match=r"tiny\.onnx") as caught:
        work.paint(engine=two)
    assert "\n" not in str(caught.value)


def test_a_worker_with_another_source_paints_nothing(film, look, tmp_path):
    copy = tmp_path / "film.mp4"
    copy.write_bytes(film.read_bytes())
    work = jobs.Work(copy, tmp_path / "out.mp4", look)
    media_factory.clip(copy, count=FRAMES, group=6)
    with pytest.raises(UsageError, match=r"a worker on .* has another source; install the same"):
        work.paint(engine=two)


def test_errors_travel_as_data():
    error = Failure.of(MediaError("gone")).error()
    assert (type(error), str(error)) == (MediaError, "gone")


def test_the_threads_of_opencv_change_nothing():
    """So a job need not fix them."""
    noise = np.random.default_rng(0).integers(0, 256, (5, 540, 960, 3), np.uint8)
    pictures = [cv2.GaussianBlur(np.roll(noise[0], 3 * i, 1), (0, 0), 3) for i in range(4)]
    results, before = [], cv2.getNumThreads()
    try:
        for threads in (1, 3):
            cv2.setNumThreads(threads)
            steady = Stabiliser("strong", "medium")
            results.append([steady(picture, picture) for picture in pictures])
    finally:
        cv2.setNumThreads(before)
    assert np.array_equal(*results)
