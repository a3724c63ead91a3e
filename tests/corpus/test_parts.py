"""A part of a film, from ``start`` to ``end``: all that is in it is cut alike, to the frame."""

from fractions import Fraction

import av
import making
import media_factory as factory
import pytest

from realtime_nst.errors import UsageError
from realtime_nst.media.span import Span
from realtime_nst.sinks import _cut
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sources.video import VideoSource, from_frame_on

CLOCKS = {
    "even": making.clip("a.mp4", count=100, sound="aac", group=12, options={"bf": "2"}),
    "late": making.stream(offset=3000, count=100),
    "late-to-mkv": making.stream(offset=3000, count=100),
    "joined": making.twice(making.stream("0.ts", count=50)),
    "avi": making.clip("a.avi", codec="mpeg4", options={"bf": "2"}, count=100, group=12),
    "mkv": making.clip("a.mkv", count=100, sound="libopus", group=12),
}

TO_MATROSKA = [CLOCKS["mkv"], CLOCKS["late-to-mkv"]]


def painted(source, target, span, **how):
    sink = VideoSink(target, source=source, span=span, **how)
    with VideoSource(source, span=span) as frames, sink:
        for frame in frames:
            sink.write(frame)
    return frames, sink


def shown(path):
    with VideoSource(path) as frames:
        return [(frame.pts, making.number_of(frame.image)) for frame in frames]


@pytest.mark.parametrize("span", [(Fraction(41, 20), 3), (3, None), (0, 2)], ids=str)
@pytest.mark.parametrize("make", CLOCKS.values(), ids=CLOCKS)
def test_frames_and_sound_begin_at_0(tmp_path, monkeypatch, make, span):
    monkeypatch.setattr(_cut, "_EARLIER", 1)  # so that short films are read from the middle, too
    source, target = (
        make(tmp_path),
        tmp_path / f"result.{'mkv' if make in TO_MATROSKA else 'mp4'}",
    )
    whole = shown(source)
    span = from_frame_on(source, Span(Fraction(span[0]), span[1] and Fraction(span[1])))
    frames, _ = painted(source, target, span)
    wanted = [(pts - span.start, number) for pts, number in whole if pts in span]
    assert wanted[0][0] == 0 or not span.start
    found = shown(target)
    assert [number for _, number in found] == [number for _, number in wanted]
    rounding = Fraction(1, 1000) if make in TO_MATROSKA else 0
    assert all(abs(is_at[0] - at[0]) <= rounding for is_at, at in zip(found, wanted, strict=True))
    assert frames.faults.message == ""
    if make is not CLOCKS["avi"]:
        check_sound(source, target, span)


def check_sound(source, target, span):
    """Nothing is known of the clock of ``source`` but what the whole of it becomes."""
    whole = target.with_stem("whole")
    painted(source, whole, Span())
    heard = [
        (pts - span.start, data)
        for pts, data in factory.packets(whole, "audio")
        if span.start <= pts < (span.end or 1000)
    ]
    result = [packet for packet in factory.packets(target, "audio") if packet[0] >= 0]
    assert [data for _, data in result] == [data for _, data in heard]
    assert all(
        abs(found[0] - right[0]) <= Fraction(1, 1000)
        for found, right in zip(result, heard, strict=True)
    )


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_subtitles_are_shortened(tmp_path, suffix):
    source = making.clip(f"a{suffix}", subtitles="mov_text" if suffix == ".mp4" else "subrip")
    source, target = source(tmp_path), tmp_path / f"result{suffix}"
    painted(source, target, Span(Fraction(1, 5), Fraction(3, 5)))
    making.check_subtitles([(0, 0.1), (0.3, 0.4)])(source, target)


def test_subtitles_do_not_lengthen_a_part(tmp_path):
    source, target = making.subtitles([(1, 3), (4, 5), (5.5, 9.5)])(tmp_path), tmp_path / "b.mp4"
    painted(source, target, Span(Fraction(2), Fraction(6)))
    making.check_subtitles([(0, 1), (2, 3), (3.5, 4)])(source, target)
    with av.open(str(target)) as container:
        assert abs(Fraction(container.duration, 1_000_000) - 4) < Fraction(1, 50)


def test_chapters_and_time_code_go_along(tmp_path):
    source = making.clip("a.mp4", count=50, tags=True)(tmp_path)
    painted(source, tmp_path / "b.mp4", Span(Fraction(1, 5), Fraction(3, 5)))
    with av.open(str(tmp_path / "b.mp4")) as container:
        times = [
            (chapter["start"] * chapter["time_base"], chapter["end"] * chapter["time_base"])
            for chapter in container.chapters()
        ]
    assert times == [(0, Fraction(1, 5)), (Fraction(1, 5), Fraction(2, 5))]
    recording = making.time_code("t.mov")(tmp_path)
    painted(recording, tmp_path / "t2.mov", Span(Fraction(2, 5)))
    making.check_time_code("01:02:03:14")(recording, tmp_path / "t2.mov")


def test_further_videos_begin_with_a_key_frame(tmp_path):
    source = making.two_videos(tmp_path, gap=5)
    painted(source, tmp_path / "b.mp4", Span(Fraction(7, 25), Fraction(18, 25)))
    with av.open(str(tmp_path / "b.mp4")) as container:
        other = container.streams.video[1]
        packets = [packet for packet in container.demux(other) if packet.size]
    assert packets[0].is_keyframe
    assert sorted(p.pts * p.time_base for p in packets) == [Fraction(n, 25) for n in range(3, 11)]


def test_a_cover_stays(tmp_path):
    source = making.clip("a.mp4", cover=True)(tmp_path)
    painted(source, tmp_path / "b.mp4", Span(Fraction(1, 5), Fraction(3, 5)))
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert [bool(s.disposition & 1024) for s in container.streams.video] == [False, True]


def test_a_frame_that_holds_ends_with_the_part(tmp_path):
    source = making.gif((5, 200, 50))(tmp_path)
    painted(source, tmp_path / "b.mp4", Span(Fraction(1, 20), Fraction(21, 20)))
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert abs(Fraction(container.duration, 1_000_000) - 1) < Fraction(1, 50)


def test_what_is_damaged_elsewhere_is_not_counted(tmp_path):
    source = making.clip("a.mp4", count=60, group=12, size=(160, 120))(tmp_path)
    factory.damage(source, [3, 50])
    frames, _ = painted(source, tmp_path / "b.mp4", Span(Fraction(1), Fraction(9, 5)))
    assert frames.faults.message == ""
    assert len(shown(tmp_path / "b.mp4")) == 20


def test_a_part_without_frames_is_refused(tmp_path):
    source = making.clip("a.mp4")(tmp_path)
    for span, said in (
        (Span(Fraction(5)), "last one is at 0:00:00.760"),
        (Span(Fraction(1, 100), Fraction(2, 100)), "the next one is at 0:00:00.040"),
    ):
        with pytest.raises(UsageError, match=said):
            from_frame_on(source, span)
