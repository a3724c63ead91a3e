"""Interrupted and resumed, a film is the same as in one run, whatever its clock does."""

import making
import media_factory as factory
import pytest

from realtime_nst.sinks.video import VideoSink
from realtime_nst.sources.video import VideoSource

CLOCKS = {
    "late": making.stream(offset=3000, count=150),
    "joined": making.twice(making.stream("0.ts", count=75)),
    "avi": making.clip("a.avi", codec="mpeg4", options={"bf": "2"}, count=150, group=12),
    "even": making.clip("a.mp4", count=150, sound="aac"),
}


@pytest.mark.parametrize("make", CLOCKS.values(), ids=CLOCKS)
def test_two_runs_are_one(tmp_path, make):
    source, whole, target = make(tmp_path), tmp_path / "whole.mp4", tmp_path / "result.mp4"
    with VideoSource(source) as frames, VideoSink(whole, source=source) as sink:
        for frame in frames:
            sink.write(frame)
    with pytest.raises(KeyboardInterrupt):
        interrupted(source, target)
    sink = VideoSink(target, source=source, resume=True)
    assert sink.resume_from > 1
    with VideoSource(source, start=sink.resume_from) as frames, sink:
        for frame in frames:
            sink.write(frame)
    assert shown(target) == shown(whole)
    assert [number for _, number in shown(whole)] == [n for _, n in shown(source)]
    if make is not CLOCKS["avi"]:
        assert factory.packets(target, "audio") == factory.packets(whole, "audio")


def interrupted(source, target):
    with VideoSource(source) as frames, VideoSink(target, source=source) as sink:
        for frame in frames:
            if frame.index == 130:
                raise KeyboardInterrupt
            sink.write(frame)


def shown(path):
    with VideoSource(path) as frames:
        return [(frame.pts, making.number_of(frame.image)) for frame in frames]
