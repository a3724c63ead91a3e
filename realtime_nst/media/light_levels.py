"""How bright an HDR video is, as its metadata say (SMPTE ST 2086 and CTA-861.3)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self, cast

from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame

from realtime_nst.media.tone import HLG, PEAK

_LARGEST_PEAK = 10_000
_RATIONALS = struct.Struct("=20i2i")
"""FFmpeg's AVMasteringDisplayMetadata: ten fractions, and which of them are given."""


@dataclass(frozen=True)
class LightLevels:
    """``content`` is the light of the brightest pixel and of the brightest picture (MaxCLL and
    MaxFALL) in nits, 0: unknown. ``primaries`` are x and y of R, G, B and white of the mastering
    display, ``display`` its least and its most light in nits; None: unknown."""

    content: tuple[int, int] | None = None
    primaries: tuple[Fraction, ...] | None = None
    display: tuple[Fraction, Fraction] | None = None

    @classmethod
    def of(cls, frame: VideoFrame) -> Self:
        data = cast(Any, frame.side_data)
        content = primaries = display = None
        if found := data.get(Type.CONTENT_LIGHT_LEVEL):
            content = struct.unpack_from("=2I", bytes(found))
        if found := data.get(Type.MASTERING_DISPLAY_METADATA):
            *values, has_primaries, has_display = _RATIONALS.unpack_from(bytes(found))
            pairs = zip(values[::2], values[1::2], strict=True)
            fractions = [Fraction(above, below or 1) for above, below in pairs]
            primaries = tuple(fractions[:8]) if has_primaries else None
            display = (fractions[8], fractions[9]) if has_display else None
        return cls(content, primaries, display)

    def peak(self, transfer: int) -> float:
        """The brightest light in nits: MaxCLL, else that of the mastering display, else 1,000, for
        which HLG is always shown."""
        if transfer == HLG:
            return PEAK
        for found in (self.content and self.content[0], self.display and self.display[1]):
            if found:
                return float(min(found, _LARGEST_PEAK))
        return PEAK
