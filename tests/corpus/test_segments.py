"""Every kind of film of the table, painted in short segments, is the same as in one go."""

import os
from fractions import Fraction

import av
import jobs_factory as jobs
import making
import model_factory
import numpy as np
import pytest
from kinds import KINDS
from test_corpus import check_pictures, check_streams, painted

from realtime_nst.look import Look
from realtime_nst.media.span import Span
from realtime_nst.paint import Paint
from realtime_nst.runtime.networks import Networks
from realtime_nst.sources.video import VideoSource, from_frame_on


class Leading(Paint):
    """Shows the source, and is led in as if it remembered."""

    lead_in = 3


@pytest.fixture(scope="module")
def style(once):
    made = once(
        "style", lambda at: model_factory.write_style(at / "a.onnx", card=model_factory.card())
    )
    return made / "a.onnx"


@pytest.fixture(autouse=True)
def short():
    with jobs.short_segments(4, 8):
        yield


def in_segments(source, result, style, resize=None, **how):
    size = "{}x{}".format(*resize) if resize else ""
    look = Look(str(style), strength=0.0, stabilise="off", size=size)
    painting = Leading(look, Networks("cpu"))
    return jobs.Work(source, result, look, painting=painting, **how)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_kind(tmp_path, kind, style):
    (tmp_path / "plain").mkdir()
    source, result = kind.make(tmp_path), tmp_path / f"result{kind.to}"
    plain = tmp_path / "plain" / result.name
    said = painted(source, plain, **kind.how)
    work = in_segments(source, result, style, **kind.how)
    assert sorted(work.paint()) == sorted(said)
    check_pictures(kind, result)
    check_streams(kind, result)
    check_same(plain, result)
    for check in kind.checks:
        check(source, result)
    assert not [name for name in os.listdir(tmp_path) if "segments" in name or "partial" in name]


def check_same(one, two):
    with VideoSource(one) as first, VideoSource(two) as second:
        for a, b in zip(first, second, strict=True):
            assert a.pts == b.pts
            assert np.abs(a.image.astype(int) - b.image).mean() < 4
    for kind in ("audio", "subtitle"):
        assert packets(one, kind) == packets(two, kind)


def packets(path, kind):
    with av.open(str(path)) as container:
        streams = [stream for stream in container.streams if stream.type == kind]
        found = container.demux(streams) if streams else ()
        return [(p.stream_index, p.pts, p.dts, bytes(p)) for p in found]


CLOCKS = {
    "late": making.stream(offset=3000, count=60),
    "joined": making.twice(making.stream("0.ts", count=30)),
    "avi": making.clip("a.avi", codec="mpeg4", options={"bf": "2"}, count=60, group=12),
    "even": making.clip("a.mp4", count=60, sound="aac", group=12, options={"bf": "2"}),
}


@pytest.mark.parametrize("span", [Span(Fraction(1, 2), Fraction(2)), Span(Fraction(1))], ids=str)
@pytest.mark.parametrize("make", CLOCKS.values(), ids=CLOCKS)
def test_a_part_in_two_runs(tmp_path, make, style, span):
    source, whole, result = make(tmp_path), tmp_path / "whole.mp4", tmp_path / "result.mp4"
    span = from_frame_on(source, span)
    in_segments(source, whole, style, span=span).paint()
    with pytest.raises(KeyboardInterrupt):
        in_segments(source, result, style, span=span).paint(stop=25)
    work = in_segments(source, result, style, span=span)
    work.paint()
    assert work.before > 0 or len(work.job.segments) == 1
    assert result.read_bytes() == whole.read_bytes()
    with VideoSource(source, span=span) as frames, VideoSource(result) as painted:
        assert [making.number_of(f.image) for f in frames] == [
            making.number_of(f.image) for f in painted
        ]
