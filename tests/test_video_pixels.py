"""What pixels hold beyond 8 bits of colour, through painting and on the command line."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import deep_factory as factory
import numpy as np
import painter_factory
import pytest

from realtime_nst.errors import MediaError, UsageError
from realtime_nst.media.pixels import Pixels
from realtime_nst.sinks._unfinished import UnfinishedFile
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sources.video import VideoSource

FADING = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (48, 1))
FILMS = {
    ".mov": {"codec": "prores_ks", "form": "yuva444p10le", "options": {"profile": "4"}},
    ".webm": {"codec": "libvpx-vp9", "form": "yuva420p", "options": {"b": "0", "crf": "10"}},
}


def fading(path):
    """Green, ever less transparent to the right."""
    picture = np.dstack((np.full((48, 64, 3), (20, 160, 60), np.uint8), FADING))
    return factory.clip(path, [picture] * 3, transfer=1, **FILMS[path.suffix])


@pytest.mark.parametrize("bits", [8, 10])
def test_paint_lies_under_the_sources_transparency(tmp_path, bits):
    """What was painted over white is painted with the white taken out again."""
    clip, result = fading(tmp_path / "in.mov"), tmp_path / "out.mov"
    paint = np.array([200, 80, 40])
    share = FADING[..., None] / 255
    painted = (paint * share + 255 * (1 - share)).round().astype(np.uint8)
    sink = VideoSink(result, source=clip, quality=2, bits=bits)
    with VideoSource(clip, kept=sink.pixels) as source, sink:
        for frame in source:
            sink.write(replace(frame, image=painted))
    with VideoSource(result, kept=Pixels(alpha=True)) as source:
        pixels = next(iter(source)).original.pixels.astype(int)
    assert np.abs(pixels[..., 3] - FADING).max() < 4
    assert np.abs(pixels[..., :3] - paint)[FADING > 64].mean() < 4


def test_colours_that_only_the_container_tells(tmp_path):
    """Small pictures would be taken for BT.601."""
    colour = np.array([200, 60, 60], np.uint8)
    picture = np.tile(colour, (48, 64, 1))
    how = {"codec": "prores_ks", "form": "yuv422p10le", "transfer": 1, "told_by": "container"}
    clip = factory.clip(tmp_path / "in.mov", [picture] * 2, **how)
    with VideoSource(clip) as source, VideoSink(tmp_path / "out.mov", source=clip) as sink:
        for frame in source:
            sink.write(frame)
    for path in (clip, tmp_path / "out.mov"):
        with VideoSource(path) as source:
            assert np.abs(next(iter(source)).image.mean((0, 1)) - colour).max() < 3


@pytest.mark.parametrize("kept", [Pixels(), Pixels(bits=10)])
def test_ten_bits_become_the_nearest_eight(tmp_path, kept):
    clip = factory.clip(tmp_path / "in.mp4", [factory.ramp()], transfer=1)
    with VideoSource(clip, kept=kept) as source:
        image = next(iter(source)).image
    assert np.abs(image[16] - 255 * factory.RAMP[:, None]).max() < 0.6


@pytest.mark.parametrize("form", ["yuv411p", "yuv420p", "yuv422p12le", "yuv440p"])
def test_every_pixel_format_has_the_same_white(tmp_path, form):
    picture = np.full((32, 64, 3), 255, np.uint8)
    clip = factory.clip(tmp_path / "a.mkv", [picture], codec="ffv1", form=form, transfer=1)
    with VideoSource(clip) as source:
        assert next(iter(source)).image.min() == 255


def test_ten_bits_are_exact_where_nothing_is_painted(tmp_path):
    clip, result = factory.clip(tmp_path / "in.mp4", [factory.ramp(64)], transfer=1), tmp_path
    sink = VideoSink(result / "out.mp4", source=clip, quality=0, bits=10)
    with VideoSource(clip, kept=sink.pixels) as source, sink:
        for frame in source:
            image = frame.image.copy()
            image[32:] = 255 - image[32:]
            sink.write(replace(frame, image=image))
    was, now = (factory.planes(tmp_path / name)[0][:64] for name in ("in.mp4", "out.mp4"))
    assert np.abs(was.astype(int) - now)[:24].mean() < 0.5
    assert np.abs(1004 - was.astype(int) - now)[40:].mean() < 1.5, "painted, and 8 bits"


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"bits": 12}, "8 or 10 bits a channel, not 12"),
        ({"bits": 10, "codec": "h264"}, r"10 bits a channel \(choices in a .mp4 file: h265, av1\)"),
    ],
)
def test_bits_that_cannot_be_written_are_refused(tmp_path, how, said):
    with pytest.raises(UsageError, match=said):
        VideoSink(tmp_path / "a.mp4", **how)


def test_strict_refuses_to_lose_transparency(tmp_path):
    clip = fading(tmp_path / "in.webm")
    with pytest.raises(
        UsageError, match=r"h264 .* transparency of in.webm; .* out.webm or out.mov"
    ):
        VideoSink(tmp_path / "out.mp4", source=clip, strict=True)
    VideoSink(tmp_path / "out.mov", source=clip, strict=True)


def test_pictures_too_small_to_deinterlace_are_refused(tmp_path):
    picture = np.zeros((2, 2, 3), np.uint8)
    clip = factory.clip(tmp_path / "a.mkv", [picture], codec="ffv1", form="yuv420p", transfer=1)
    with (
        VideoSource(clip, deinterlace=True) as source,
        pytest.raises(MediaError, match=r"2x2 .*; leave out `deinterlace`"),
    ):
        list(source)


NARROW = """
import sys
from fractions import Fraction
import numpy as np
from realtime_nst import VideoSink
from realtime_nst.stream import Frame
with VideoSink(sys.argv[1], codec="h265") as sink:
    for number in range(5):
        sink.write(Frame(np.zeros((24, 32, 3), np.uint8), number, Fraction(number, 25), 0.0))
"""
CHECKED_MEMORY = next(Path("/").glob("*/*/libc_malloc_debug.so.0"), None)


@pytest.mark.skipif(CHECKED_MEMORY is None, reason="glibc's checked memory is not installed")
def test_narrow_pictures_stay_within_their_memory(tmp_path):
    environment = os.environ | {"LD_PRELOAD": str(CHECKED_MEMORY), "MALLOC_CHECK_": "3"}
    command = [sys.executable, "-c", NARROW, str(tmp_path / "a.mp4")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def style(tmp_path, monkeypatch):
    painter_factory.install(tmp_path / "weights", monkeypatch)
    return painter_factory.painting(tmp_path / "dark.png", (10, 10, 10))


def test_the_command_keeps_hdr_and_says_what_it_maps(tmp_path, cli, style):
    params = {"x265-params": f"{factory.LOSSLESS}:max-cll=800,80"}
    picture = np.full((48, 64, 3), 30_000, np.uint16)
    clip = factory.clip(tmp_path / "in.mp4", [picture] * 2, options=params)
    command = ["video", clip, "--style", style, "--strength", "0"]
    code, _, said = cli(*command, "-o", tmp_path / "kept.mp4", "--hdr", "keep")
    assert (code, "note:" in said) == (0, False)
    assert factory.tags(tmp_path / "kept.mp4") == (9, 9, factory.PQ)
    code, _, said = cli(*command, "-o", tmp_path / "mapped.mp4")
    assert (code, "HDR (PQ, up to 800 nit)" in said, "--hdr keep" in said) == (0, True, True)
    assert factory.tags(tmp_path / "mapped.mp4") == (1, 1, 1)
    code, _, said = cli(*command, "-o", tmp_path / "a.mp4", "--hdr", "keep", "--codec", "h264")
    assert (code, said.count("\n"), "h265, av1" in said) == (2, 1, True)
    code, _, said = cli(*command, "-o", tmp_path / "a.mp4", "--strict")
    assert (code, "which would be mapped to SDR; give --hdr keep" in said) == (2, True)


def _refused(_):
    raise MediaError("the disk is gone")


@pytest.mark.parametrize("other", [["--deinterlace"], ["--bits", "10", "--codec", "h265"]])
def test_resuming_with_other_pixels_is_refused(tmp_path, cli, style, other, monkeypatch):
    clip = factory.clip(tmp_path / "in.mp4", [np.zeros((48, 64, 3), np.uint8)] * 60, transfer=1)
    command = ["video", clip, "--style", style, "--strength", "0", "-o", tmp_path / "a.mp4"]
    command += ["--codec", "h265"]
    with monkeypatch.context() as patch:
        patch.setattr(UnfinishedFile, "commit", _refused)
        assert cli(*command)[0] == 1
    code, _, said = cli(*command, *other, "--resume")
    assert code == 2
    assert other[0].strip("-") in said
    assert cli(*command, "--resume")[0] == 0
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert container.streams.video[0].frames == 60
