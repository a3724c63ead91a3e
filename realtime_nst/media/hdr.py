"""HDR pictures made SDR for painting, and the painted ones HDR again, fast enough for video."""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.media.pixels import DEEP_WHITE, Deep
from realtime_nst.media.primaries import BT709, PRIMARIES, to_xyz
from realtime_nst.media.tone import (
    HLG,
    LUMINANCE,
    OOTF,
    PEAK,
    PQ,
    SDR_WHITE,
    Light,
    code_of,
    nits_of,
    scene_of,
    tone_mapped,
)
from realtime_nst.stream import Image

_ROWS = 8
"""Rows converted at a time, so that all stays in the cache: a quarter of the time of whole
pictures."""

_BRIGHTEST = 10_000.0
_GAINS, _EIGHT, _SIXTEEN = 2**14 - 1, 2**12 - 1, 2**16 - 1
_GAMMA = 2.4
"""Of SDR displays (ITU-R BT.1886, black at 0)."""


class ToneMap:
    """From HDR to SDR (BT.709, for displays of BT.1886) and back, for one ``transfer`` (PQ
    or HLG), ``primaries`` (a code of ITU-T H.273) and ``peak`` in nits.

    Both ways work with tables of the functions of :mod:`~realtime_nst.media.tone`. A pixel's light
    is scaled by one gain, which depends on the largest of R, G and B.
    """

    def __init__(self, transfer: int, primaries: int, peak: float) -> None:
        self._transfer = transfer
        steps = np.minimum(np.arange(2**16, dtype=np.float32) / DEEP_WHITE, 1)
        self._light = nits_of(steps, PQ) if transfer == PQ else scene_of(steps)
        levels = _BRIGHTEST * np.linspace(0, 1, _GAINS + 1, dtype=np.float32) ** 2
        mapped = tone_mapped(np.repeat(levels[:, None], 3, 1), peak)[:, 0]
        self._gain = np.ones_like(levels)
        self._gain[1:] = mapped[1:] / levels[1:]
        own = to_xyz(PRIMARIES.get(primaries, BT709))
        to_bt709 = np.linalg.solve(to_xyz(BT709), own)
        self._to_bt709 = (to_bt709 / SDR_WHITE).astype(np.float32)
        self._from_bt709 = (np.linalg.inv(to_bt709) * SDR_WHITE).astype(np.float32)
        self._white = np.linspace(0, 1, 256, dtype=np.float32) ** np.float32(_GAMMA)

    def to_sdr(self, deep: Deep) -> Image:
        """``deep`` as SDR."""
        return np.asarray(self._mapped(deep, _EIGHT), np.uint8)

    def to_deep_sdr(self, deep: Deep) -> Deep:
        """``deep`` as SDR of as many bits."""
        return np.asarray(self._mapped(deep, _SIXTEEN), np.uint16)

    def _mapped(self, deep: Deep, steps: int) -> NDArray[Any]:
        table = _sdr_codes(steps)
        result = np.empty(deep.shape, table.dtype)
        for top in range(0, len(deep), _ROWS):
            light = self._nits(deep[top : top + _ROWS])
            light *= self._gains(light)
            linear = _converted(light, self._to_bt709)
            result[top : top + _ROWS] = table.take(_root_index(linear, steps))
        return result

    def to_hdr(self, painted: Image, deep: Deep) -> Deep:
        """``painted``, in SDR, with the light of the HDR picture that it was painted from: its
        linear RGB times the luminance of ``deep`` over that of ``deep`` made SDR."""
        result = np.empty(painted.shape, np.uint16)
        for top in range(0, len(painted), _ROWS):
            rows = slice(top, top + _ROWS)
            light = _converted(self._white.take(painted[rows]), self._from_bt709)
            light /= self._gains(self._nits(deep[rows]))
            result[rows] = self._codes(light)
        return result

    def _nits(self, deep: Deep) -> Light:
        light = self._light.take(deep)
        if self._transfer == HLG:
            light *= PEAK * _converted(light, LUMINANCE[None])[..., None] ** np.float32(OOTF)
        return light

    def _gains(self, light: Light) -> Light:
        most = np.maximum(np.maximum(light[..., 0], light[..., 1]), light[..., 2])
        return self._gain.take(_root_index(most * np.float32(1 / _BRIGHTEST), _GAINS))[..., None]

    def _codes(self, light: Light) -> Deep:
        if self._transfer == PQ:
            root = np.sqrt(light * np.float32(1 / _BRIGHTEST))
            return _hdr_codes(PQ).take(_root_index(root, _SIXTEEN))
        luminance = _converted(light, LUMINANCE[None] / np.float32(PEAK))[..., None]
        scale = np.maximum(luminance, 1e-6) ** np.float32(-OOTF / (1 + OOTF)) / np.float32(PEAK)
        return _hdr_codes(HLG).take(_root_index(light * scale, _SIXTEEN))


@lru_cache(maxsize=4)
def tone_map(transfer: int, primaries: int, peak: float) -> ToneMap:
    return ToneMap(transfer, primaries, peak)


def _converted(light: Light, matrix: NDArray[Any]) -> Light:
    return np.asarray(cv2.transform(light, matrix), np.float32)


def _root_index(values: Light, steps: int) -> Deep:
    """Where the square roots of ``values``, 0 to 1, lie in a table of ``steps + 1`` entries."""
    root = np.sqrt(np.clip(values, 0, 1))
    root *= steps
    root += np.float32(0.5)
    return root.astype(np.uint16)


@lru_cache(maxsize=2)
def _sdr_codes(steps: int) -> NDArray[Any]:
    """The codes of 8 bits or of Deep, of light that is the square of each step."""
    form, white = (np.uint8, 255) if steps == _EIGHT else (np.uint16, DEEP_WHITE)
    return (white * np.linspace(0, 1, steps + 1) ** (2 / _GAMMA)).round().astype(form)


@lru_cache(maxsize=2)
def _hdr_codes(transfer: int) -> Deep:
    """Of fourth powers of light over 10,000 nits for PQ, of squares of scene light for HLG."""
    steps = np.linspace(0, 1, 2**16, dtype=np.float32)
    light = _BRIGHTEST * steps**4 if transfer == PQ else steps**2
    return (DEEP_WHITE * code_of(light, transfer)).round().astype(np.uint16)
