"""From a video file through the pipeline into another one: nothing but the pictures changes."""

from fractions import Fraction
from pathlib import Path

import av
import media_factory as factory
import numpy as np
import pytest

from realtime_nst.pipeline import run
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sources.video import VideoSource

MILLISECONDS = Fraction(1, 1000)
UNEVEN = [33, 40, 41, 150, 151, 152, 400, 410, 800, 801, 802, 803, 1500, 1510, 1600, 1601]


def copied(source: Path, target: Path, **how) -> VideoSink:
    with VideoSource(source) as frames, VideoSink(target, source=source, **how) as sink:
        run(frames, [], sink)
    return sink


def shown(path: Path) -> list[Fraction]:
    with VideoSource(path) as source:
        return [frame.pts for frame in source]


def first(path: Path) -> np.ndarray:
    with VideoSource(path) as source:
        return next(iter(source)).image


def tags(path: Path) -> tuple[int, int, int, int]:
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        return (
            context.colorspace,
            context.color_primaries,
            context.color_trc,
            context.color_range,
        )


@pytest.mark.parametrize(
    ("pts", "time_base"),
    [
        (range(16), Fraction(1, 25)),
        (range(3, 19), Fraction(1001, 30000)),
        ([512 * i + 100 for i in range(16)], Fraction(1, 15360)),
        (UNEVEN, MILLISECONDS),
        ([*range(8), *range(90_000, 90_008)], Fraction(1, 90_000)),
    ],
    ids=["even", "ntsc", "late", "uneven", "bursts"],
)
@pytest.mark.parametrize("sound_start", [0, -4096, 20_000])
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_every_time_is_exact(tmp_path, suffix, sound_start, pts, time_base):
    clip = factory.clip(
        tmp_path / f"in{suffix}",
        count=16,
        pts=list(pts),
        time_base=time_base,
        sound="aac",
        sound_start=sound_start,
    )
    assert shown(clip) == [ticks * time_base for ticks in pts]
    assert copied(clip, tmp_path / f"out{suffix}").notices == []
    assert shown(tmp_path / f"out{suffix}") == shown(clip)
    assert factory.packets(tmp_path / f"out{suffix}", "audio") == factory.packets(clip, "audio")


@pytest.mark.parametrize(
    ("suffix", "sound"),
    [
        (".mp4", "aac"),
        (".mov", "pcm_s16le"),
        (".mkv", "aac"),
        (".mkv", "libopus"),
        (".mkv", "pcm_s16le"),
        (".webm", "libopus"),
    ],
)
def test_sound_is_identical_packet_for_packet(tmp_path, suffix, sound):
    codec = "libvpx-vp9" if suffix == ".webm" else "libx264"
    clip = factory.clip(
        tmp_path / f"in{suffix}", codec=codec, sound=sound, count=16, pts=UNEVEN,
        time_base=MILLISECONDS,
    )  # fmt: skip
    copied(clip, tmp_path / f"out{suffix}")
    assert factory.packets(tmp_path / f"out{suffix}", "audio") == factory.packets(clip, "audio")
    assert shown(tmp_path / f"out{suffix}") == shown(clip)
    assert sound_language(tmp_path / f"out{suffix}") == "fra"


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_sound_of_a_transport_stream_loses_only_its_heads(tmp_path, suffix):
    clip = factory.clip(tmp_path / "in.ts", sound="aac")
    copied(clip, tmp_path / f"out{suffix}")
    before = factory.packets(clip, "audio")
    after = factory.packets(tmp_path / f"out{suffix}", "audio")
    heads = {len(whole) - len(kept) for (_, whole), (_, kept) in zip(before, after, strict=True)}
    assert heads == {7}
    assert [kept for _, kept in after] == [whole[7:] for _, whole in before]
    assert len(shown(tmp_path / f"out{suffix}")) == len(shown(clip))
    with av.open(str(tmp_path / f"out{suffix}")) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) > 0.7 * 48_000


def test_subtitles_in_mp4_do_not_grow(tmp_path):
    """MP4 ends each with an empty text; those after the last are short, and added only once."""
    clip = factory.clip(tmp_path / "0.mp4", subtitles="mov_text", sound="aac")
    wanted = subtitles_of(clip)
    for number in range(3):
        copied(tmp_path / f"{number}.mp4", tmp_path / f"{number + 1}.mp4")
        got = subtitles_of(tmp_path / f"{number + 1}.mp4")
        assert got[: len(wanted)] == wanted
        assert [text for _, _, text in got[4:]] == [b"\0\0"] * 2
        assert sum(lasting for _, lasting, _ in got[4:]) <= 2 * MILLISECONDS
        wanted = got


def subtitles_of(path: Path) -> list[tuple[Fraction, Fraction, bytes]]:
    """From when on, how long, and what."""
    with av.open(str(path)) as container:
        return [
            (packet.pts * packet.time_base, packet.duration * packet.time_base, bytes(packet))
            for packet in container.demux(subtitles=0)
            if packet.size
        ]


def sound_language(path: Path) -> str | None:
    with av.open(str(path)) as container:
        return container.streams.audio[0].language


def test_milliseconds_are_rounded_with_a_notice(tmp_path):
    clip = factory.clip(
        tmp_path / "in.mp4", time_base=Fraction(1, 30), sound="aac", sound_start=-512
    )
    sink = copied(clip, tmp_path / "out.mkv")
    assert any("milliseconds" in notice for notice in sink.notices)
    half = Fraction(1, 2000)
    for kind in ("video", "audio"):
        before, after = factory.times(clip, kind), factory.times(tmp_path / "out.mkv", kind)
        assert len(before) == len(after)
        assert max(abs(a - b) for a, b in zip(before, after, strict=True)) <= half


def test_subtitles_in_matroska_are_identical(tmp_path):
    clip = factory.clip(tmp_path / "in.mkv", subtitles="subrip", sound="aac")
    copied(clip, tmp_path / "out.mkv")
    subtitles = factory.packets(tmp_path / "out.mkv", "subtitle")
    assert subtitles == factory.packets(clip, "subtitle")
    assert [text for _, text in subtitles] == [b"hello", b"again"]


def test_subtitles_in_mp4_are_identical(tmp_path):
    """The muxer adds blank samples of its own between them."""
    clip = factory.clip(tmp_path / "in.mp4", subtitles="mov_text", sound="aac")
    copied(clip, tmp_path / "out.mp4")

    def spoken(path):
        return [packet for packet in factory.packets(path, "subtitle") if len(packet[1]) > 2]

    assert spoken(tmp_path / "out.mp4") == spoken(clip)
    assert [text[2:] for _, text in spoken(clip)] == [b"hello", b"again"]


@pytest.mark.parametrize(
    ("before", "after"), [(".mp4", ".mp4"), (".mp4", ".mkv"), (".mkv", ".mkv")]
)
def test_covers_are_kept(tmp_path, before, after):
    clip = factory.clip(tmp_path / "first.mp4", cover=True, sound="aac")
    if before == ".mkv":
        copied(clip, tmp_path / "in.mkv")
        clip = tmp_path / "in.mkv"
    copied(clip, tmp_path / f"out{after}")

    def cover(path):
        with av.open(str(path)) as container:
            assert len(container.streams.video) == 2
            return bytes(next(container.demux(container.streams.video[1])))

    assert cover(tmp_path / f"out{after}") == cover(clip)
    assert shown(tmp_path / f"out{after}") == shown(clip)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_chapters_and_tags_are_kept(tmp_path, suffix):
    clip = factory.clip(tmp_path / f"in{suffix}", tags=True, sound="aac")
    copied(clip, tmp_path / f"out{suffix}")
    with av.open(str(tmp_path / f"out{suffix}")) as container:
        found = {key.lower(): value for key, value in container.metadata.items()}
        assert (found["title"], found["artist"]) == ("A film", "Someone")
        chapters = [
            (chapter["start"] * chapter["time_base"], chapter["metadata"]["title"])
            for chapter in container.chapters()
        ]
    assert chapters == [(0, "one"), (Fraction(2, 5), "two")]


def test_attachments_are_kept(tmp_path):
    copied(factory.clip(tmp_path / "in.mkv", attachment=True), tmp_path / "out.mkv")
    with av.open(str(tmp_path / "out.mkv")) as container:
        (letters,) = container.streams.attachments
        assert (letters.name, letters.data) == ("letters.ttf", b"letters")


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("sampling", ["420", "422", "444"])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", [601, 709])
def test_colours_come_back(tmp_path, matrix, full, sampling, bits):
    clip = factory.patch_clip(
        tmp_path / "in.mkv", matrix=matrix, full=full, sampling=sampling, bits=bits
    )
    copied(clip, tmp_path / "out.mp4", quality=4)
    code = {601: 6, 709: 1}[matrix]
    assert tags(tmp_path / "out.mp4") == (code, code, code, 1)
    assert np.abs(factory.patch_colours(first(tmp_path / "out.mp4")) - factory.PATCHES).max() <= 4


@pytest.mark.parametrize("codec", ["h264", "h265", "av1", "vp9", "prores"])
def test_every_codec_tags_what_it_converts(tmp_path, codec):
    clip = factory.patch_clip(tmp_path / "in.mkv", matrix=709)
    copied(clip, tmp_path / "out.mkv", codec=codec, quality=4)
    matrix, primaries, transfer, _ = tags(tmp_path / "out.mkv")
    assert (matrix, primaries, transfer) == (1, 1, 1)
    assert np.abs(factory.patch_colours(first(tmp_path / "out.mkv")) - factory.PATCHES).max() <= 5


@pytest.mark.parametrize("size", [(96, 32), (1280, 720)])
def test_untagged_video_comes_back_tagged(tmp_path, size):
    matrix = 709 if size[0] == 1280 else 601
    clip = factory.patch_clip(tmp_path / "in.mkv", matrix=matrix, tagged=False, size=size)
    copied(clip, tmp_path / "out.mp4", quality=4)
    assert tags(tmp_path / "out.mp4")[0] == {601: 6, 709: 1}[matrix]
    assert np.abs(factory.patch_colours(first(tmp_path / "out.mp4")) - factory.PATCHES).max() <= 4


def test_hdr_becomes_bt709(tmp_path):
    clip = factory.patch_clip(tmp_path / "in.mkv", matrix=2020, bits=10, transfer=16)
    copied(clip, tmp_path / "out.mp4", quality=4)
    assert tags(tmp_path / "out.mp4") == (1, 1, 1, 1)
    assert np.abs(first(tmp_path / "out.mp4").astype(int) - first(clip)).mean() < 4


def test_full_colour_is_kept(tmp_path):
    clip = factory.clip(tmp_path / "in.mp4", pixels="yuv444p", count=3)
    copied(clip, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].codec_context.pix_fmt == "yuv444p"


def test_subsampled_colour_stays_widely_playable(tmp_path):
    clip = factory.clip(tmp_path / "in.mkv", pixels="yuv422p10le", count=3)
    copied(clip, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotation_is_applied_once(tmp_path, rotation):
    clip = factory.clip(tmp_path / "in.mp4", rotation=rotation, count=3)
    copied(clip, tmp_path / "out.mp4", quality=4)
    mine, theirs = first(tmp_path / "out.mp4"), first(clip)
    assert mine.shape == theirs.shape
    assert np.abs(mine.astype(int) - theirs).mean() < 8


@pytest.mark.parametrize(("rotation", "wanted"), [(0, Fraction(4, 3)), (90, Fraction(3, 4))])
def test_pixel_shape_is_kept(tmp_path, rotation, wanted):
    clip = factory.clip(tmp_path / "in.mp4", rotation=rotation, aspect=Fraction(4, 3), count=3)
    copied(clip, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].sample_aspect_ratio == wanted


@pytest.mark.parametrize("size", [(63, 47), (1, 1), (2000, 25)])
def test_odd_sizes_come_back(tmp_path, size):
    clip = factory.clip(tmp_path / "in.mkv", size=size, codec="ffv1", pixels="yuv444p", count=2)
    copied(clip, tmp_path / "out.mp4")
    assert first(tmp_path / "out.mp4").shape == (size[1], size[0], 3)


def test_one_frame_has_a_duration(tmp_path):
    clip = factory.clip(tmp_path / "in.mp4", count=1)
    copied(clip, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.duration * stream.time_base == Fraction(1, 25)


def test_a_truncated_file_gives_a_whole_result(tmp_path):
    clip = factory.clip(tmp_path / "in.mkv", count=60, sound="pcm_s16le", size=(160, 120))
    wanted = shown(factory.cut(clip, 0.6))
    copied(clip, tmp_path / "out.mkv")
    assert shown(tmp_path / "out.mkv") == wanted
    heard = factory.packets(tmp_path / "out.mkv", "audio")
    assert abs(heard[-1][0] - wanted[-1]) < Fraction(1, 5)


def test_sound_that_outlasts_the_pictures_is_complete(tmp_path):
    clip = factory.clip(tmp_path / "in.mp4", count=10, sound="aac", sound_start=48_000)
    copied(clip, tmp_path / "out.mp4")
    assert factory.packets(tmp_path / "out.mp4", "audio") == factory.packets(clip, "audio")
    assert factory.times(clip, "audio")[-1] > shown(clip)[-1]
