"""Films painted as they are coded: no RGB of the full size is made on the way."""

from dataclasses import FrozenInstanceError, replace
from fractions import Fraction
from itertools import islice

import av
import cv2
import media_factory
import numpy as np
import painter_factory
import pytest
from av.video.reformatter import Interpolation, VideoReformatter

from realtime_nst.look import Look
from realtime_nst.media.colours import Colours
from realtime_nst.media.planes import Planes, at_size, coded
from realtime_nst.paint import Paint
from realtime_nst.pipeline import run
from realtime_nst.runtime.networks import Networks
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sources.video import VideoSource
from realtime_nst.stream import Frame

SIZE = 320, 240
BRUSH = "4"  # 120 lines

COLOURS = {
    "bt709": Colours(),
    "bt601": Colours(6, 6, 6),
    "full": Colours(full=True),
    "bt601-full": Colours(5, 5, 6, full=True),
}


def patches(number=0, size=SIZE):
    """Large soft patches of random colours, which move from picture to picture."""
    small = np.random.default_rng(1).integers(40, 200, (6, 8, 3), np.uint8)
    image = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    return np.roll(image, 3 * number, axis=1)


def film(path, *, pixels="yuv420p", colours=None, interlaced=False, size=SIZE, count=4, **options):
    """Patches, tagged with ``colours``."""
    tags = colours and {
        "colorspace": str(colours.matrix),
        "color_primaries": str(colours.primaries),
        "color_trc": str(colours.transfer),
        "color_range": "2" if colours.full else "1",
    }
    fields = {"flags": "+ildct+ilme"} if interlaced else {}
    options |= {"options": {"crf": "0", **(tags or {}), **fields}, "images": patches}
    return media_factory.clip(path, count=count, size=size, pixels=pixels, **options)


def frames(path, count=4):
    with VideoSource(path) as source:
        return list(islice(source, count))


def difference(one, other):
    """The mean, in grey levels: what FFmpeg makes RGB is darker by one."""
    return np.abs(one.astype(int) - other).mean()


def decoded(path):
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


@pytest.fixture
def look(tmp_path, monkeypatch):
    """Looks whose network adds a colour, with strokes larger than the film's pixels."""
    painter_factory.install(tmp_path / "weights", monkeypatch)
    dark = str(painter_factory.painting(tmp_path / "dark.png", painter_factory.DARK))
    return lambda **settings: Look(dark, **{"brush": BRUSH, "stabilise": "off", **settings})


@pytest.fixture
def no_rgb(monkeypatch):
    """Who asks for RGB of planes fails."""
    monkeypatch.setattr(Planes, "image", property(lambda planes: pytest.fail("RGB was made")))


class Later:
    """A picture that counts how often it is made."""

    size, made = (4, 2), 0

    @property
    def image(self):
        self.made += 1
        return np.zeros((2, 4, 3), np.uint8)


def test_a_frame_makes_its_image_when_it_is_read():
    later, image = Later(), np.ones((3, 5, 3), np.uint8)
    frame = Frame(image, 1, Fraction(2), 3.0, Fraction(1, 4)).showing(later)
    assert (frame.size, frame.picture, later.made) == ((4, 2), later, 0)
    assert (frame.image.shape, later.made) == ((2, 4, 3), 1)
    assert (frame.index, frame.pts, frame.captured, frame.duration) == (1, 2, 3.0, Fraction(1, 4))
    moved = frame.showing(later, pts=Fraction(9))
    assert (moved.picture, moved.pts, later.made) == (later, 9, 1)
    other = replace(frame, image=image)
    assert other.image is other.picture is image
    assert other.size == (5, 3)


def test_a_frame_has_a_picture_and_keeps_it():
    with pytest.raises(TypeError, match="image"):
        Frame(index=0, pts=Fraction(0), captured=0.0)
    with pytest.raises(FrozenInstanceError):
        Frame(np.zeros((2, 4, 3), np.uint8), 0, Fraction(0), 0.0).image = Later()


@pytest.mark.parametrize("name", COLOURS)
def test_who_asks_for_rgb_gets_what_ffmpeg_makes_of_the_whole_frame(tmp_path, name):
    clip = film(tmp_path / "clip.mp4", colours=COLOURS[name])
    shown = frames(clip)
    exact = Interpolation.BILINEAR | Interpolation.FULL_CHR_H_INT
    for frame, coded_frame in zip(shown, decoded(clip), strict=True):
        COLOURS[name].tag(coded_frame)
        rgb = VideoReformatter().reformat(coded_frame, format="rgb24", interpolation=exact)
        assert isinstance(frame.picture, Planes)
        assert frame.size == SIZE
        np.testing.assert_array_equal(frame.image, rgb.to_ndarray())
        assert frame.image is frame.image


@pytest.mark.parametrize(
    "options",
    [
        {"pixels": "yuv444p"},
        {"pixels": "yuv420p10le"},
        {"rotation": 90},
        {"interlaced": True},
        {"colours": Colours(9, 9, 14)},
        {"colours": Colours(9, 9, 16)},
    ],
)
def test_what_planes_do_not_say_is_made_rgb_at_once(tmp_path, options):
    clip = film(tmp_path / "clip.mov", **options)
    assert isinstance(frames(clip)[0].picture, np.ndarray)


def test_odd_sides_are_made_rgb_at_once(tmp_path):
    clip = film(tmp_path / "clip.mkv", size=(63, 49), codec="ffv1", count=1)
    assert isinstance(frames(clip)[0].picture, np.ndarray)


@pytest.mark.parametrize("name", COLOURS)
def test_colours_are_coded_as_they_are_decoded(name):
    image = patches()
    luma, cb, cr = coded(image, COLOURS[name])
    half = [cv2.resize(each, (160, 120), interpolation=cv2.INTER_AREA) for each in (cb, cr)]
    planes = Planes.of(luma, *half, COLOURS[name])
    assert difference(planes.image, image) < 5
    small = cv2.resize(image, (120, 90), interpolation=cv2.INTER_AREA)
    assert difference(planes.rgb_at((120, 90)), small) < 5
    resized = at_size(planes, (120, 90))
    assert isinstance(resized, Planes)
    assert difference(resized.image, small) < 5


@pytest.mark.parametrize("size", [(161, 121), (160, 120), (640, 480), SIZE])
def test_pictures_of_any_form_are_resized(size):
    image = patches()
    planes = Planes.of(*_halved(coded(image, COLOURS["bt709"])), COLOURS["bt709"])
    resized = Frame.of(at_size(planes, size), 0, Fraction(0), 0.0)
    assert resized.size == size
    wanted = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    assert difference(resized.image, wanted) < 5


def _halved(planes):
    luma, *colours = planes
    size = luma.shape[1] // 2, luma.shape[0] // 2
    return luma, *(cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in colours)


SETTINGS = {
    "plain": {},
    "steady": {"stabilise": "strong"},
    "strength": {"strength": 0.5},
    "luminance": {"keep_colour": "luminance"},
    "both": {"keep_colour": "luminance", "strength": 0.7},
    "matched": {"keep_colour": "matched"},
    "size": {"size": "200", "brush": "4"},
    "odd size": {"size": "301x201"},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_planes_are_painted_as_rgb_is(tmp_path, look, name):
    clip = film(tmp_path / "clip.mp4", colours=COLOURS["bt601"])
    in_planes, in_rgb = (Paint(look(**SETTINGS[name]), Networks("cpu")) for _ in range(2))
    for frame in frames(clip):
        one, other = in_planes(frame), in_rgb(frame.showing(frame.image))
        assert one.size == other.size
        assert difference(one.image, other.image) < 5
    in_planes.reset()
    in_rgb.reset()


@pytest.mark.parametrize("settings", [{}, {"invert_mask": True}, {"rest": "wave"}])
def test_masks_composite_planes_as_rgb(tmp_path, look, dark, settings):
    mask = np.zeros((240, 320), np.uint8)
    mask[:, 160:] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    settings = {**settings, "mask": str(tmp_path / "mask.png")}
    frame = frames(film(tmp_path / "clip.mp4"))[0]
    one = Paint(look(**settings), Networks("cpu"))(frame)
    other = Paint(look(**settings), Networks("cpu"))(frame.showing(frame.image))
    assert isinstance(one.picture, Planes)
    assert difference(one.image, other.image) < 5


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"stabilise": "strong"},
        {"strength": 0.5, "keep_colour": "luminance"},
        {"mask": "moving", "size": "200"},
        {"strength": 0.0},
    ],
)
def test_from_file_to_file_no_rgb_of_the_full_size_is_made(tmp_path, look, no_rgb, settings):
    clip, target = film(tmp_path / "clip.mp4", sound="aac"), tmp_path / "out.mp4"
    with VideoSource(clip) as source, VideoSink(target, source=clip) as sink:
        run(source, [Paint(look(**settings), Networks("cpu"))], sink)
    assert len(decoded(target)) == 4


@pytest.mark.parametrize("name", COLOURS)
def test_what_is_written_has_the_colours_of_the_painting(tmp_path, look, name):
    clip, target = film(tmp_path / "clip.mp4", colours=COLOURS[name]), tmp_path / "out.mp4"
    paint = Paint(look(), Networks("cpu"))
    with VideoSource(clip) as source, VideoSink(target, source=clip, quality=0) as sink:
        run(source, [paint], sink)
    for frame, written in zip(frames(clip), frames(target), strict=True):
        assert difference(written.image, paint(frame).image) < 5


def test_an_unpainted_film_keeps_every_value(tmp_path, look):
    clip, target = film(tmp_path / "clip.mp4"), tmp_path / "out.mp4"
    with VideoSource(clip) as source, VideoSink(target, source=clip, quality=0) as sink:
        run(source, [Paint(look(strength=0.0), Networks("cpu"))], sink)
    for one, other in zip(decoded(clip), decoded(target), strict=True):
        np.testing.assert_array_equal(one.to_ndarray(), other.to_ndarray())


def test_painting_leaves_what_was_decoded_as_it_was(tmp_path, look):
    clip = film(tmp_path / "clip.mp4")
    shown = frames(clip)
    paint = Paint(look(strength=0.5), Networks("cpu"))
    for frame in shown:
        paint(frame)
    for frame, other in zip(shown, decoded(clip), strict=True):
        np.testing.assert_array_equal(frame.picture.luma, other.to_ndarray()[:240])
