"""HDR made SDR: the EETF of ITU-R BT.2390-11, 5.4.1, on the largest of R, G and B.

Light is in nits, ``float32 [..., 3]``, with the primaries of BT.2020.
"""

import numpy as np
from numpy.typing import NDArray

Light = NDArray[np.float32]

PQ, HLG = 16, 18
"""Codes of the transfer functions (ITU-T H.273, table 3)."""

SDR_WHITE = 203.0
"""Nits of SDR white in HDR (ITU-R BT.2408, 2.2)."""

PEAK = 1000.0
"""Nits of the brightest light, if a file does not say."""

LUMINANCE = np.array([0.2627, 0.6780, 0.0593], np.float32)
"""The shares of R, G and B (ITU-R BT.2020-2, table 4)."""

OOTF = 0.2
"""HLG's system gamma at 1,000 nits, less one (ITU-R BT.2100-2, table 5)."""

_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073


def nits_of(coded: Light, transfer: int) -> Light:
    """The light of ``coded``, 0 to 1, by PQ's EOTF or by HLG's with its OOTF at 1,000 nits (ITU-R
    BT.2100-2, tables 4 and 5)."""
    if transfer == PQ:
        return _from_pq(coded)
    scene = scene_of(coded)
    result: Light = (PEAK * (scene @ LUMINANCE)[..., None] ** OOTF * scene).astype(np.float32)
    return result


def scene_of(coded: Light) -> Light:
    """The light of the scene, 0 to 1, of each HLG code: the inverse OETF."""
    scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - _C) / _A) + _B) / 12)
    return np.asarray(scene, np.float32)


def code_of(light: Light, transfer: int) -> Light:
    """The codes, 0 to 1, of light for each channel by itself: PQ's of nits, HLG's of the light of
    the scene, 0 to 1."""
    if transfer == PQ:
        return _to_pq(light)
    bright = _A * np.log(np.maximum(12 * light - _B, 1e-6)) + _C
    return np.asarray(np.where(light <= 1 / 12, np.sqrt(3 * light), bright), np.float32)


def tone_mapped(light: Light, peak: float = PEAK) -> Light:
    """``light`` of at most ``peak`` nits as light of at most :data:`SDR_WHITE`; hues stay."""
    most = light.max(-1, keepdims=True)
    result: Light = light * (_curve(most, peak) / np.maximum(most, 1e-6))
    return np.minimum(result, np.float32(SDR_WHITE))


def _curve(light: Light, peak: float) -> Light:
    if peak <= SDR_WHITE:
        return np.minimum(light, np.float32(SDR_WHITE))
    top = _to_pq(np.array(peak, np.float32))
    white = _to_pq(np.array(SDR_WHITE, np.float32)) / top
    level = np.minimum(_to_pq(light) / top, 1)
    knee = 1.5 * white - 0.5
    t = (level - knee) / (1 - knee)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (3 * t**2 - 2 * t**3) * white
    )
    return _from_pq(np.where(level < knee, level, spline) * top)


def srgb_coded(light: Light) -> NDArray[np.uint8]:
    """Light up to SDR white as 8 bits, by the curve of sRGB."""
    linear = light / SDR_WHITE
    coded = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-6) ** (1 / 2.4) - 0.055
    )
    return (coded * 255).round().clip(0, 255).astype(np.uint8)


def _from_pq(coded: Light) -> Light:
    power = np.maximum(coded, 0) ** (1 / _M2)
    light = 10_000 * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1)
    return np.asarray(light, np.float32)


def _to_pq(light: Light) -> Light:
    power = (np.maximum(light, 0) / 10_000) ** _M1
    return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2, np.float32)
