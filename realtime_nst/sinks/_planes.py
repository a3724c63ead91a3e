"""Painted pictures as the frames that an encoder takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from numpy.typing import NDArray

from realtime_nst.errors import UsageError
from realtime_nst.media.colours import Colours
from realtime_nst.media.hdr import tone_map
from realtime_nst.media.light_levels import LightLevels
from realtime_nst.media.pixels import EIGHT_BITS, Deep, Pixels
from realtime_nst.media.planes import PLANES, Planes, rgb_of
from realtime_nst.sinks._encode_picture import restored
from realtime_nst.stream import Image, Original, Picture, is_transparent

_FORMS = {(3, 1): "rgb24", (4, 1): "rgba", (3, 2): "rgb48le", (4, 2): "rgba64le"}
"""FFmpeg's names, by channels and bytes of each."""

_SAME_VALUES = (PLANES, "nv12")
"""Pixel formats that hold the values of planes, if in another order."""


@dataclass(frozen=True)
class ToPlanes:
    """Pictures as frames of FFmpeg's pixel format ``form`` in ``colours``, which hold ``pixels``.
    ``levels`` are the light levels of HDR."""

    form: str
    colours: Colours
    pixels: Pixels = EIGHT_BITS
    levels: LightLevels = field(default_factory=LightLevels)
    _reformatter: VideoReformatter = field(default_factory=VideoReformatter)

    def frame(self, picture: Picture, original: Original | None = None) -> VideoFrame:
        """``picture`` with what ``original`` has beside it, tagged; where nothing is painted as it
        was decoded. Planes that are as they are to be written are not converted."""
        planes = picture if isinstance(picture, Planes) and self.form in _SAME_VALUES else None
        if planes and planes.colours == self.colours:
            return self._converted(planes.encodable(), None)
        image = rgb_of(picture)
        decoded = self._decoded(image, original)
        return self._converted(
            decoded or _frame(self._deepest(image, original or Original())),
            None if decoded else self.colours.swscale_matrix,
        )

    def _converted(self, frame: VideoFrame, matrix: int | None) -> VideoFrame:
        """``frame`` itself if it is as it is to be."""
        result = self._reformatter.reformat(
            frame,
            format=self.form,
            dst_colorspace=matrix,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        self.colours.tag(result)
        return result

    def _decoded(self, image: Image, original: Original | None) -> VideoFrame | None:
        if original is None or original.decoded is None or self.pixels == EIGHT_BITS:
            return None
        shown = original.shown
        if image is shown or (shown is not None and np.array_equal(image, shown)):
            return cast(VideoFrame, original.decoded)
        return None

    def _deepest(self, image: Image, original: Original) -> NDArray[Any]:
        if self.pixels.hdr:
            return self._hdr(image, original)
        # Those of a profile are in its colour space, and only pictures are written in one.
        if self.pixels.alpha and is_transparent(original) and not original.profile:
            painted = restored(image, original, alpha=True)
        else:
            painted = image
        if self.pixels.bits == 8 or original.deep is None:
            return painted
        deep = np.multiply(painted, 256, dtype=np.uint16)
        deep[..., 3:] += painted[..., 3:]  # opaque is 65,535
        return _with_unpainted(deep, image, original)

    def _hdr(self, image: Image, original: Original) -> Deep:
        deep = original.deep
        if deep is None:
            raise UsageError("the frames carry no HDR; open the VideoSource with kept=sink.pixels")
        height, width = image.shape[:2]
        if deep.shape != image.shape:
            resized = cv2.resize(deep, (width, height), interpolation=cv2.INTER_AREA)
            deep = np.asarray(resized, np.uint16)
        peak = self.levels.peak(self.colours.transfer)
        mapping = tone_map(self.colours.transfer, self.colours.primaries, peak)
        return _with_unpainted(mapping.to_hdr(image, deep), image, original)


def _with_unpainted(painted: Deep, image: Image, original: Original) -> Deep:
    """``painted``, but the pixels of ``image`` that are as they were shown as deep as they were."""
    if original.deep is None or original.shown is None or image.shape != original.shown.shape:
        return painted
    same = (image == original.shown).all(-1)
    return np.where(same[..., None], original.deep, painted)


def _frame(pixels: NDArray[Any]) -> VideoFrame:
    form = _FORMS[pixels.shape[2], pixels.itemsize]
    return VideoFrame.from_numpy_buffer(np.ascontiguousarray(pixels), format=form)
