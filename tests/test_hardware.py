"""Encoding with hardware: what is refused, and what is written where an engine works."""

from fractions import Fraction

import av
import media_factory
import numpy as np
import pytest

from realtime_nst.errors import MediaError, UnknownName, UsageError
from realtime_nst.sinks import hardware
from realtime_nst.sinks.formats import OF_APPLE, Codec
from realtime_nst.sinks.hardware import ENGINES, Engine, working
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sources.video import VideoSource
from realtime_nst.stream import Frame


@pytest.fixture
def card(monkeypatch):
    """An engine that works, and one that does not."""
    engines = {
        "card": Engine("made up", {"h264": "libx264"}, "crf", form="nv12"),
        "none": Engine("a wonder", {"h264": "h264_none"}, "crf"),
    }
    monkeypatch.setattr(hardware, "ENGINES", engines)


def copied(clip, target, **options):
    with VideoSource(clip) as source, VideoSink(target, source=clip, **options) as sink:
        for frame in source:
            sink.write(frame)
    return sink


def test_what_an_engine_writes_is_the_film(card, clip, tmp_path):
    copied(clip, tmp_path / "out.mp4", encoder="card", quality=0)
    assert media_factory.times(tmp_path / "out.mp4") == media_factory.times(clip)
    with av.open(str(clip)) as before, av.open(str(tmp_path / "out.mp4")) as after:
        assert [stream.type for stream in after.streams] == ["video", "audio"]
        assert not any(packet.pts != packet.dts for packet in after.demux(video=0) if packet.size)
        after.seek(0)
        pictures = zip(before.decode(video=0), after.decode(video=0), strict=True)
        for one, other in pictures:
            np.testing.assert_array_equal(one.to_ndarray(), other.to_ndarray())


def test_rgb_is_written_too(card, tmp_path):
    image = np.full((48, 64, 3), (200, 60, 20), np.uint8)
    with VideoSink(tmp_path / "out.mp4", rate=Fraction(25), encoder="card") as sink:
        sink.write(Frame(image, 0, Fraction(0), 0.0))
    with VideoSource(tmp_path / "out.mp4") as source:
        np.testing.assert_allclose(next(iter(source)).image[24, 32], (200, 60, 20), atol=4)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"encoder": "gpu"}, UnknownName, "encoder .*card, none.*leave `encoder` out"),
        (
            {"encoder": "none"},
            MediaError,
            r"none does not encode h264 here: it needs a wonder, .*h264_none.*choices here: card",
        ),
        (
            {"encoder": "card", "codec": "av1"},
            UsageError,
            r"card has no av1 .*: h264\).*leave out",
        ),
        (
            {"encoder": "card", "codec": "h264", "bits": 10},
            UsageError,
            "10 bits.*`encoder`",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(card, tmp_path, options, error, said):
    with pytest.raises(error, match=said):
        VideoSink(tmp_path / "out.mp4", rate=Fraction(25), **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ENGINES)
def test_engines_that_do_not_work_here_say_why(name):
    engine = ENGINES[name]
    found = working(name)
    assert set(found) <= set(engine.encoders)
    for codec in engine.encoders:
        assert bool(engine.absence(codec)) == (codec not in found)
        assert isinstance(engine.codec(codec), Codec)


def test_apple_counts_quality_from_the_other_end():
    context = av.CodecContext.create("mpeg4", "w")
    codec = ENGINES["videotoolbox"].codec("h264")
    assert codec.quality_option == OF_APPLE
    found = []
    for quality in (0, 20, 51):
        codec.set_quality(context, quality)
        found.append(context.global_quality // 118)
    assert found == [100, 61, 1]


def test_the_option_reaches_the_film_and_is_not_for_pictures(cli, card, clip, style, tmp_path):
    out = tmp_path / "out.mp4"
    code, _, said = cli("video", clip, "-o", out, "-s", style, "--encoder", "card")
    assert (code, out.exists()) == (0, True), said
    code, _, said = cli("video", clip, "-o", tmp_path / "%03d.png", "--encoder", "card")
    assert code == 2
    assert "--encoder is for videos" in said


def test_a_missing_card_is_not_called_a_missing_permission():
    why = ENGINES["nvenc"].absence("h264")
    if not why:
        pytest.skip("there is such a card here")
    assert "needs an NVIDIA card" in why
    assert "not permitted" not in why
