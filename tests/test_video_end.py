"""A film lasts until its last frame has been shown, in whatever order frames are decoded."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from realtime_nst.sinks.video import VideoSink
from realtime_nst.stream import Frame

RATE = Fraction(24)
PATTERNS = {
    "one": [0],
    "two": [0, 3],
    "even": [*range(48)],
    "gap after the first": [0, *range(2, 48)],
    "gap before the last": [*range(47), 50],
    "late": [*range(7, 55)],
    "late with a gap": [3, 9, *range(10, 57)],
    "bursts": [*range(20), *range(40, 60), *range(90, 95)],
    "sparse": [0, 10, 20, 30, 31, 32, 33, 75, 76, 77],
    "uneven": [i + i // 3 + i // 7 for i in range(60)],
    "cut by a fragment": [0, *range(2, 97)],
}
ENDS = [
    pytest.param(codec, suffix, id=f"{codec}{suffix}")
    for codec, suffix in (("h264", ".mp4"), ("h264", ".mov"), ("h265", ".mp4"), ("vp9", ".mp4"))
]


def film(ticks: list[int]) -> list[Frame]:
    """A texture that glides, which encoders code with many B-frames."""
    texture = np.random.default_rng(0).integers(0, 255, (16, 20, 3), np.uint8)
    texture = texture.repeat(4, 0).repeat(4, 1)
    return [
        Frame(np.roll(texture, 3 * pts, 1), index, pts / RATE, 0.0)
        for index, pts in enumerate(ticks)
    ]


def interrupt(sink: VideoSink, frames: list[Frame]) -> None:
    def broken():
        yield from frames
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(sink, broken())


def write(sink: VideoSink, frames: Iterable[Frame]) -> None:
    with sink:
        for frame in frames:
            sink.write(frame)


def check_end(path: Path, ticks: list[int]) -> None:
    """Decoded by default options, edit lists applied, every frame is there and the last one too."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert not any(packet.is_discard for packet in packets)
        length = stream.duration * stream.time_base * RATE
    with av.open(str(path)) as container:
        shown = [frame.pts * frame.time_base * RATE for frame in container.decode(video=0)]
    assert shown == ticks
    assert length == ticks[-1] + 1 - ticks[0]


@pytest.mark.parametrize("ticks", PATTERNS.values(), ids=PATTERNS)
@pytest.mark.parametrize(("codec", "suffix"), ENDS)
def test_the_last_frame_is_shown(tmp_path, codec, suffix, ticks):
    write(VideoSink(tmp_path / f"a{suffix}", rate=RATE, codec=codec), film(ticks))
    check_end(tmp_path / f"a{suffix}", ticks)


@pytest.mark.parametrize("ticks", PATTERNS.values(), ids=PATTERNS)
@pytest.mark.parametrize(("codec", "suffix"), ENDS[:3])
def test_the_last_frame_of_an_interrupted_film_is_shown(tmp_path, codec, suffix, ticks):
    sink = VideoSink(tmp_path / f"a{suffix}", rate=RATE, codec=codec)
    interrupt(sink, film(ticks))
    assert sink.kept is not None
    check_end(sink.kept, ticks)
