"""ICC colour profiles of pictures: into sRGB to be painted, and back into their own space."""

import struct
from collections.abc import Iterable
from functools import cached_property, lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageCms

from realtime_nst.media.primaries import Chromaticities, to_xyz
from realtime_nst.stream import Image

_MODES = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L", "Lab": "LAB"}
"""The Pillow mode of pixels by the colour space of a profile (ICC.1:2022, table 19)."""

_STEPS = 9
"""Values of each channel in the grid of colours by which sRGB is recognised."""


class Profile:
    """An ICC profile that LittleCMS can convert to sRGB; raises PyCMSError for any other.

    ``mode`` is the Pillow mode of the pixels that it describes.
    """

    def __init__(self, data: bytes) -> None:
        try:
            self._profile = ImageCms.ImageCmsProfile(BytesIO(data))
            self.mode = _MODES[self._profile.profile.xcolor_space.strip()]
        except (OSError, KeyError, ValueError) as error:  # ValueError: a space beyond ASCII
            raise ImageCms.PyCMSError(error) from error
        self.data = data
        self._to_srgb = _transform(self._profile, _srgb(), self.mode, "RGB")

    def to_srgb(self, picture: Pillow.Image) -> Pillow.Image:
        """``picture``, of the mode ``mode``, in sRGB."""
        result = ImageCms.applyTransform(picture, self._to_srgb)
        assert result is not None
        return result

    def image_to_srgb(self, image: Image) -> Image:
        """``image`` in this profile's RGB space, in sRGB."""
        return np.array(self.to_srgb(Pillow.fromarray(image)))

    def from_srgb(self, image: Image) -> Image:
        """``image`` in sRGB, in this profile's space; only if ``is_writable``."""
        assert self._from_srgb is not None
        return np.array(ImageCms.applyTransform(Pillow.fromarray(image), self._from_srgb))

    @cached_property
    def is_srgb(self) -> bool:
        """True if no colour differs from sRGB by more than 1 of 255, whatever its name."""
        if self.mode != "RGB":
            return False
        values = np.linspace(0, 255, _STEPS).round().astype(np.uint8)
        grid = np.stack(np.meshgrid(values, values, values), -1).reshape(_STEPS, -1, 3)
        converted = np.asarray(self.to_srgb(Pillow.fromarray(grid)), np.int16)
        return int(np.abs(converted - grid).max()) <= 1

    @property
    def is_writable(self) -> bool:
        """True if an RGB picture can be converted from sRGB into this profile's space."""
        return self._from_srgb is not None

    @cached_property
    def _from_srgb(self) -> Any:
        try:
            return _transform(_srgb(), self._profile, "RGB", "RGB") if self.mode == "RGB" else None
        except ImageCms.PyCMSError:  # a scanner's profile, which has one direction only
            return None


@lru_cache(maxsize=16)
def read_profile(data: bytes) -> Profile | None:
    """The profile in ``data``; None if it cannot be used. Kept for the next picture."""
    try:
        return Profile(data)
    except ImageCms.PyCMSError:
        return None


def lab_to_srgb(picture: Pillow.Image) -> Pillow.Image:
    """``picture``, of the mode LAB (D50), in sRGB."""
    lab = ImageCms.createProfile("LAB")
    result = ImageCms.applyTransform(picture, _transform(lab, _srgb(), "LAB", "RGB"))
    assert result is not None
    return result


@lru_cache(maxsize=1)
def _srgb() -> Any:
    return ImageCms.createProfile("sRGB")


def _transform(source: Any, target: Any, source_mode: str, target_mode: str) -> Any:
    return ImageCms.buildTransform(source, target, source_mode, target_mode)


_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""g, a, b, c, d of (aX + b)^g from d on, cX below (ICC.1:2022, table 68, function type 3)."""


@lru_cache(maxsize=8)
def rgb_profile(primaries: Chromaticities, curve: tuple[float, ...] = _SRGB_CURVE) -> bytes:
    """An ICC profile for an RGB space with white D65.

    ``primaries`` are the chromaticities of red, green and blue; ``curve`` is a gamma alone, or the
    parameters of a curve of sRGB's form.
    """
    tags = {
        b"desc": _text("RGB"),
        b"cprt": _text("none"),
        b"wtpt": _xyz(_D50),
    }
    for name, column in zip(b"rgb", _matrix(primaries).T, strict=True):
        tags[bytes([name]) + b"XYZ"] = _xyz(column)
        form = 3 if len(curve) > 1 else 0
        tags[bytes([name]) + b"TRC"] = b"para" + struct.pack(">4xHxx", form) + _fixed(curve)
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for tag, value in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    size = start + len(body)
    header = struct.pack(">I4xI12s12x4s", size, 0x04300000, b"mntrRGB XYZ ", b"acsp")
    header = header.ljust(68, b"\0") + _fixed(_D50)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _matrix(primaries: Chromaticities) -> NDArray[np.float64]:
    """RGB to XYZ, adapted from D65 to D50 by Bradford's matrix."""
    matrix = to_xyz(primaries)
    cones = (_BRADFORD @ _D50) / (_BRADFORD @ matrix.sum(1))
    adapted: NDArray[np.float64] = np.linalg.solve(_BRADFORD, cones[:, None] * _BRADFORD @ matrix)
    return adapted


def _text(text: str) -> bytes:
    coded = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">4xII4sII", 1, 12, b"enUS", len(coded), 28) + coded


def _xyz(values: NDArray[np.float64]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(values)


def _fixed(values: Iterable[float]) -> bytes:
    """s15Fixed16Number."""
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)
