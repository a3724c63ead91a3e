"""Pictures decoded: their pixels as they are stored, then upright, in sRGB and over white.

What is large is made a band of rows at a time: beside what is kept, there is never another copy of
all pixels.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst import memory
from realtime_nst.errors import MediaError, UsageError
from realtime_nst.media import tags, tone
from realtime_nst.media.picture_kinds import cicp, is_progressive
from realtime_nst.media.primaries import PRIMARIES
from realtime_nst.stream import Image, Original, Tags

if TYPE_CHECKING:  # Pillow takes 0.1 s to import, and most commands read no picture
    from PIL import Image as Pillow

    from realtime_nst.media.profiles import Profile

_TELL_PRIMARIES = ("AVIF", "HEIF", "PNG")

_BAND = 256
"""Rows converted at a time, to bound memory."""

_OF_PILLOW, _COEFFICIENTS = 4, 3
"""Bytes a pixel that Pillow's own copy takes, and at least those of a progressive JPEG."""


@dataclass
class Decoded:
    """``pixels``, RGB or RGBA as stored, in the space of ``profile`` (None: sRGB); ``orientation``
    is that of EXIF. ``subsampling`` as in :class:`~realtime_nst.stream.Original`."""

    pixels: NDArray[np.uint8]
    profile: "Profile | None"
    tags: Tags
    orientation: int
    subsampling: int = -1


def require_memory(picture: "Pillow.Image", data: bytes, name: str) -> None:
    """Raises :class:`MediaError` for what cannot be decoded in the memory that is free."""
    needed = 3 if picture.format == "JPEG" else 3 + _OF_PILLOW
    if picture.format == "JPEG" and is_progressive(data):
        needed += _COEFFICIENTS
    size = "{}x{}".format(*picture.size)
    pixels = picture.width * picture.height
    try:
        memory.require(needed * pixels, f"decoding {size}", "use a smaller copy")
    except UsageError as error:
        raise MediaError(f"{name!r}: {error}") from error


def decoded(picture: "Pillow.Image", data: bytes, longest: int = 0) -> Decoded | None:
    """The pixels of ``picture``, which was opened from ``data``; None if the file is damaged.

    A JPEG whose longer side has 8 times ``longest`` pixels or more is decoded at an eighth of its
    size; not if ``longest`` is 0.
    """
    profile = _profile(picture, data)
    if picture.format == "JPEG" and (
        picture.mode == "RGB" or (picture.mode == "L" and not profile)
    ):
        from PIL.JpegImagePlugin import get_sampling

        image = _jpeg(data, longest)
        return None if image is None else _told(picture, image, profile, get_sampling(picture))
    _, transfer = cicp(data) if picture.format in _TELL_PRIMARIES else (2, 2)
    try:
        picture.load()
        if transfer in (tone.PQ, tone.HLG) and "icc_profile" not in picture.info:
            pixels = _in_bands(picture, lambda band: _sdr(_rgb(band), transfer))
            return _told(picture, pixels, profile)
        kept, rgb = _way_to_rgb(picture, profile)
        return _told(picture, _in_bands(picture, rgb), kept)
    except MemoryError:
        raise
    except Exception:  # the readers raise whatever a damaged file makes them trip over
        return None


def finished(found: Decoded) -> tuple[Image, Original]:
    """Upright, in sRGB and over white, and what else is to be kept. ``found`` is used up."""
    turn = _TURNS.get(found.orientation)
    if turn is not None:
        found.pixels = turn(found.pixels)
    profile, own = found.profile, found.pixels
    kept = profile.data if profile is not None and profile.is_writable else b""
    original = Original(profile=kept, tags=found.tags, subsampling=found.subsampling)
    clear = own.shape[2] == 4
    if not clear and (profile is None or profile.is_srgb):
        return own, original
    shown = np.empty((*own.shape[:2], 3), np.uint8)
    for rows in bands(own.shape[0]):
        colours: Image = np.ascontiguousarray(own[rows, :, :3])
        if profile is not None and not profile.is_srgb:
            colours = profile.image_to_srgb(colours)
        if not kept:
            own[rows, :, :3] = colours
        shown[rows] = _over_white(colours, own[rows, :, 3]) if clear else colours
    return shown, replace(original, pixels=own, shown=shown) if kept or clear else original


_TURNS: dict[int, Any] = {
    2: lambda image: cv2.flip(image, 1),
    3: lambda image: cv2.rotate(image, cv2.ROTATE_180),
    4: lambda image: cv2.flip(image, 0),
    5: lambda image: cv2.transpose(image),
    6: lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    7: lambda image: cv2.flip(cv2.transpose(image), -1),
    8: lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
"""What makes a picture upright, by its EXIF orientation."""


def on_white(pixels: Image, alpha: NDArray[np.uint8]) -> Image:
    """``pixels`` over white, where ``alpha`` (``(height, width)``, 255: opaque) lets it through."""
    image = np.empty_like(pixels)
    for rows in bands(pixels.shape[0]):
        image[rows] = _over_white(pixels[rows], alpha[rows])
    return image


def _over_white(pixels: Image, alpha: NDArray[np.uint8]) -> NDArray[Any]:
    share = alpha[..., None].astype(np.float32) / 255
    over: NDArray[Any] = (pixels * share + 255 * (1 - share)).round()
    return over


def swapped(image: Image) -> Image:
    """``image`` with red and blue exchanged, in its own memory."""
    for rows in bands(image.shape[0]):
        image[rows] = cv2.cvtColor(image[rows], cv2.COLOR_BGR2RGB)
    return image


def bands(height: int) -> Iterator[slice]:
    """The rows of a picture of that height, some at a time."""
    for top in range(0, height, _BAND):
        yield slice(top, min(top + _BAND, height))


def _told(
    picture: "Pillow.Image", pixels: Image, profile: "Profile | None", subsampling: int = -1
) -> Decoded:
    told = tags.tags_of(picture)
    return Decoded(pixels, profile, told, tags.orientation(picture, told), subsampling)


def _profile(picture: "Pillow.Image", data: bytes) -> "Profile | None":
    """The ICC profile, or one of the primaries that the file names instead."""
    embedded = picture.info.get("icc_profile")
    primaries, _ = cicp(data) if picture.format in _TELL_PRIMARIES else (2, 2)
    if not embedded and primaries == 2:
        return None
    from realtime_nst.media.profiles import read_profile, rgb_profile

    if not embedded and primaries in PRIMARIES:
        embedded = rgb_profile(PRIMARIES[primaries])
    return read_profile(embedded) if embedded else None


def _jpeg(data: bytes, longest: int) -> Image | None:
    """OpenCV is faster than Pillow."""
    coded = np.frombuffer(data, np.uint8)
    image = None
    if longest:
        small = cv2.imdecode(coded, cv2.IMREAD_REDUCED_COLOR_8 | cv2.IMREAD_IGNORE_ORIENTATION)
        image = small if small is not None and max(small.shape) >= longest else None
    if image is None:
        image = cv2.imdecode(coded, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return None if image is None else swapped(cast(Image, image))


def _in_bands(picture: "Pillow.Image", rgb: Callable[["Pillow.Image"], Image]) -> Image:
    """The colours of a loaded picture as ``rgb`` makes them, and its transparency."""
    pixels = np.empty((picture.height, picture.width, 4 if _is_clear(picture) else 3), np.uint8)
    for rows in bands(picture.height):
        colours, alpha = _split(picture.crop((0, rows.start, picture.width, rows.stop)))
        pixels[rows, :, :3] = rgb(colours)
        if alpha is not None:
            pixels[rows, :, 3] = alpha
    return pixels


def _way_to_rgb(
    picture: "Pillow.Image", profile: "Profile | None"
) -> "tuple[Profile | None, Callable[[Pillow.Image], Image]]":
    """How the colours of a picture become RGB, and the profile of what they become."""
    mode = _split(picture.crop((0, 0, 1, 1)))[0].mode
    if profile is not None and profile.mode == "RGB" and mode in ("L", "RGB"):
        return profile, _rgb
    if profile is not None and profile.mode == mode:
        return None, lambda colours: np.asarray(profile.to_srgb(colours))
    return None, _lab if mode == "LAB" else _rgb


def _rgb(colours: "Pillow.Image") -> Image:
    return np.asarray(colours.convert("RGB"))


def _lab(colours: "Pillow.Image") -> Image:
    from realtime_nst.media.profiles import lab_to_srgb

    return np.asarray(lab_to_srgb(colours))


def _sdr(pixels: Image, transfer: int) -> Image:
    """HDR as SDR with the same primaries."""
    coded = np.divide(pixels, 255, dtype=np.float32)
    return tone.srgb_coded(tone.tone_mapped(tone.nits_of(coded, transfer)))


def _split(picture: "Pillow.Image") -> "tuple[Pillow.Image, NDArray[np.uint8] | None]":
    """The colours of a loaded picture, in the mode L, RGB, CMYK or LAB, and its transparency."""
    if _is_clear(picture):
        clear = picture.convert("RGBA")
        grey = picture.mode in ("LA", "La")
        alpha = np.asarray(clear.getchannel("A"))
        return clear.getchannel("R") if grey else clear.convert("RGB"), alpha
    if picture.mode.startswith(("I", "F")):
        return _eight_bits(np.asarray(picture, np.float64), picture.mode == "F"), None
    if picture.mode == "1":
        return picture.convert("L"), None
    return picture if picture.mode in ("L", "CMYK", "LAB") else picture.convert("RGB"), None


def _is_clear(picture: "Pillow.Image") -> bool:
    try:
        return picture.has_transparency_data
    except AssertionError:  # a damaged GIF has no palette
        return False


def _eight_bits(values: NDArray[np.float64], floating: bool) -> "Pillow.Image":
    """Grey of 16 bits, or floating point in 0..1, as 8 bits."""
    from PIL import Image as Pillow

    scaled = values * 255 if floating else values * (255 / 65535)
    return Pillow.fromarray(np.nan_to_num(scaled).round().clip(0, 255).astype(np.uint8))
