"""Pictures too large for further copies: bands without seams, files in strips, memory, progress."""

import tracemalloc
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import painter_factory
import pytest
from PIL import Image

from realtime_nst import large, pipeline
from realtime_nst.look import Look
from realtime_nst.media.pictures import read_picture, read_with_original
from realtime_nst.media.profiles import rgb_profile
from realtime_nst.paint import Paint
from realtime_nst.runtime import bands
from realtime_nst.runtime.enlarge import enlarged_rgb
from realtime_nst.runtime.enlarge_bands import BandEnlarger
from realtime_nst.runtime.networks import Networks
from realtime_nst.sinks import _strips
from realtime_nst.sinks.pictures import PictureSink, write_picture
from realtime_nst.sources.pictures import PictureSource
from realtime_nst.stream import Frame, Original, Tags

ADOBE_ICC = rgb_profile(((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), (2.19921875,))


def noise(width, height, channels=3):
    """Blurred, so that it can be enlarged and coded without much loss."""
    random = np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)
    return cv2.GaussianBlur(random, (0, 0), 2).reshape(height, width, channels)


def _small(monkeypatch, pixels=1000):
    """What is large here: more than ``pixels``."""
    monkeypatch.setattr("realtime_nst.paint.WHOLE", pixels)
    for part, name in (
        (bands, "_BAND"),
        (_strips, "_WHOLE"),
        (_strips, "_STRIP"),
    ):
        monkeypatch.setattr(part, name, pixels)


@pytest.fixture
def small(monkeypatch):
    _small(monkeypatch)


@pytest.mark.parametrize(
    ("painted", "size"),
    [((64, 48), (200, 150)), ((47, 33), (211, 101)), ((1, 9), (1, 100)), ((90, 1), (301, 2))],
)
@pytest.mark.parametrize("cubic", [True, False])
def test_bands_are_those_of_the_whole_enlarged(painted, size, cubic):
    picture = noise(*painted)
    method = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    whole = cv2.resize(picture, size, interpolation=method)
    for height in (1, 7, 64, 100):
        tops = range(0, size[1], height)
        rows = (slice(top, min(top + height, size[1])) for top in tops)
        joined = np.concatenate([bands.enlarged(picture, r, size, cubic=cubic) for r in rows])
        np.testing.assert_allclose(joined, whole, atol=1)


@pytest.mark.parametrize("painted", [(96, 160), (12, 20)], ids=["at once", "in steps"])
def test_bands_are_drawn_as_the_whole_is(monkeypatch, painted):
    monkeypatch.setattr(bands, "_BAND", 64)
    painting = noise(*painted)
    part = BandEnlarger(painting, (150, 260))
    rows = list(bands.bands(150, 260))
    joined = np.concatenate([part(each) for each in rows])
    assert len(rows) > 3
    monkeypatch.setattr(bands, "_BAND", 10**6)
    once = BandEnlarger(painting, (150, 260))(slice(0, 260))
    np.testing.assert_allclose(joined.astype(int), once, atol=1)
    whole = enlarged_rgb(painting, (150, 260))
    assert np.abs(joined.astype(int) - whole).mean() < 1


@pytest.fixture
def paint(tmp_path, monkeypatch):
    """Paints with networks that add a constant; the painting itself is behind ``.stage``."""
    painter_factory.install(tmp_path / "weights", monkeypatch)
    for name, colour in (("style", (60, 70, 80)), ("rest", (10, 0, 0))):
        painter_factory.painting(tmp_path / f"{name}.png", colour)
    mask = np.zeros((150, 200, 3), np.uint8)
    mask[:, 60:140] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)

    def build(**settings):
        files = {k: str(tmp_path / v) for k, v in settings.items() if str(v).endswith(".png")}
        look = Look(str(tmp_path / "style.png"), stabilise="off")
        return Paint(replace(look, **{**settings, **files}), Networks("cpu"))

    return build


def frame(image):
    return Frame(image, 0, Fraction(0), 0.0)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"strength": 0.5},
        {"keep_colour": "luminance"},
        {"keep_colour": "matched"},
        {"size": "220x170"},
        {"mask": "mask.png"},
        {"mask": "mask.png", "rest": "rest.png", "invert_mask": True, "strength": 0.7},
        {"strength": 0.0},
    ],
    ids=lambda settings: " ".join(settings) or "plain",
)
@pytest.mark.parametrize("brush", ["fine", "3"])
def test_bands_paint_what_the_whole_does(paint, monkeypatch, settings, brush):
    image = frame(noise(230, 175))
    whole = paint(brush=brush, **settings)(image).image
    _small(monkeypatch)
    banded = paint(brush=brush, **settings)(image).image
    np.testing.assert_allclose(banded.astype(int), whole, atol=8)
    assert np.abs(banded.astype(int) - whole).mean() < 1


@pytest.mark.parametrize("size", [(1, 1500), (1500, 1), (2, 600), (33, 40)])
def test_shapes_that_are_hardly_pictures(paint, small, size):
    stage = paint(brush="fine")
    assert stage(frame(noise(*size))).image.shape == (size[1], size[0], 3)


@pytest.mark.parametrize("sampling", [-1, 0, 1])
@pytest.mark.parametrize("size", [(100, 70), (33, 160), (1500, 17)])
def test_a_jpeg_in_strips_shows_what_one_in_one_piece_does(tmp_path, monkeypatch, sampling, size):
    original = Original(profile=ADOBE_ICC, tags=Tags(xmp=b"<x/>"), subsampling=sampling)
    image = noise(*size)
    write_picture(tmp_path / "whole.jpg", image, original=original)
    _small(monkeypatch)
    write_picture(tmp_path / "strips.jpg", image, original=original)
    whole, joined = (Image.open(tmp_path / f"{name}.jpg") for name in ("whole", "strips"))
    assert joined.info["icc_profile"] == ADOBE_ICC
    assert joined.info["xmp"] == b"<x/>"
    assert (tmp_path / "strips.jpg").read_bytes().count(b"\xff\xdd") == 1  # restart interval
    np.testing.assert_array_equal(np.asarray(joined), np.asarray(whole))
    np.testing.assert_array_equal(  # OpenCV is another reader
        cv2.imread(str(tmp_path / "strips.jpg")), cv2.imread(str(tmp_path / "whole.jpg"))
    )


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp", ".jpg"])
@pytest.mark.parametrize("profile", [b"", ADOBE_ICC], ids=["srgb", "adobe"])
def test_a_large_file_keeps_colours_and_transparency(tmp_path, small, suffix, profile):
    pixels = noise(90, 70, 4)
    Image.fromarray(pixels).save(tmp_path / "in.png", icc_profile=profile or None)
    image, original = read_with_original(tmp_path / "in.png")
    path = tmp_path / f"out{suffix}"
    write_picture(path, image, original=original, quality=100)
    if suffix in (".png", ".tif"):
        np.testing.assert_array_equal(np.asarray(Image.open(path)), pixels)
    else:
        np.testing.assert_allclose(read_picture(path).astype(int), image, atol=24)


def test_a_side_that_jpeg_cannot_have_is_named(tmp_path, small):
    with pytest.raises(Exception, match=r"'a.jpg' cannot hold a picture of 1x70000: .*65500"):
        write_picture(tmp_path / "a.jpg", noise(1, 70000))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("suffix", "profile", "most"),
    [(".jpg", b"", 2), (".png", ADOBE_ICC, 4)],
)
def test_no_step_copies_a_large_picture(paint, tmp_path, monkeypatch, suffix, profile, most):
    """Of arrays, there are the source, the result, and the pixels in the file's own colours."""
    _small(monkeypatch, pixels=100_000)
    monkeypatch.setattr(large, "_MASK", 100_000)
    image = cv2.resize(noise(64, 8), (900, 2000))
    Image.fromarray(image).save(tmp_path / f"in{suffix}", icc_profile=profile or None)
    stage = paint(brush="3", strength=0.7, keep_colour="luminance", mask="mask.png")
    source = PictureSource(tmp_path / f"in{suffix}", animations=True)
    sink = PictureSink(tmp_path / f"out{suffix}")
    stage(frame(image[:400]))  # what is imported and compiled is none of it
    tracemalloc.start()
    try:
        with source, sink:
            pipeline.run(source, [stage], sink)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sink.written == [tmp_path / f"out{suffix}"]
    assert peak / image.nbytes < most + 0.9


def test_progress_reaches_1_and_what_it_raises_leaves_nothing(paint, tmp_path, small):
    image, shares = noise(30, 500), []
    stage = paint(brush="3")
    stage.progress = shares.append
    stage(frame(image))
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) > 5

    def stop(share):
        raise KeyboardInterrupt

    stage.progress = stop
    cv2.imwrite(str(tmp_path / "in.png"), image)
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt), PictureSink(out) as sink:
        pipeline.run(PictureSource(tmp_path / "in.png"), [stage], sink)
    assert list(out.iterdir()) == []
