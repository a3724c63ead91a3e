"""``pipeline.run``: order, loss, errors from every part, and that nothing survives it."""

import gc
import os
import signal
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from realtime_nst import pipeline
from realtime_nst.errors import MediaError
from realtime_nst.pipeline import Report
from realtime_nst.sinks.null import NullSink
from realtime_nst.stream import Frame, StreamInfo, Unmanaged


class Numbers:
    """A source of ``count`` tiny frames; ``between(index)`` is called before each."""

    def __init__(self, count, *, live=False, between=lambda index: None):
        self.info = StreamInfo(4, 4, Fraction(30), count, live)
        self._between = between

    def __iter__(self):
        for index in range(self.info.frames):
            self._between(index)
            image = np.full((4, 4, 3), index % 256, np.uint8)
            yield Frame(image, index, Fraction(index, 30), time.monotonic())


class Keep(NullSink):
    def __init__(self, act=lambda frame: True):
        super().__init__()
        self.indices, self._act = [], act

    def write(self, frame):
        self.indices.append(frame.index)
        super().write(frame)
        return self._act(frame)


class Each:
    """A stage that calls ``act`` on each frame and passes the frame on."""

    def __init__(self, act):
        self._act = act

    def __call__(self, frame):
        self._act(frame)
        return frame

    def reset(self):
        pass


def _fail_at(number, error):
    def act(frame_or_index):
        if getattr(frame_or_index, "index", frame_or_index) == number:
            raise error
        return True

    return act


def _run_within(seconds, *arguments):
    """``run`` on the caller's thread; fails when it takes longer than ``seconds`` to come back."""
    began = time.monotonic()
    try:
        return pipeline.run(*arguments)
    finally:
        assert time.monotonic() - began < seconds


def test_a_file_loses_nothing_and_keeps_the_order_however_slow_the_parts():
    pauses = [0.0, 0.003, 0.0, 0.001]
    sink = Keep(lambda frame: time.sleep(pauses[frame.index % 4]) or True)
    stage = Each(lambda frame: time.sleep(pauses[(frame.index + 1) % 4]))
    report = pipeline.run(Numbers(60), [stage], sink)
    assert sink.indices == list(range(60))
    assert (report.frames, report.dropped) == (60, 0)


def test_a_large_frame_is_made_when_those_before_it_are_written_and_gone(monkeypatch):
    monkeypatch.setattr(pipeline, "_MOST_AT_ONCE", 48)  # bytes of one frame
    made, alive = [], []

    def look_back(_index):
        until = time.monotonic() + 5  # a thread may not have left its last step yet
        while any(frame() is not None for frame in made) and time.monotonic() < until:
            time.sleep(0.001)
        alive.append(sum(frame() is not None for frame in made))

    class Watched(Numbers):
        def __iter__(self):
            return map(watched, super().__iter__())

    def watched(frame):
        image = frame.image.copy()
        made.append(weakref.ref(image))
        return replace(frame, image=image)

    class Counting(Unmanaged):
        def write(self, frame):
            return True

    report = pipeline.run(Watched(4, between=look_back), [Each(lambda frame: None)], Counting())
    assert (report.frames, alive) == (4, [0] * 4)


def test_a_live_source_is_not_waited_for_and_the_newest_frame_wins():
    last_out = threading.Event()

    def release_at_end(index):
        if index == 49:
            last_out.set()

    sink = Keep(lambda frame: last_out.wait(5))
    report = pipeline.run(Numbers(50, live=True, between=release_at_end), [], sink)
    assert sink.indices == sorted(set(sink.indices))
    assert sink.indices[-1] == 49
    assert report.dropped > 0
    assert report.frames + report.dropped == 50


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("part", ["source", "stage", "sink", "on_frame"])
def test_an_error_in_any_part_surfaces_in_the_caller(part, live):
    def fail(_):
        raise MediaError(f"{part} broke")

    act = {name: (lambda _: True) for name in ("source", "stage", "sink", "on_frame")} | {
        part: fail
    }
    source = Numbers(1000, live=live, between=act["source"])
    with pytest.raises(MediaError, match=f"{part} broke"):
        _run_within(5, source, [Each(act["stage"])], Keep(act["sink"]), act["on_frame"])


@pytest.mark.parametrize("part", ["source", "stage", "sink"])
def test_a_run_that_fails_leaves_nothing_to_the_garbage_collector(part):
    def fail(_):
        raise MediaError("torn")

    def run_once():
        acts = {name: (lambda _: True) for name in ("source", "stage", "sink")} | {part: fail}
        stage = Each(acts["stage"])
        with suppress(MediaError):
            pipeline.run(Numbers(20, between=acts["source"]), [stage], Keep(acts["sink"]))
        return weakref.ref(stage)

    gc.collect()
    gc.disable()
    try:
        assert run_once()() is None
    finally:
        gc.enable()


def test_frames_before_an_error_in_a_file_are_written():
    sink = Keep()
    with pytest.raises(MediaError):
        pipeline.run(Numbers(20, between=_fail_at(7, MediaError("torn"))), [], sink)
    assert sink.indices == list(range(7))


def test_a_stage_that_raises_does_not_leave_a_waiting_source_hanging():
    with pytest.raises(ZeroDivisionError):
        _run_within(5, Numbers(10_000), [Each(lambda frame: 1 / 0)], Keep())


def test_ctrl_c_while_the_sink_works_ends_everything():
    with pytest.raises(KeyboardInterrupt):
        _run_within(5, Numbers(10_000), [], Keep(_fail_at(3, KeyboardInterrupt())))


@pytest.mark.skipif(os.name != "posix", reason="sends the signal of Ctrl-C")
def test_ctrl_c_while_waiting_for_a_frame_ends_everything():
    written = threading.Event()

    def interrupt(index):
        if index == 1:
            assert written.wait(5)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)

    sink = Keep(lambda frame: written.set() or True)
    with pytest.raises(KeyboardInterrupt):
        _run_within(5, Numbers(10_000, live=True, between=interrupt), [], sink)


def test_a_sink_that_says_stop_stops():
    sink = Keep(lambda frame: frame.index < 9)
    report = pipeline.run(Numbers(10_000), [], sink)
    assert sink.indices == list(range(10))
    assert report.frames == 10


def test_stages_run_in_order_on_one_thread():
    seen = []

    def note(name):
        return Each(lambda frame: seen.append((frame.index, name, threading.get_ident())))

    pipeline.run(Numbers(3), [note("a"), note("b")], NullSink())
    assert [entry[:2] for entry in seen] == [(i, name) for i in range(3) for name in "ab"]
    assert len({entry[2] for entry in seen}) == 1


def test_an_empty_source_gives_an_empty_report():
    report = pipeline.run(Numbers(0), [], NullSink())
    assert (report.frames, report.fps, report.latency(50)) == (0, 0.0, 0.0)


def test_the_report_counts_and_names_what_took_time():
    reports = []
    report = pipeline.run(
        Numbers(4), [Each(lambda frame: None)], NullSink(), lambda r: reports.append(r.frames)
    )
    assert reports == [1, 2, 3, 4]
    assert set(report.busy) == {"source", "Each", "sink"}
    assert len(report.latencies) == 4
    assert all(latency >= 0 for latency in report.latencies)


def test_report_arithmetic():
    report = Report(frames=30, seconds=1.5, latencies=[0.01, 0.02, 0.03, 0.04, 0.05])
    assert report.fps == 20
    assert report.latency(50) == pytest.approx(0.03)
    assert report.latency(0) == pytest.approx(0.01)
    assert report.latency(95) == pytest.approx(0.048)


def test_a_thread_that_cannot_start_leaves_none_behind(monkeypatch):
    start = threading.Thread.start

    def refuse_the_second(thread):
        if thread.name.endswith("stylise"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_the_second)
    try:
        with pytest.raises(RuntimeError, match="new thread"):
            pipeline.run(Numbers(100), [], NullSink())
        assert not [t for t in threading.enumerate() if t.name == "realtime_nst-capture"]
    finally:
        for thread in threading.enumerate():
            if thread.name == "realtime_nst-capture":
                thread.join(0.1)


@pytest.mark.skipif(os.name != "posix", reason="sends the signal of Ctrl-C")
def test_ctrl_c_while_the_threads_start_ends_everything(monkeypatch):
    start = threading.Thread.start

    def interrupted(thread):
        start(thread)
        if thread.name.endswith("capture"):
            raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pipeline.run(Numbers(100), [], NullSink())
