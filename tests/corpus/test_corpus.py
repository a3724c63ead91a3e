"""Every kind of file of the table comes out right, or with the notice it asks for."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from kinds import KINDS, Kind
from making import number_of

from realtime_nst.pipeline import run
from realtime_nst.runtime.stages import Resize
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sizes import parse_size
from realtime_nst.sources.video import VideoSource


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_kind(tmp_path, kind):
    source, result = kind.make(tmp_path), tmp_path / f"result{kind.to}"
    check_notices(kind, painted(source, result, **kind.how))
    check_pictures(kind, result)
    check_streams(kind, result)
    for check in kind.checks:
        check(source, result)


def painted(source: Path, result: Path, resize=None, deinterlace=False, **how) -> list[str]:
    """Everything that is said."""
    stages = [Resize(parse_size("{}x{}".format(*resize)))] if resize else []
    sink = VideoSink(result, source=source, **how)
    with VideoSource(source, kept=sink.pixels, deinterlace=deinterlace) as frames, sink:
        run(frames, stages, sink)
    return [*frames.notices, *sink.notices, *filter(None, [frames.faults.message])]


def check_notices(kind: Kind, notices: list[str]) -> None:
    assert len(notices) == len(kind.notices), notices
    for part in kind.notices:
        assert any(part in notice for notice in notices), notices


def check_pictures(kind: Kind, result: Path) -> None:
    with VideoSource(result) as source:
        frames = list(source)
    assert len(frames) == kind.frames
    times = np.array([float(frame.pts) for frame in frames])
    assert (np.diff(times) > 0).all()
    assert times[0] < 0.12, "the film starts at 0"
    if kind.times:
        wanted = np.array(kind.times, float)
        assert np.allclose((times - times[0])[: len(wanted)], wanted, atol=0.002)
    assert np.diff(times).max(initial=0) < (2.1 if kind.length else 0.2), "no gap"
    assert frames[0].image.shape[1::-1] == kind.size
    if kind.pictures is not None:
        numbers = [number_of(frame.image) for frame in frames]
        assert numbers == list(kind.pictures or range(kind.frames))


def check_streams(kind: Kind, result: Path) -> None:
    with av.open(str(result)) as container:
        video = container.streams.video[0]
        if kind.rate:
            assert video.average_rate == kind.rate
        if kind.length:
            assert abs(Fraction(container.duration, 1_000_000) - kind.length) < Fraction(1, 100)
        sound = [stream.codec_context.name for stream in container.streams.audio]
        assert sound == ([kind.sound] if kind.sound else [])
        assert container.duration is None or container.duration < 12_000_000
    if kind.sound:
        with av.open(str(result)) as container:
            heard = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
            assert heard > 0.4
