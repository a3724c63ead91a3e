"""A video file gives every frame at its time, upright, in the right colours, or says why not."""

import os
from fractions import Fraction
from pathlib import Path

import av
import media_factory as factory
import numpy as np
import pytest

from realtime_nst.errors import MediaError, RealtimeNstError, UsageError
from realtime_nst.sources.video import VideoSource

VFR = [3, 7, 50, 51, 90, 200, 201, 350, 352, 400]


def frames(path: Path, **how):
    with VideoSource(path, **how) as source:
        return list(source), source


def test_info_and_frames(tmp_path):
    got, source = frames(factory.clip(tmp_path / "a.mp4"))
    info = source.info
    assert (info.width, info.height, info.rate, info.frames) == (64, 48, Fraction(25), 20)
    assert not info.live
    assert [frame.pts for frame in got] == [Fraction(i, 25) for i in range(20)]
    assert [frame.index for frame in got] == list(range(20))
    assert all(frame.image.shape == (48, 64, 3) for frame in got)
    assert all(frame.image.flags.c_contiguous and frame.image.dtype == np.uint8 for frame in got)
    wanted = np.stack(list(factory.pictures(20))).astype(float)
    assert np.abs(np.stack([frame.image for frame in got]) - wanted).mean() < 12
    assert not source.faults
    assert source.notices == []


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_variable_rate_times_are_exact(tmp_path, suffix):
    path = factory.clip(tmp_path / f"a{suffix}", count=10, pts=VFR, time_base=Fraction(1, 1000))
    assert [frame.pts for frame in frames(path)[0]] == [Fraction(t, 1000) for t in VFR]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotation_is_applied(tmp_path, rotation):
    plain = frames(factory.clip(tmp_path / "plain.mp4", count=2))[0]
    turned, source = frames(factory.clip(tmp_path / "turned.mp4", count=2, rotation=rotation))
    assert (source.info.height, source.info.width) == turned[0].image.shape[:2]
    assert np.array_equal(turned[0].image, np.rot90(plain[0].image, rotation // 90))


@pytest.mark.parametrize("size", [(63, 47), (1, 1), (31, 64)])
def test_odd_sizes(tmp_path, size):
    path = factory.clip(tmp_path / "a.mkv", size=size, codec="ffv1", pixels="yuv444p", count=3)
    got, source = frames(path)
    assert len(got) == 3
    assert got[0].image.shape == (size[1], size[0], 3)
    assert (source.info.width, source.info.height) == size


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("sampling", ["420", "422", "444"])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", [601, 709])
def test_known_colours(tmp_path, matrix, full, sampling, bits):
    path = factory.patch_clip(
        tmp_path / "a.mkv", matrix=matrix, full=full, sampling=sampling, bits=bits
    )
    got = factory.patch_colours(frames(path)[0][0].image)
    assert np.abs(got - factory.PATCHES).max() <= 3


@pytest.mark.parametrize(("size", "matrix"), [((96, 32), 601), ((1280, 32), 709), ((96, 720), 709)])
def test_untagged_colours_are_guessed_from_the_size(tmp_path, size, matrix):
    path = factory.patch_clip(tmp_path / "a.mkv", matrix=matrix, tagged=False, size=size)
    assert np.abs(factory.patch_colours(frames(path)[0][0].image) - factory.PATCHES).max() <= 3


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_is_mapped_with_a_notice(tmp_path, transfer):
    path = factory.patch_clip(tmp_path / "a.mkv", matrix=2020, bits=10, transfer=transfer)
    got, source = frames(path)
    assert len(source.notices) == 1
    assert "HDR" in source.notices[0]
    white, black, *_, grey = factory.patch_colours(got[0].image)
    assert white.min() > 250
    assert black.max() < 5
    assert not np.allclose(grey, 128, atol=5), "PQ and HLG codes are not BT.709 codes"


def test_interlaced_is_said(tmp_path):
    path = factory.clip(tmp_path / "a.mp4", options={"x264-params": "tff=1"})
    assert "interlaced" in frames(path)[1].notices[0]


def test_transparency_is_said(tmp_path):
    path = factory.clip(tmp_path / "a.mkv", codec="ffv1", pixels="yuva444p", count=2)
    assert "transparency" in frames(path)[1].notices[0]


@pytest.mark.parametrize("start", [Fraction(0), Fraction(1, 25), Fraction(21, 50)])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_start(tmp_path, suffix, start):
    path = factory.clip(tmp_path / f"a{suffix}", count=100, size=(32, 32))
    got = [frame.pts for frame in frames(path, start=start + 2)[0]]
    assert got == [Fraction(i, 25) for i in range(100) if Fraction(i, 25) >= start + 2]


def test_start_after_the_end(tmp_path):
    path = factory.clip(tmp_path / "a.mp4")
    with pytest.raises(
        UsageError, match=r"at or after 0:00:09.000; its last one is at 0:00:00.760"
    ):
        VideoSource(path, start=Fraction(9)).__enter__()


@pytest.mark.parametrize("suffix", [".mkv", ".avi"])
def test_truncated_file_gives_its_good_frames(tmp_path, suffix):
    codec = "mpeg4" if suffix == ".avi" else "libx264"
    path = factory.clip(tmp_path / f"a{suffix}", codec=codec, count=40, size=(160, 120))
    factory.cut(path, 0.6)
    got, source = frames(path)
    assert 5 < len(got) < 40
    assert source.faults.truncated
    assert source.faults.reached == got[-1].pts
    assert "cut off" in source.faults.message


def test_truncated_mp4_with_its_index_in_front(tmp_path):
    whole = factory.clip(tmp_path / "whole.mp4", count=40)
    front = tmp_path / "front.mp4"
    with av.open(str(whole)) as a, av.open(str(front), "w", options={"movflags": "faststart"}) as b:
        stream = b.add_stream_from_template(a.streams.video[0], opaque=True)
        for packet in a.demux():
            if packet.size:
                packet.stream = stream
                b.mux(packet)
    got, source = frames(factory.cut(front, 0.6))
    assert 5 < len(got) < 40
    assert source.faults.truncated


def test_whole_files_are_not_called_truncated(tmp_path):
    for name in ("a.mp4", "a.mov", "a.mkv", "a.avi", "a.ts"):
        codec = "mpeg4" if name == "a.avi" else "libx264"
        assert not frames(factory.clip(tmp_path / name, codec=codec))[1].faults, name


def test_damaged_frames_are_counted_and_skipped(tmp_path):
    path = factory.damage(factory.clip(tmp_path / "a.mp4", count=40, size=(160, 120)), [12, 31])
    got, source = frames(path)
    assert 1 <= source.faults.corrupt <= 4
    assert len(got) == 40 - source.faults.corrupt
    assert f"{source.faults.corrupt} damaged frame" in source.faults.message
    assert not source.faults.truncated


def _text(folder: Path) -> Path:
    path = folder / "a.mp4"
    path.write_text("this is no film\n" * 20)
    return path


def _empty(folder: Path) -> Path:
    path = folder / "a.mp4"
    path.touch()
    return path


def _sound_only(folder: Path) -> Path:
    path = folder / "a.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=48_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.int16), "s16", "stereo")
        frame.sample_rate = 48_000
        output.mux(stream.encode(frame))
    return path


def _no_frames(folder: Path) -> Path:
    path = factory.clip(folder / "a.mp4", count=1, codec="mpeg4")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"\x00\x00\x01\xb6", b"\x00\x00\x01\xbe"))
    return path


def _picture(folder: Path) -> Path:
    path = folder / "a.png"
    av.VideoFrame.from_ndarray(np.zeros((8, 8, 3), np.uint8)).save(path)
    return path


def _without_index(folder: Path) -> Path:
    return factory.cut(factory.clip(folder / "a.mp4"), 0.7)


def _neighbour(folder: Path) -> Path:
    factory.clip(folder / "holiday.mp4", count=1)
    return folder / "hollday.mp4"


def _pipe(folder: Path) -> Path:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(folder / "pipe.mp4")
    return folder / "pipe.mp4"


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (_text, MediaError, "it contains text"),
        (_empty, MediaError, "empty"),
        (_sound_only, MediaError, "no video stream"),
        (_no_frames, MediaError, "contains no readable frame"),
        (_without_index, MediaError, "its index is missing"),
        (_picture, UsageError, "realtime-nst image"),
        (_neighbour, UsageError, "did you mean 'holiday.mp4'"),
        (lambda folder: folder / "a.mp4", UsageError, "no such file"),
        (lambda folder: folder / "no" / "a.mp4", UsageError, "there is no folder"),
        (lambda folder: folder, UsageError, "is a folder"),
        (_pipe, UsageError, "not a regular file"),
    ],
)
def test_bad_input_is_one_line(tmp_path, make, kind, says):
    path = make(tmp_path)
    with pytest.raises(RealtimeNstError, match=says) as caught, VideoSource(path):
        pass
    assert isinstance(caught.value, kind)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_colon_in_the_name_is_no_protocol(tmp_path):
    path = factory.clip(tmp_path / "plain.mp4", count=2).rename(tmp_path / "at 10:30.mp4")
    assert len(frames(path)[0]) == 2
