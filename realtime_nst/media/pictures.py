"""Reading picture files, as frames or as paintings."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.errors import MediaError
from realtime_nst.media import tags, tone
from realtime_nst.media.picture_kinds import HEAD, cicp, count_of, is_cut_off, kind_of, opened
from realtime_nst.media.primaries import PRIMARIES
from realtime_nst.stream import Animated, Image, Original

if TYPE_CHECKING:  # Pillow takes 0.1 s to import, and most commands read no picture
    from PIL import Image as Pillow

    from realtime_nst.media.profiles import Profile

SUFFIXES = tuple(
    ".apng .avif .bmp .dib .gif .heic .heif .hif .jfif .jp2 .jpe .jpeg .jpg .jxl .png .tif .tiff "
    ".webp".split()
)

RAW = tuple(".arw .cr2 .cr3 .dng .nef .nrw .orf .pef .raf .rw2 .srw".split())
"""Data of a camera's sensor; many are a TIFF whose first picture is a thumbnail."""

ANIMATED = ("AVIF", "GIF", "PNG", "WEBP")
"""Kinds in which several pictures are an animation, by Pillow's names."""

LONGEST = 2**29
"""Pixels of an animation, all of whose pictures are in memory when it is written."""

_TOO_LARGE = "{!r} cannot be decoded: {}; try a smaller copy"

_TELL_PRIMARIES = ("AVIF", "HEIF", "PNG")

_BAND = 256
"""Rows converted at a time, to bound memory."""


def read_picture(path: str | Path) -> Image:
    """The picture at ``path`` as RGB uint8 ``(height, width, 3)``, in sRGB.

    The ICC profile and the EXIF orientation are applied, more than 8 bits are reduced to 8, grey,
    palette, CMYK and Lab are converted, transparency is composited over white. An animation gives
    its first picture. Raises :class:`MediaError` if it cannot be read.
    """
    return read_with_original(path)[0]


def read_with_original(path: str | Path) -> tuple[Image, Original]:
    """Like :func:`read_picture`, with what else the file holds."""
    return _decoded(load(Path(path)), str(path))


def read_animation(
    path: str | Path, *, longest: int | None = LONGEST
) -> Iterator[tuple[Image, Original]]:
    """All pictures of a file, as :func:`read_with_original` gives the first: one, but for an
    animated GIF, WebP, PNG or AVIF. They may have ``longest`` pixels together (None: any number).

    Raises :class:`MediaError` where one cannot be read, after those before it, which are an
    animation of their own.
    """
    data = load(Path(path))
    picture = opened(data, str(path))
    count = count_of(picture) if picture is not None and picture.format in ANIMATED else 1
    if picture is None or count == 1:
        yield _decoded(data, str(path))
        return
    if longest is not None and count * picture.width * picture.height > longest:
        raise MediaError(
            f"{str(path)!r} has {count} pictures of {picture.width}x{picture.height}, too many to "
            "be painted as a picture; use: realtime-nst video"
        )
    before: tuple[Image, Original] | None = None
    cut_off = is_cut_off(data)
    for number in range(count):
        found = _seek(picture, number, data, str(path))
        if before is not None:
            yield _placed(*before, last=found is None)
        if found is None:
            kept = "; those before it are painted" if number else ""
            raise MediaError(
                f"{str(path)!r} is damaged from picture {number + 1} of {count} on{kept}"
            )
        delay = round(picture.info.get("duration") or 0)
        animated = Animated(delay, last=True, loop=picture.info.get("loop"))
        before = found[0], replace(found[1], animated=animated, cut_off=cut_off)
    if before is not None:
        yield before


def _placed(image: Image, original: Original, *, last: bool) -> tuple[Image, Original]:
    assert original.animated is not None
    return image, replace(original, animated=replace(original.animated, last=last))


def _seek(
    picture: "Pillow.Image", number: int, data: bytes, name: str
) -> tuple[Image, Original] | None:
    try:
        picture.seek(number)
    except (EOFError, OSError, SyntaxError, ValueError):
        return None
    try:
        return _read(picture, data, 0)
    except MemoryError as error:
        raise MediaError(_TOO_LARGE.format(name, "not enough memory")) from error


def count_pictures(path: Path, *kinds: str) -> int:
    """How many pictures the file at ``path`` holds if it is of one of ``kinds``; else, and if it
    cannot be read, 1."""
    if not path.is_file():
        return 1
    try:
        with path.open("rb") as file:
            if kind_of(file.read(HEAD)) not in kinds:
                return 1
            file.seek(0)
            picture = opened(file.read(), str(path))
    except (MediaError, OSError):
        return 1
    return 1 if picture is None else count_of(picture)


def is_picture(path: Path) -> bool:
    """By its suffix, or if that is unknown by the file's contents."""
    if path.suffix.lower() in SUFFIXES or not path.is_file():
        return path.suffix.lower() in SUFFIXES and not path.is_dir()
    try:
        with path.open("rb") as file:
            return bool(kind_of(file.read(HEAD))) or cv2.haveImageReader(str(path))
    except OSError:
        return False


def load(path: Path) -> bytes:
    """The file's contents. Raises :class:`MediaError` if it cannot be read or is empty."""
    if path.exists() and not (path.is_file() or path.is_dir()):  # these may never end
        raise MediaError(f"{str(path)!r} is a pipe or a device; name a picture file")
    if path.suffix.lower() in RAW:
        raise MediaError(f"{str(path)!r} is a camera's raw file; develop it to JPEG or TIFF first")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MediaError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error
    if not data:
        raise MediaError(f"{str(path)!r} is empty; give a picture ({', '.join(SUFFIXES)})")
    return data


def decode(data: bytes, name: str, longest: int = 0) -> Image:
    """Like :func:`read_picture`, for the picture in ``data``, called ``name`` in errors.

    A JPEG whose longer side has 8 times ``longest`` pixels or more is decoded at an eighth of its
    size, so that it is never in memory in full; not if ``longest`` is 0.
    """
    return _decoded(data, name, longest)[0]


def _decoded(data: bytes, name: str, longest: int = 0) -> tuple[Image, Original]:
    cut_off = is_cut_off(data)
    if cut_off and kind_of(data) == "JPEG":
        data = data.rstrip(b"\xff") + b"\xff\xd9"  # without an end, OpenCV refuses all of it
    try:
        picture = opened(data, name)
        result = _read(picture, data, longest) if picture is not None else None
        image, original = result or _through_opencv(data, name)
    except (cv2.error, MemoryError) as error:
        reason = getattr(error, "err", "") or "not enough memory"
        raise MediaError(_TOO_LARGE.format(name, reason)) from error
    return image, replace(original, cut_off=cut_off)


def _read(picture: "Pillow.Image", data: bytes, longest: int) -> tuple[Image, Original] | None:
    """None if the file is damaged."""
    profile = _profile(picture, data)
    if picture.format == "JPEG" and (
        picture.mode == "RGB" or (picture.mode == "L" and not profile)
    ):
        from PIL.JpegImagePlugin import get_sampling

        image = _jpeg(data, longest)
        if image is None:
            return None
        shown, original = _finished(picture, image, None, profile)
        return shown, replace(original, subsampling=get_sampling(picture))
    try:
        picture.load()
        colours, alpha = _split(picture)
    except MemoryError:
        raise
    except Exception:  # the readers raise whatever a damaged file makes them trip over
        return None
    _, transfer = cicp(data) if picture.format in _TELL_PRIMARIES else (2, 2)
    if transfer in (tone.PQ, tone.HLG) and "icc_profile" not in picture.info:
        return _finished(picture, _sdr(np.array(colours.convert("RGB")), transfer), alpha, profile)
    if profile is not None and profile.mode == "RGB" and colours.mode == "L":
        colours = colours.convert("RGB")
    if profile is None or profile.mode != colours.mode:
        return _finished(picture, _converted(colours), alpha, None)
    if profile.mode != "RGB":
        return _finished(picture, np.array(profile.to_srgb(colours)), alpha, None)
    return _finished(picture, np.array(colours), alpha, profile)


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
    return None if image is None else cast(Image, cv2.cvtColor(image, cv2.COLOR_BGR2RGB))


def _sdr(pixels: Image, transfer: int) -> Image:
    """HDR as SDR with the same primaries."""
    result = np.empty_like(pixels)
    for top in range(0, len(pixels), _BAND):
        coded = np.divide(pixels[top : top + _BAND], 255, dtype=np.float32)
        mapped = tone.tone_mapped(tone.nits_of(coded, transfer))
        result[top : top + _BAND] = tone.srgb_coded(mapped)
    return result


def _split(picture: "Pillow.Image") -> "tuple[Pillow.Image, NDArray[np.uint8] | None]":
    """The colours of a loaded picture, in the mode L, RGB, CMYK or LAB, and its transparency."""
    if _is_clear(picture):
        clear = picture.convert("RGBA")
        grey = picture.mode in ("LA", "La")
        alpha = np.array(clear.getchannel("A"))
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


def _converted(colours: "Pillow.Image") -> Image:
    from realtime_nst.media.profiles import lab_to_srgb

    return np.array(lab_to_srgb(colours) if colours.mode == "LAB" else colours.convert("RGB"))


def _finished(
    picture: "Pillow.Image",
    pixels: Image,
    alpha: NDArray[np.uint8] | None,
    profile: "Profile | None",
) -> tuple[Image, Original]:
    """``pixels``, in the space of ``profile`` (None: sRGB), upright, in sRGB and over white."""
    told = tags.tags_of(picture)
    turn = _TURNS.get(tags.orientation(picture, told))
    if turn is not None:
        pixels = turn(pixels)
        alpha = None if alpha is None else turn(alpha)
    shown = pixels
    if profile is not None and not profile.is_srgb:
        shown = profile.image_to_srgb(pixels)
    kept = profile.data if profile is not None and profile.is_writable else b""
    own = pixels if kept else shown
    if alpha is not None:
        shown, own = on_white(shown, alpha), np.dstack((own, alpha))
    elif own is shown:
        return shown, Original(profile=kept, tags=told)
    return shown, Original(own, shown, kept, told)


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
    for top in range(0, len(pixels), _BAND):
        band = slice(top, top + _BAND)
        share = alpha[band, :, None].astype(np.float32) / 255
        image[band] = (pixels[band] * share + 255 * (1 - share)).round()
    return image


def _through_opencv(data: bytes, name: str) -> tuple[Image, Original]:
    """Of kinds that Pillow does not read, and of damaged files as much as there is."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise MediaError(
            f"{name!r} is not a picture, or is damaged "
            f"(formats: {', '.join(SUFFIXES)}); convert it or leave it out"
        )
    return cast(Image, cv2.cvtColor(image, cv2.COLOR_BGR2RGB)), Original()
