"""HDR videos: mapped to SDR by BT.2390's curve, or kept with all that describes them."""

from dataclasses import replace

import av
import deep_factory as factory
import numpy as np
import pytest
from deep_factory import DISPLAY, HLG, LOSSLESS, PQ

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.media.light_levels import LightLevels
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sources.video import VideoSource

M1, M2, C1, C2, C3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
WHITE = 203.0
TO_BT709 = np.array(
    [
        [1.660491, -0.587641, -0.07285],
        [-0.12455, 1.1329, -0.008349],
        [-0.018151, -0.100579, 1.11873],
    ]
)


def pq(nits):
    y = (nits / 10_000) ** M1
    return ((C1 + C2 * y) / (1 + C3 * y)) ** M2


def nits_of_pq(code):
    e = code ** (1 / M2)
    return 10_000 * (np.maximum(e - C1, 0) / (C2 - C3 * e)) ** (1 / M1)


def nits_of_hlg(code):
    """ITU-R BT.2100, table 5, for a display of 1,000 nits."""
    bright = (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12
    scene = np.where(code <= 0.5, code**2 / 3, bright)
    luminance = (scene * [0.2627, 0.6780, 0.0593]).sum(-1, keepdims=True)
    return 1000 * luminance**0.2 * scene


def eetf(nits, peak):
    """ITU-R BT.2390-11, 5.4.1, with no black lift."""
    e1, most = np.minimum(pq(nits) / pq(peak), 1), pq(WHITE) / pq(peak)
    start = 1.5 * most - 0.5
    t = (e1 - start) / (1 - start)
    p = (2 * t**3 - 3 * t**2 + 1) * start + (t**3 - 2 * t**2 + t) * (1 - start)
    p += (-2 * t**3 + 3 * t**2) * most
    return nits_of_pq(np.where(e1 < start, e1, p) * pq(peak))


def sdr(nits, peak):
    most = nits.max(-1, keepdims=True)
    light = nits * eetf(most, peak) / np.maximum(most, 1e-9) @ TO_BT709.T / WHITE
    return 255 * light.clip(0, 1) ** (1 / 2.4)  # ITU-R BT.1886


def first(path, **how):
    with VideoSource(path, **how) as source:
        return next(iter(source)), source.notices


CASES = {
    "max-cll": (PQ, f"{DISPLAY}:max-cll=600,100", 600),
    "mastering-display": (PQ, DISPLAY, 4000),
    "untold": (PQ, "hdr10=0", 1000),
    "dim": (PQ, "max-cll=150,100", 150),
    "hlg": (HLG, "max-cll=4000,100", 1000),
}


@pytest.mark.parametrize(("transfer", "params", "peak"), CASES.values(), ids=CASES)
def test_the_curve_is_bt_2390s(tmp_path, transfer, params, peak):
    options = {"x265-params": f"{LOSSLESS}:{params}"}
    clip = factory.clip(tmp_path / "a.mp4", [factory.ramp()], transfer=transfer, options=options)
    assert (factory.planes(clip)[0][16] == np.arange(64, 940, 2)).all(), "the codes themselves"
    frame, notices = first(clip)
    nits = (nits_of_pq if transfer == PQ else nits_of_hlg)(factory.RAMP[:, None].repeat(3, 1))
    wanted = sdr(nits, peak) if peak > WHITE else 255 * (nits / WHITE).clip(0, 1) ** (1 / 2.4)
    assert np.abs(frame.image[16] - wanted).max() < 1
    assert [f"up to {peak:,} nit" in notice for notice in notices] == [True]
    clouds = [np.abs(nits[:, 0] - at).argmin() for at in (203, 300, 500) if at < peak]
    assert (np.diff(frame.image[16, clouds, 0].astype(int)) > 3).all()


@pytest.mark.parametrize(("transfer", "peak"), [(PQ, 1000), (PQ, 300), (HLG, 1000)])
def test_colours_are_those_of_bt_709(tmp_path, transfer, peak):
    """A bright sky, a saturated red, a leaf, skin; beyond BT.709 they are clipped. What is brighter
    than the file says keeps its hue."""
    patches = np.array([[0.55, 0.62, 0.72], [0.7, 0.1, 0.1], [0.2, 0.45, 0.15], [0.5, 0.4, 0.35]])
    codes = factory.coded(patches).repeat(16, 0)[None].repeat(32, 0)
    how = {"form": "yuv444p10le", "options": {"x265-params": f"{LOSSLESS}:max-cll={peak},9"}}
    clip = factory.clip(tmp_path / "a.mp4", [codes], transfer=transfer, **how)
    nits = (nits_of_pq if transfer == PQ else nits_of_hlg)(patches)
    got = first(clip)[0].image[16, 8::16]
    assert np.abs(got - sdr(nits, peak)).max() < 2


@pytest.mark.parametrize(
    ("form", "full"),
    [("yuv420p", False), ("yuv422p12le", False), ("yuv420p10le", True), ("gbrp10le", False)],
)
def test_every_pixel_format_has_the_same_white(tmp_path, form, full):
    """A third, which 8 and 10 bits have exactly, in limited and in full range."""
    picture = np.full((32, 64, 3), 85, np.uint8)
    clip = factory.clip(tmp_path / "a.mkv", [picture], form=form, full=full)
    wanted = sdr(nits_of_pq(np.full(3, 1 / 3)), 1000)
    assert abs(first(clip)[0].image.mean() - wanted.mean()) < 0.6


def kept(clip, result, change=lambda frame: frame, **how):
    sink = VideoSink(result, source=clip, hdr="keep", quality=2, **how)
    with VideoSource(clip, kept=sink.pixels) as source, sink:
        for frame in source:
            sink.write(change(frame))
    return source.notices + sink.notices


def levels(path):
    with av.open(str(path)) as container:
        return LightLevels.of(next(container.decode(video=0)))


HDR10 = {"x265-params": f"{LOSSLESS}:{DISPLAY}:max-cll=1200,80"}


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", None), (".mov", None), (".webm", "av1")])
def test_kept_hdr_is_described_as_it_was(tmp_path, suffix, codec, transfer):
    options = HDR10 if transfer == PQ else None
    pictures = [np.full((64, 64, 3), 30_000, np.uint16)] * 3
    clip = factory.clip(tmp_path / "in.mp4", pictures, transfer=transfer, options=options)
    notices = kept(clip, tmp_path / f"out{suffix}", codec=codec)
    assert not [notice for notice in notices if "milliseconds" not in notice]
    assert factory.tags(tmp_path / f"out{suffix}") == (9, 9, transfer)
    source, result = levels(clip), levels(tmp_path / f"out{suffix}")
    assert result.content == source.content == ((1200, 80) if transfer == PQ else None)
    for name in ("primaries", "display"):
        was, now = (np.array(getattr(each, name) or [], float) for each in (source, result))
        assert np.allclose(was, now, rtol=1e-4, atol=2e-4)
        assert (len(was) > 0) == (transfer == PQ)


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_what_is_not_painted_stays_and_what_is_has_the_sources_light(tmp_path, transfer):
    """Half is painted grey: where the source shines, the paint shines."""
    clip = factory.clip(tmp_path / "in.mp4", [factory.ramp(64)], transfer=transfer)

    def paint(frame):
        image = frame.image.copy()
        image[32:] = 128
        return replace(frame, image=image)

    kept(clip, tmp_path / "out.mp4", paint)
    luma = [(factory.planes(path)[0][:64].astype(float) - 64) / 876 for path in
            (clip, tmp_path / "out.mp4")]  # fmt: skip
    assert np.abs(luma[0] - luma[1])[:24].mean() < 1 / 876
    nits_of = nits_of_pq if transfer == PQ else nits_of_hlg
    nits = nits_of(factory.RAMP[:, None].repeat(3, 1))[:, :1]
    bright = (nits[:, 0] > 5) & (nits[:, 0] < 990)
    wanted = WHITE * (128 / 255) ** 2.4 * (nits / np.maximum(eetf(nits, 1000), 1e-9))[bright, 0]
    painted = nits_of(np.repeat(luma[1][48][:, None], 3, 1))[bright, 0]
    assert np.abs(painted / wanted - 1).max() < 0.06
    assert painted.max() > 3 * painted.min()


def test_nothing_painted_gives_the_very_codes(tmp_path):
    clip = factory.clip(tmp_path / "in.mp4", [factory.ramp()])
    kept(clip, tmp_path / "out.mp4")
    was, now = (factory.planes(tmp_path / f"{name}.mp4")[0].astype(int) for name in ("in", "out"))
    assert np.abs(was - now).mean() < 0.6


REFUSED = {
    "not HDR": (1, {}, r"in.mp4 is not HDR.*choices of `hdr`: map"),
    "h264": (PQ, {"codec": "h264"}, r"h264 is not .* HDR \(choices in a .mp4 file: h265, av1\)"),
    "prores": (PQ, {"codec": "prores", "to": "out.mov"}, r"choices in a .mov file: h265\)"),
    "unknown": (PQ, {"hdr": "kep"}, r"'kep'; did you mean 'keep'\? \(choices: keep, map\)"),
    "vp9": (PQ, {"codec": "vp9", "to": "out.webm"}, r"choices in a .webm file: av1\)"),
}


@pytest.mark.parametrize(("transfer", "how", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_kept_is_refused_with_the_choices(tmp_path, transfer, how, said):
    pictures = [np.full((64, 64, 3), 30_000, np.uint16)]
    clip = factory.clip(tmp_path / "in.mp4", pictures, transfer=transfer)
    how = {"hdr": "keep", "to": "out.mp4", **how}
    with pytest.raises(UnknownName if "kep" in said else UsageError, match=said):
        VideoSink(tmp_path / how.pop("to"), source=clip, **how)
    assert not list(tmp_path.glob("out*"))
