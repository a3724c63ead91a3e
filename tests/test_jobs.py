"""A film painted in segments is the film painted in one go, and goes on where it was stopped."""

import json
import os
import shutil
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import jobs_factory as jobs
import media_factory
import model_factory
import numpy as np
import pytest

from realtime_nst import pipeline
from realtime_nst.errors import MediaError, TargetExists
from realtime_nst.jobs.job import Job
from realtime_nst.jobs.plan import Lengths, plan
from realtime_nst.look import Look
from realtime_nst.media.frame_index import FrameIndex, frame_index
from realtime_nst.media.span import Span
from realtime_nst.paint import Paint
from realtime_nst.runtime.networks import Networks
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sources.video import VideoSource

FRAMES = 96
TICK = Fraction(1, 25)


def shown(path):
    with VideoSource(path) as source:
        return list(source)


def check_alike(one, two, difference=6.0):
    """The same times and sound, and pictures that look the same."""
    first, second = shown(one), shown(two)
    assert [frame.pts for frame in first] == [frame.pts for frame in second]
    for a, b in zip(first, second, strict=True):
        assert np.abs(a.image.astype(int) - b.image).mean() < difference
    assert media_factory.packets(one, "audio") == media_factory.packets(two, "audio")


@pytest.fixture(scope="module")
def made(once):
    """A film, and what it is painted to by ``look``."""

    def make(folder):
        film, style = folder / "film.mp4", folder / "tiny.onnx"
        how = {"sound": "aac", "tags": True, "group": 6, "options": {"bf": "2"}}
        media_factory.clip(film, count=FRAMES, **how)
        model_factory.write_style(style, card=model_factory.card())
        with jobs.short_segments(30, 50):
            jobs.Work(film, folder / "whole.mp4", Look(str(style), stabilise="off")).paint()

    return once("painted-in-segments", make)


@pytest.fixture
def film(made):
    return made / "film.mp4"


@pytest.fixture
def whole(made):
    return made / "whole.mp4"


@pytest.fixture
def look(made):
    return Look(str(made / "tiny.onnx"), stabilise="off")


@pytest.fixture
def steady(made):
    return Look(str(made / "tiny.onnx"))


@pytest.fixture(autouse=True)
def short():
    with jobs.short_segments(shortest=30, longest=50):
        yield


def index(count, every, **how):
    return FrameIndex(range(count), Fraction(1, 25), range(0, count, every), **how)


class TestPlan:
    @pytest.mark.parametrize("count", [1, 59, 60, 61, 99, 100, 1234])
    @pytest.mark.parametrize("every", [1, 7, 55, 5000])
    @pytest.mark.parametrize("seeks", [True, False])
    def test_every_frame_is_in_one_segment(self, count, every, seeks):
        segments = plan(index(count, every, seeks=seeks), 5, TICK, Lengths(30, 50))
        assert sum(segment.frames for segment in segments) == count
        assert (segments[0].start, segments[-1].end) == (None, None)
        for one, two in pairwise(segments):
            assert one.end == two.start
            assert one.end * 25 % every == 0
            assert two.start - two.lead_in == Fraction(5, 25)
        assert all(segment.frames >= 30 for segment in segments[1:])
        if every <= 7 and seeks:
            assert max(segment.frames for segment in segments) < 75
        assert seeks or len(segments) <= 4

    def test_a_key_frame_that_comes_early_is_a_cut(self):
        film = FrameIndex(range(100), Fraction(1, 25), [0, 12, 24, 36, 41, 53, 65, 77, 89])
        first, *_ = plan(film, 5, TICK, Lengths(30, 50))
        assert first.end == Fraction(41, 25)

    def test_what_needs_all_frames_before_is_one_segment(self):
        assert len(plan(index(1000, 5), None, TICK, Lengths(30, 50))) == 1
        assert len(plan(None, 5, TICK, Lengths(30, 50))) == 1

    @pytest.mark.parametrize(("count", "segments"), [(600, 1), (700, 2), (1500, 3), (9000, 12)])
    def test_a_short_film_has_short_segments(self, count, segments):
        """Of key frames every 25 frames; what leads in stays below a twentieth."""
        found = plan(index(count, 25), 26, TICK, Lengths())
        assert len(found) == segments
        assert 26 * (segments - 1) < count / 20

    def test_two_frames_of_one_tick_are_in_one_segment(self):
        """Of the two only the first is shown, whoever paints it."""
        ticks = sorted([*range(0, 4000, 40), *range(1, 4000, 200)])
        film = FrameIndex(ticks, Fraction(1, 1000), range(len(ticks)))
        for segment in plan(film, 5, TICK, Lengths(30, 50))[1:]:
            assert segment.start * 1000 % 200 != 1

    def test_nothing_leads_in_before_the_part_that_is_painted(self):
        segments = plan(index(100, 10), 45, TICK, Lengths(30, 50))
        assert [segment.lead_in for segment in segments[:2]] == [None, None]

    def test_a_part_is_cut_by_its_own_frames(self, film):
        span = Span(Fraction(1), Fraction(4))
        found = frame_index(film, span)
        assert [found.time(0), found.time(len(found) - 1)] == [1, Fraction(FRAMES - 1, 25)]
        (one, two) = plan(found, 5, TICK)
        assert (one.start, one.end, two.end, one.frames + two.frames) == (None, two.start, None, 71)

    def test_the_stages_say_how_far_back_they_see(self, style, tmp_path):
        def lead_in(**how):
            return Paint(Look(str(style), **how), Networks("cpu")).lead_in

        assert lead_in(stabilise="off") == 0
        assert 15 < lead_in(stabilise="light") < lead_in(stabilise="strong") < 30
        assert lead_in(network_every=3) > 3 * lead_in(stabilise="strong")
        assert lead_in(mask="moving") is None


class TestResult:
    @pytest.mark.parametrize(
        ("codec", "suffix"),
        [("h264", ".mp4"), ("h265", ".mkv"), ("av1", ".mp4"), ("vp9", ".webm")],
    )
    def test_it_is_that_of_one_go(self, film, look, tmp_path, suffix, codec):
        plain, out = tmp_path / f"plain{suffix}", tmp_path / f"out{suffix}"
        sink = VideoSink(plain, source=film, codec=codec)
        with VideoSource(film) as source, sink:
            pipeline.run(source, [Paint(look, Networks("cpu"))], sink)
        work = jobs.Work(film, out, look, codec=codec)
        assert len(work.job.segments) == 3
        assert work.paint() == sink.notices
        check_alike(plain, out)
        assert sorted(os.listdir(tmp_path)) == sorted([plain.name, out.name])

    def test_a_segment_is_painted_as_if_all_before_it_were(self, film, steady, tmp_path):
        """At a border the painting of the whole film goes on, within what is seen."""
        plain, out = tmp_path / "plain.mp4", tmp_path / "out.mp4"
        with jobs.short_segments(FRAMES, FRAMES):
            jobs.Work(film, plain, steady, quality=0).paint()
        work = jobs.Work(film, out, steady, quality=0)
        work.paint()
        whole, joined = shown(plain), shown(out)
        for segment in work.job.segments[1:]:
            at = int(segment.start * 25)
            apart = np.abs(whole[at].image.astype(int) - joined[at].image)
            assert (apart > 8).mean() < 0.001  # without leading in: 0.01 to 0.04

    @pytest.mark.parametrize(
        "ticks", [[0, *range(2, 95), 170, 200], [i + i // 9 for i in range(96)]]
    )
    def test_uneven_times_and_the_last_frame_are_kept(self, look, tmp_path, ticks):
        film = media_factory.clip(tmp_path / "film.mkv", count=96, pts=ticks, group=6)
        out = tmp_path / "out.mp4"
        jobs.Work(film, out, look).paint()
        assert media_factory.times(out) == media_factory.times(film)

    def test_a_film_that_changes_its_size_midway_keeps_that_of_its_beginning(self, look, tmp_path):
        one = media_factory.clip(tmp_path / "one.ts", count=60, group=6)
        two = media_factory.clip(tmp_path / "two.ts", count=60, size=(96, 48), group=6)
        film = tmp_path / "film.ts"
        film.write_bytes(one.read_bytes() + two.read_bytes())
        with pytest.raises(KeyboardInterrupt):
            jobs.Work(film, tmp_path / "out.mp4", look).paint(stop=80)
        work = jobs.Work(film, tmp_path / "out.mp4", look)
        said = work.paint()
        assert work.before >= 30
        frames = shown(tmp_path / "out.mp4")
        assert {frame.image.shape for frame in frames} == {(48, 64, 3)}
        assert sum("changes its size to 96x48" in line for line in said) == 1
        assert len(frames) == len(shown(film))

    def test_damaged_frames_of_a_cut_off_film_are_told_once(self, look, tmp_path):
        film = media_factory.cut(
            media_factory.clip(tmp_path / "film.mkv", count=FRAMES, group=6), 0.7
        )
        plain = VideoSource(film)
        with plain:
            good = len(list(plain))
        work = jobs.Work(film, tmp_path / "out.mkv", look)
        assert len(work.job.segments) == 2
        (said,) = [line for line in work.paint() if "cut off" in line]
        assert said == plain.faults.message
        assert len(shown(tmp_path / "out.mkv")) == good


def stopped(film, out, look, at=70, **how):
    """A run of which two of three segments are finished."""
    work = jobs.Work(film, out, look, **how)
    with pytest.raises(KeyboardInterrupt):
        work.paint(stop=at)
    return work


def spoil_end(path):
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def spoil_result(path):
    told = json.loads(path.with_suffix(".json").read_text())
    told["shown"] = told["shown"][1:]
    path.with_suffix(".json").write_text(json.dumps(told) + "}")


SPOILS = {
    "damaged": spoil_end,
    "truncated": lambda path: os.truncate(path, 1000),
    "deleted": os.unlink,
    "another": lambda path: path.write_bytes(path.with_stem("00001").read_bytes()),
    "its result deleted": lambda path: path.with_suffix(".json").unlink(),
    "its result damaged": spoil_result,
    "its result of another": lambda path: path.with_suffix(".json").write_bytes(
        path.with_stem("00001").with_suffix(".json").read_bytes()
    ),
}


class TestResume:
    def test_a_stop_keeps_a_film_that_plays(self, film, look, tmp_path):
        run = stopped(film, tmp_path / "out.mp4", look).run
        assert run.kept == tmp_path / "out.partial.mp4"
        assert 60 <= len(shown(run.kept)) <= 75
        assert run.written_until == shown(run.kept)[-1].pts
        kept = media_factory.packets(run.kept, "audio")
        assert kept == media_factory.packets(film, "audio")[: len(kept)]
        assert abs(kept[-1][0] - run.written_until) < Fraction(1, 10)

    def test_only_what_is_missing_is_painted(self, film, whole, look, tmp_path):
        out = tmp_path / "out.mp4"
        done = stopped(film, out, look)
        work = jobs.Work(film, out, look)
        work.paint()
        assert work.before == sum(segment.frames for segment in done.job.segments[:2])
        assert work.report.frames == FRAMES - work.before
        assert out.read_bytes() == whole.read_bytes()
        assert not list(tmp_path.glob("out.*.*"))

    @pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS)
    def test_a_segment_that_is_not_as_it_was_is_painted_again(
        self, film, whole, look, tmp_path, spoil
    ):
        out = tmp_path / "out.mp4"
        folder = stopped(film, out, look).run.folder.path
        spoil(folder / "00000.mp4")
        work = jobs.Work(film, out, look)
        work.paint()
        assert work.before == work.job.segments[1].frames
        assert out.read_bytes() == whole.read_bytes()

    def test_it_is_refused_what_is_another_job(self, film, look, tmp_path):
        copy, out = tmp_path / "film.mp4", tmp_path / "out.mp4"
        film = Path(shutil.copy(film, copy))
        folder = stopped(film, out, look).run.folder.path
        before = sorted(path.name for path in folder.iterdir())
        for change, named in (
            ({"look": replace(look, strength=0.5)}, "strength"),
            ({"codec": "h265"}, "codec or quality"),
            ({"quality": 30}, "quality"),
            ({"span": Span(Fraction(1))}, "start or end"),
        ):
            work = jobs.Work(film, out, **{"look": look, **change})
            with pytest.raises(TargetExists, match=f"with another .*{named}.*; go on with the"):
                work.paint()
        assert sorted(path.name for path in folder.iterdir()) == before
        media_factory.clip(film, count=FRAMES, group=6, options={"crf": "40"})
        with pytest.raises(TargetExists, match=r"with another .*source"):
            jobs.Work(film, out, look).paint()

    def test_a_source_whose_middle_has_changed_is_another(self, film, look, tmp_path):
        """Though its size, its beginning and the times of its frames are the same."""
        film = Path(shutil.copy(film, tmp_path / "film.mp4"))
        before = frame_index(film, Span()).digest
        stopped(film, tmp_path / "out.mp4", look)
        data = bytearray(film.read_bytes())
        with av.open(str(film)) as container:
            packets = [packet for packet in container.demux(video=0) if packet.size]
            at = packets[50].pos + packets[50].size // 2
        data[at] ^= 1
        film.write_bytes(data)
        assert frame_index(film, Span()).digest != before
        with pytest.raises(TargetExists, match=r"with another source or frames of the source"):
            jobs.Work(film, tmp_path / "out.mp4", look).paint()

    def test_a_job_of_another_version_is_refused(self, film, look, tmp_path, monkeypatch):
        stopped(film, tmp_path / "out.mp4", look)
        monkeypatch.setattr("realtime_nst.jobs.job.__version__", "9.9")
        with pytest.raises(TargetExists, match="with another version; go on with the same"):
            jobs.Work(film, tmp_path / "out.mp4", look).paint()

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_the_same_job_is_never_begun_anew(self, film, whole, look, tmp_path, overwrite):
        stopped(film, tmp_path / "out.mp4", look)
        if overwrite:
            (tmp_path / "out.mp4").touch()
        work = jobs.Work(film, tmp_path / "out.mp4", look, overwrite=overwrite)
        work.paint()
        assert work.before >= 60
        assert (tmp_path / "out.mp4").read_bytes() == whole.read_bytes()

    def test_another_job_replaces_it_only_where_asked(self, film, look, tmp_path):
        folder = stopped(film, tmp_path / "out.mp4", look).run.folder.path
        work = jobs.Work(film, tmp_path / "out.mp4", look, codec="h265", overwrite=True)
        work.paint()
        assert work.before == 0
        assert not folder.exists()

    def test_a_part_without_its_segments_is_not_written_over(self, film, look, tmp_path):
        folder = stopped(film, tmp_path / "out.mp4", look).run.folder
        folder.remove()
        with pytest.raises(TargetExists, match=r"out\.partial\.mp4 is of .*segments are missing"):
            jobs.Work(film, tmp_path / "out.mp4", look).paint()
        assert (tmp_path / "out.partial.mp4").exists()
        assert not folder.path.exists()

    def test_segments_of_an_unknown_job_are_not_written_over(self, film, look, tmp_path):
        folder = stopped(film, tmp_path / "out.mp4", look).run.folder.path
        (folder / "job.json").write_text("{}")
        with pytest.raises(TargetExists, match=r"out\.mp4\.segments is of an earlier run that"):
            jobs.Work(film, tmp_path / "out.mp4", look).paint()
        assert (folder / "00000.mp4").exists()

    def test_two_runs_cannot_share_an_output(self, film, look, tmp_path):
        pytest.importorskip("fcntl")
        first = jobs.Work(film, tmp_path / "out.mp4", look)
        with first.run as run:
            run.begin(first.job)
            late = jobs.Work(film, tmp_path / "out.mp4", look)
            with pytest.raises(TargetExists, match="another run is writing"):
                late.paint()
        first.paint()
        assert len(shown(tmp_path / "out.mp4")) == FRAMES


class TestFolder:
    @pytest.mark.parametrize("name", ["letter.txt", "00001.jpg"])
    def test_what_is_not_ours_is_left_alone(self, film, look, tmp_path, name):
        other = tmp_path / "out.mp4.segments"
        other.mkdir()
        (other / name).write_text("mine")
        work = jobs.Work(film, tmp_path / "out.mp4", look, overwrite=True)
        work.paint()
        assert work.run.folder.path.name == "out.mp4.segments-2"
        assert [path.name for path in other.iterdir()] == [name]

    def test_a_link_of_that_name_is_not_followed(self, film, look, tmp_path):
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "out.mp4.segments").symlink_to(tmp_path / "elsewhere")
        jobs.Work(film, tmp_path / "out.mp4", look).paint()
        assert not list((tmp_path / "elsewhere").iterdir())

    def test_a_segment_may_be_the_source(self, film, look, tmp_path):
        folder = stopped(film, tmp_path / "out.mp4", look).run.folder.path
        segment = folder / "00000.mp4"
        before = segment.read_bytes()
        (tmp_path / "out.partial.mp4").unlink()
        jobs.Work(segment, tmp_path / "out.mp4", look, overwrite=True).paint()
        assert segment.read_bytes() == before

    def test_a_file_of_somebody_else_in_it_stays(self, film, look, tmp_path):
        folder = stopped(film, tmp_path / "out.mp4", look).run.folder.path
        (folder / "notes.txt").write_text("mine")
        jobs.Work(film, tmp_path / "out.mp4", look).paint()
        assert [path.name for path in folder.iterdir()] == ["notes.txt"]

    def test_a_full_disk_is_one_line_and_loses_nothing(self, film, look, tmp_path, monkeypatch):
        import errno

        from realtime_nst.sinks import segments

        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        work = jobs.Work(film, tmp_path / "out.mp4", look)
        with monkeypatch.context() as patch:
            patch.setattr(segments.Muxer, "copy", full)
            with pytest.raises(MediaError, match="no space left"):
                work.paint()
        assert not (tmp_path / "out.mp4").exists()
        work = jobs.Work(film, tmp_path / "out.mp4", look)
        work.paint()
        assert (work.before, work.report.frames) == (FRAMES, 0)


def test_a_job_is_data(film, look, tmp_path):
    job = jobs.Work(film, tmp_path / "out.mp4", look, span=Span(Fraction(1, 3))).job
    assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job
    assert Job.read(film) is None
    changed = {**job.to_json(), "identity": {}}
    with pytest.raises(ValueError, match="damaged"):
        Job.from_json(changed)
