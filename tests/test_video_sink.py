"""A video file appears under its name only when whole, and an interrupted one is kept."""

import errno
import gc
import os
import subprocess
import sys
import textwrap
import weakref
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import media_factory as factory
import numpy as np
import pytest

from realtime_nst.errors import MediaError, RealtimeNstError, TargetExists, UnknownName, UsageError
from realtime_nst.sinks.formats import CODECS, CONTAINERS
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sources.video import VideoSource
from realtime_nst.stream import Frame

HELD = [(codec, suffix) for suffix, kind in CONTAINERS.items() for codec in kind.codecs]


def made(count: int, size=(64, 48), rate=25) -> list[Frame]:
    return [
        Frame(image, index, Fraction(index, rate), 0.0)
        for index, image in enumerate(factory.pictures(count, size))
    ]


def write(sink: VideoSink, frames) -> VideoSink:
    with sink:
        for frame in frames:
            assert sink.write(frame)
    return sink


def read(path: Path) -> list[Frame]:
    with VideoSource(path) as source:
        return list(source)


def interrupt(sink: VideoSink, frames, error=KeyboardInterrupt) -> VideoSink:
    def broken():
        yield from frames
        raise error

    with pytest.raises(error):
        write(sink, broken())
    return sink


@pytest.mark.parametrize(("codec", "suffix"), HELD)
def test_every_codec_in_every_container(tmp_path, codec, suffix):
    frames = made(4, (80, 64))
    write(VideoSink(tmp_path / f"a{suffix}", codec=codec, rate=Fraction(25)), frames)
    got = read(tmp_path / f"a{suffix}")
    assert [frame.pts for frame in got] == [frame.pts for frame in frames]
    for mine, theirs in zip(got, frames, strict=True):
        assert np.abs(mine.image.astype(int) - theirs.image).mean() < 14
    assert os.listdir(tmp_path) == [f"a{suffix}"]


@pytest.mark.parametrize("codec", CODECS)
def test_encoders_are_quiet_and_leave_the_environment_alone(tmp_path, codec, capfd):
    before = dict(os.environ)
    write(VideoSink(tmp_path / "a.mkv", codec=codec), made(40))
    assert dict(os.environ) == before
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("codec", CODECS)
def test_odd_sizes_are_kept(tmp_path, codec):
    sink = write(VideoSink(tmp_path / "a.mkv", codec=codec, rate=Fraction(25)), made(2, (63, 47)))
    assert read(tmp_path / "a.mkv")[0].image.shape == (47, 63, 3)
    assert any("4:4:4" in notice for notice in sink.notices) is not CODECS[codec].odd_sizes


@pytest.mark.parametrize("rate", ["25", "30000/1001", "24000/1001", "12", "60"])
def test_usual_rates_are_exact(tmp_path, rate):
    frames = made(5, rate=Fraction(rate))
    write(VideoSink(tmp_path / "a.mp4", rate=Fraction(rate)), frames)
    assert [frame.pts for frame in read(tmp_path / "a.mp4")] == [frame.pts for frame in frames]


def test_quality_is_used(tmp_path):
    for quality in (10, 40):
        write(VideoSink(tmp_path / f"{quality}.mp4", quality=quality), made(8, (160, 120)))
    assert (tmp_path / "40.mp4").stat().st_size < (tmp_path / "10.mp4").stat().st_size * 0.7


def test_target_appears_only_when_whole(tmp_path):
    path = tmp_path / "a.mp4"
    with VideoSink(path) as sink:
        for frame in made(5):
            sink.write(frame)
            assert not path.exists()
            assert sink.partial.name == "a.partial.mp4"
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_a_finished_sink_is_freed_without_a_collection(tmp_path):
    """Until one, its encoder would keep threads."""
    source = factory.clip(tmp_path / "in.mp4")
    gc.disable()
    try:
        with VideoSource(source) as frames, VideoSink(tmp_path / "out.mp4", source=source) as sink:
            for frame in frames:
                sink.write(frame)
        left = weakref.ref(sink)
        del sink
        assert left() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_no_frames_leave_nothing(tmp_path, error):
    sink = VideoSink(tmp_path / "a.mp4")
    if error:
        interrupt(sink, [], error)
    else:
        write(sink, [])
    assert os.listdir(tmp_path) == []
    assert sink.kept is None


def test_frames_that_repeat_or_go_back_are_skipped_and_said(tmp_path):
    frames = made(6)
    order = [frames[i] for i in (0, 1, 1, 3, 2, 4, 0, 5)]
    sink = write(VideoSink(tmp_path / "a.mp4"), order)
    assert [frame.pts * 25 for frame in read(tmp_path / "a.mp4")] == [0, 1, 3, 4, 5]
    assert sink.skipped == 3
    assert any("3 frames skipped" in notice for notice in sink.notices)


def test_a_change_of_size_is_an_error(tmp_path):
    with pytest.raises(MediaError, match="32x32 came after frames of 64x48"):
        write(VideoSink(tmp_path / "a.mp4"), made(1) + made(2, (32, 32))[1:])


def _there(folder: Path) -> dict:
    (folder / "a.mp4").touch()
    return {"path": folder / "a.mp4"}


def _half_there(folder: Path) -> dict:
    interrupt(VideoSink(folder / "a.mp4"), made(3))
    return {"path": folder / "a.mp4"}


def _itself(folder: Path) -> dict:
    path = factory.clip(folder / "a.mp4", count=1)
    return {"path": path, "source": path, "overwrite": True}


def _with(drop=(), **kind):
    def make(folder: Path) -> dict:
        clip = factory.clip(folder / "in.mkv", count=3, **kind)
        return {"path": folder / "a.mp4", "source": clip, "strict": True, "drop": drop}

    return make


def _to(name: str, **how):
    return lambda folder: {"path": folder / name, **how}


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (_there, TargetExists, "already exists; replace it with `overwrite`"),
        (_half_there, TargetExists, "rename it, or start anew with `overwrite`"),
        (_itself, UsageError, "the input itself"),
        (_to("film"), UsageError, "name the output film.mp4"),
        (_to("a.avi"), UsageError, r"'a.avi' \(choices of suffix: .mp4, .m4v, .mov"),
        (_to("no/a.mp4"), UsageError, "there is no folder"),
        (_to("a.mp4", codec="h624"), UnknownName, "did you mean 'h264'"),
        (_to("a.mp4", codec="prores"), UsageError, r"choices: h264, .*name the output a.mkv"),
        (_to("a.mp4", quality=99), UsageError, "choices: 0, the best, to 51"),
        (_with(sound="aac", drop=["noise"]), UnknownName, "choices: data, other, sound"),
        (_with(subtitles="subrip"), UsageError, r"subtitle \(s.*name the output a.mkv"),
        (_with(attachment=True), UsageError, "attachment.*name the output a.mkv"),
        (_to("a.mp4", source=Path("none.mp4")), UsageError, "no such file"),
    ],
)
def test_bad_requests_are_refused_before_the_work(tmp_path, make, kind, says):
    how = make(tmp_path)
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(RealtimeNstError, match=says) as caught:
        VideoSink(**how)
    assert isinstance(caught.value, kind)
    assert "\n" not in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == before


def test_a_folder_is_no_target(tmp_path):
    (tmp_path / "a.mp4").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        VideoSink(tmp_path / "a.mp4")


def test_read_only_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UsageError, match="read-only"):
        VideoSink(tmp_path / "a.mp4")


def test_absent_encoder_names_those_present(tmp_path, monkeypatch):
    absent = {**CODECS, "h264": type(CODECS["h264"])("libnone", 20, 51, {})}
    monkeypatch.setattr("realtime_nst.sinks.formats.CODECS", absent)
    with pytest.raises(MediaError, match=r"no encoder libnone for h264 \(choices here: h265"):
        VideoSink(tmp_path / "a.mp4")


def test_overwrite_replaces_only_in_the_end(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    interrupt(VideoSink(path, overwrite=True), made(3))
    assert path.read_bytes() == b"old"
    write(VideoSink(path, overwrite=True), made(3))
    assert len(read(path)) == 3
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_a_target_made_meanwhile_is_not_replaced(tmp_path):
    path = tmp_path / "a.mp4"
    sink = VideoSink(path)

    def meanwhile():
        yield from made(3)
        path.write_bytes(b"other")

    with pytest.raises(TargetExists):
        write(sink, meanwhile())
    assert path.read_bytes() == b"other"
    assert sink.kept == sink.partial
    assert len(read(sink.kept)) == 3


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_interrupted_work_is_kept_playable(tmp_path, suffix, error):
    sink = interrupt(VideoSink(tmp_path / f"a{suffix}", rate=Fraction(25)), made(30), error)
    assert os.listdir(tmp_path) == [f"a.partial{suffix}"]
    assert sink.kept == tmp_path / f"a.partial{suffix}"
    assert len(read(sink.kept)) == 30
    assert sink.written_until == Fraction(29, 25)


def test_the_kept_part_has_its_sound(tmp_path):
    clip = factory.clip(tmp_path / "in.mp4", count=50, sound="aac")
    sink = VideoSink(tmp_path / "a.mp4", source=clip)
    interrupt(sink, read(clip)[:25])
    kept = factory.packets(sink.kept, "audio")
    assert kept == factory.packets(clip, "audio")[: len(kept)]
    assert abs(kept[-1][0] - sink.written_until) < Fraction(1, 20)


def killed(target: Path, count: int, size: tuple[int, int]) -> None:
    """What a program that writes ``count`` pictures leaves when it is killed after the last one."""
    program = textwrap.dedent(f"""
        import sys
        from fractions import Fraction
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from media_factory import pictures
        from realtime_nst.sinks.video import VideoSink
        from realtime_nst.stream import Frame
        with VideoSink(Path({str(target)!r}), rate=Fraction(25)) as sink:
            for i, image in enumerate(pictures({count}, {size})):
                sink.write(Frame(image, i, Fraction(i, 25), 0.0))
            print("written", flush=True)
            sys.stdin.read()
    """)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"written\n"
        process.kill()


def painted(source: Path, target: Path, **how) -> Path:
    """``source`` written to ``target``; ``source`` must stay as it was."""
    before = source.read_bytes()
    with VideoSource(source) as frames:
        sink = write(VideoSink(target, source=source, **how), frames)
    assert source.read_bytes() == before
    assert len(read(target)) == len(read(source))
    return sink.partial


@pytest.mark.parametrize("how", [{}, {"overwrite": True}])
def test_the_source_may_have_the_name_of_an_unfinished_file(tmp_path, how):
    clip = factory.clip(tmp_path / "a.partial.mp4", count=50)
    painted(clip, tmp_path / "a.mp4", **how)
    assert sorted(os.listdir(tmp_path)) == ["a.mp4", clip.name]


@pytest.mark.parametrize("how", [{}, {"overwrite": True}])
@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_to_the_source_is_not_written_through(tmp_path, link, how):
    clip = factory.clip(tmp_path / "in.mp4", count=50)
    link(clip, tmp_path / "a.partial.mp4")
    painted(clip, tmp_path / "a.mp4", **how)
    assert (tmp_path / "a.partial.mp4").samefile(clip)


def test_an_earlier_part_that_is_now_the_source_is_no_earlier_run(tmp_path):
    kept = interrupt(VideoSink(tmp_path / "a.mp4"), made(120)).kept
    assert painted(kept, tmp_path / "a.mp4", overwrite=True).name == "a.partial-2.mp4"


@pytest.mark.parametrize("how", [{}, {"overwrite": True}])
def test_a_dangling_link_is_not_followed(tmp_path, how):
    link = tmp_path / "a.partial.mp4"
    link.symlink_to(tmp_path / "elsewhere.mp4")
    write(VideoSink(tmp_path / "a.mp4", **how), made(3))
    assert link.is_symlink()
    assert sorted(os.listdir(tmp_path)) == sorted(["a.mp4", link.name])


@pytest.mark.parametrize("how", [{}, {"overwrite": True}])
def test_a_file_of_that_name_that_another_program_wrote_is_left_alone(tmp_path, how):
    other = factory.clip(tmp_path / "a.partial.mp4", count=3)
    before = other.read_bytes()
    write(VideoSink(tmp_path / "a.mp4", **how), made(3))
    assert other.read_bytes() == before


def test_a_dangling_link_at_the_target_counts_as_there(tmp_path):
    (tmp_path / "a.mp4").symlink_to(tmp_path / "elsewhere.mp4")
    with pytest.raises(TargetExists):
        VideoSink(tmp_path / "a.mp4")


@pytest.mark.parametrize("how", [{}, {"overwrite": True}])
def test_two_runs_cannot_share_an_output(tmp_path, how):
    pytest.importorskip("fcntl")
    frames, target = made(130), tmp_path / "a.mp4"
    late = VideoSink(target, **how)
    with VideoSink(target) as first:
        first.write(frames[0])
        with pytest.raises(TargetExists, match=r"another run is writing .*a\.partial\.mp4"):
            VideoSink(target, **how)
        with pytest.raises(TargetExists, match="another run is writing"):
            write(late, frames)
        for frame in frames[1:]:
            first.write(frame)
    assert len(read(target)) == 130
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_a_part_that_another_run_has_kept_meanwhile_is_not_lost(tmp_path):
    late = VideoSink(tmp_path / "a.mp4")
    kept = interrupt(VideoSink(tmp_path / "a.mp4"), made(5)).kept
    with pytest.raises(TargetExists, match="earlier run"):
        write(late, made(3))
    assert len(read(kept)) == 5


@pytest.mark.parametrize("how", [{}, {"overwrite": True}])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_a_run_that_was_killed_at_once_is_no_earlier_run(tmp_path, suffix, how):
    target = tmp_path / f"a{suffix}"
    killed(target, 8, (64, 48))
    assert (tmp_path / f"a.partial{suffix}").stat().st_size < 100
    write(VideoSink(target, **how), made(3))
    assert os.listdir(tmp_path) == [target.name]


def test_paths_may_be_strings(tmp_path):
    clip = factory.clip(tmp_path / "in.mp4", count=3)
    with VideoSource(str(clip)) as source:
        write(VideoSink(str(tmp_path / "a.mp4"), source=str(clip)), source)
    assert len(read(tmp_path / "a.mp4")) == 3


def test_a_full_disk_is_one_line_and_the_part_plays(tmp_path):
    """A limit on the size of files stands in for the disk: the same write fails the same way."""
    resource = pytest.importorskip("resource")
    noise = np.random.default_rng(0)
    frames = (
        Frame(noise.integers(0, 256, (96, 128, 3), np.uint8), i, Fraction(i, 25), 0.0)
        for i in range(400)
    )
    sink = VideoSink(tmp_path / "a.mp4", rate=Fraction(25))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, hard))
    try:
        with pytest.raises(MediaError, match="cannot be written: File too large") as caught:
            write(sink, frames)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(caught.value)
    got = read(sink.kept)
    assert len(got) > 25
    assert sink.written_until == got[-1].pts


def test_no_space_left_names_the_remedy(tmp_path, monkeypatch):
    sink, frame = VideoSink(tmp_path / "a.mp4"), made(1)[0]

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("realtime_nst.sinks._mux.av.open", full)
    with pytest.raises(MediaError, match=r"no space left for .*; free some"):
        write(sink, [frame])
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("suffix", "remedy"), [(".mp4", "name the output a.mkv"), (".mkv", "convert the input")]
)
def test_what_ffmpeg_refuses_is_said_with_a_remedy(tmp_path, monkeypatch, suffix, remedy):
    sink, frame = VideoSink(tmp_path / f"a{suffix}"), made(1)[0]

    def refused(*_, **__):
        raise av.error.InvalidDataError(errno.EINVAL, "Invalid data found")

    monkeypatch.setattr("realtime_nst.sinks._mux.av.open", refused)
    with pytest.raises(MediaError, match=rf"FFmpeg .*Invalid data found.*; {remedy}"):
        write(sink, [frame])


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_killed_program_leaves_a_part_that_plays(tmp_path, suffix):
    killed(tmp_path / f"a{suffix}", 600, (160, 120))
    assert len(read(tmp_path / f"a.partial{suffix}")) > 100


def test_memory_does_not_grow_with_the_sound(tmp_path):
    """The muxer may wait for neither stream: both reach it in step."""
    clip = factory.clip(tmp_path / "in.mkv", count=400, size=(32, 32), sound="pcm_s16le")
    sink, sizes = VideoSink(tmp_path / "a.mkv", source=clip), []
    with VideoSource(clip) as source, sink:
        for frame in source:
            sink.write(frame)
            sizes.append(sink.partial.stat().st_size if sink.partial.exists() else 0)
    assert sizes[-1] > 0.7 * (tmp_path / "a.mkv").stat().st_size


@pytest.mark.parametrize("count", [1, 2, 3, 40])
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_decoding_times_are_in_order_and_before_showing(tmp_path, codec, count):
    write(VideoSink(tmp_path / "a.mp4", codec=codec), made(count))
    with av.open(str(tmp_path / "a.mp4")) as container:
        order = [(p.dts, p.pts) for p in container.demux(video=0) if p.size]
    assert all(a[0] < b[0] for a, b in pairwise(order))
    assert all(dts <= pts for dts, pts in order)
    assert len(read(tmp_path / "a.mp4")) == count


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gets real-time priority"
)
def test_av1_leaves_the_process_its_priority(tmp_path):
    """SVT-AV1 would take the highest of all for itself and the thread that opens it."""
    with VideoSink(tmp_path / "a.mp4", codec="av1", rate=Fraction(25)) as sink:
        sink.write(made(1, (64, 64))[0])
        threads = os.listdir("/proc/self/task")
        priorities = {os.sched_getscheduler(int(thread)) for thread in threads}
    assert priorities == {os.SCHED_OTHER}
