"""Decoded frames as RGB of 8 bits, and what the output keeps beyond that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorTrc, VideoReformatter
from numpy.typing import NDArray

from realtime_nst.media.colours import Colours
from realtime_nst.media.decoded import on_white
from realtime_nst.media.hdr import tone_map
from realtime_nst.media.light_levels import LightLevels
from realtime_nst.media.pixels import DEEP_WHITE, Deep, Pixels, bits_of
from realtime_nst.media.planes import EXACT, Planes
from realtime_nst.stream import Image, Original

_WHITE_OF_RGB, _WHITE_OF_FULL = 65_535, 1023 * 64

Placed = Callable[[NDArray[Any]], NDArray[Any]]


class ToRgb:
    """The conversion of a video whose first frame is ``first``, for an output that holds ``kept``.

    YUV is converted with the frame's own matrix and range. PQ and HLG are mapped to BT.709 by
    :class:`~realtime_nst.media.hdr.ToneMap`; BT.2020 without them is converted to BT.709. Pictures
    whose transparency is kept lie over white.
    """

    def __init__(self, first: VideoFrame, kept: Pixels) -> None:
        self._kept = kept
        self._levels = LightLevels.of(first)
        self._reformatter = VideoReformatter()

    def planes(self, frame: VideoFrame) -> Planes | None:
        """``frame`` as it was decoded, if that is all that is kept and can be made RGB later."""
        colours = Colours.of(frame)
        if self._kept.alpha or self._kept.hdr:
            return None
        planes = Planes.decoded_from(frame, colours)
        if planes:
            colours.tag(frame)
        return planes

    def __call__(
        self, frame: VideoFrame, size: tuple[int, int], placed: Placed
    ) -> tuple[Image, Original | None]:
        """``frame`` in RGB at ``size``, (width, height), then as ``placed`` returns it; what is
        kept beside it, None if nothing is."""
        colours = Colours.of(frame)
        if not frame.format.is_rgb:
            colours.tag(frame)
        if colours.hdr:
            return self._from_hdr(colours, placed(self._deep(frame, size, colours)))
        if self._kept.bits > 8 and bits_of(frame.format) > 8:
            return _from_deep(placed(self._deep(frame, size, colours)))
        form = "rgba" if self._kept.alpha else "rgb24"
        pixels = placed(self._pixels(frame, size, form, colours))
        return _over_white(pixels) if self._kept.alpha else (pixels, None)

    def is_kept(self, frame: VideoFrame) -> bool:
        """Whether the decoded planes of ``frame`` are those of the output if nothing is painted."""
        colours = Colours.of(frame)
        return self._kept.bits > 8 and colours == colours.written(self._kept.hdr)

    def _pixels(
        self, frame: VideoFrame, size: tuple[int, int], form: str, colours: Colours
    ) -> NDArray[Any]:
        converted = colours.needs_mapping and not colours.hdr
        return self._reformatter.reformat(
            frame,
            *size,
            format=form,
            interpolation=EXACT if form in ("rgb24", "rgba") else None,
            dst_color_trc=ColorTrc.BT709 if converted else None,
            dst_color_primaries=ColorPrimaries.BT709 if converted else None,
            threads=1,
        ).to_ndarray()

    def _deep(self, frame: VideoFrame, size: tuple[int, int], colours: Colours) -> Deep:
        """What white becomes in swscale depends on the pixel format."""
        if bits_of(frame.format) == 8:
            form = "rgba" if self._kept.alpha else "rgb24"
            return self._pixels(frame, size, form, colours) * np.uint16(256)
        form = "rgba64le" if self._kept.alpha else "rgb48le"
        deep = np.asarray(self._pixels(frame, size, form, colours), np.uint16)
        if frame.format.is_rgb or colours.full:
            white = _WHITE_OF_RGB if frame.format.is_rgb else _WHITE_OF_FULL
            scale = np.float32(DEEP_WHITE / white)
            deep[..., :3] = (deep[..., :3] * scale + np.float32(0.5)).astype(np.uint16)
        return deep

    def _from_hdr(self, colours: Colours, deep: Deep) -> tuple[Image, Original | None]:
        peak = self._levels.peak(colours.transfer)
        mapping = tone_map(colours.transfer, colours.primaries, peak)
        light, alpha = np.ascontiguousarray(deep[..., :3]), deep[..., 3:]
        if self._kept.bits > 8 and not self._kept.hdr:
            return _from_deep(np.dstack((mapping.to_deep_sdr(light), alpha)))
        shown = mapping.to_sdr(light)
        if self._kept.hdr:
            return shown, Original(shown=shown, deep=deep)
        return _over_white(np.dstack((shown, _eight(alpha)))) if self._kept.alpha else (shown, None)


def _over_white(pixels: NDArray[np.uint8]) -> tuple[Image, Original]:
    shown = on_white(pixels[..., :3], pixels[..., 3])
    return shown, Original(pixels, shown)


def _from_deep(deep: Deep) -> tuple[Image, Original]:
    pixels = _eight(deep)
    if pixels.shape[2] == 3:
        return pixels, Original(shown=pixels, deep=deep)
    shown, original = _over_white(pixels)
    return shown, replace(original, deep=deep)


def _eight(deep: Deep) -> NDArray[np.uint8]:
    return np.asarray(cv2.convertScaleAbs(deep, alpha=1 / 256), np.uint8)
