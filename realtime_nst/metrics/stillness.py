"""How still a painted clip and the edge of a mask hold, and how sharp the clip stays.

Pictures are RGB uint8; errors are on a scale from 0 (black) to 1 (white). Flow and mask are those
of the *source* clip, as :mod:`realtime_nst.motion` defines them: on the grid of the later picture,
pointing back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime_nst.errors import UsageError
from realtime_nst.motion.flow import Flow, warp
from realtime_nst.motion.occlusion import Mask
from realtime_nst.stream import Image

_WHITE = 255.0
_LOW, _HIGH = 0.05, 0.95
"""Shares between which a mask counts as edge."""


def warped_error(previous: Image, current: Image, flow: Flow, seen: Mask) -> float:
    """The mean squared difference between ``current`` and ``previous`` warped by ``flow``, over the
    pixels ``seen`` and the three channels; NaN if nothing is seen.

    ``previous`` may lie any number of frames back: 1 for short-range stability, 5 or 10 for
    long-range.
    """
    if not seen.any():
        return float("nan")
    moved = warp(previous.astype(np.float32), flow)
    return float(np.mean((current[seen] - moved[seen]) ** 2)) / _WHITE**2


def e_stab(errors: Sequence[float]) -> float:
    """The square root of the mean :func:`warped_error` of a clip.

    Huang et al., Real-Time Neural Style Transfer for Videos, CVPR 2017, equation 6:
    sqrt(1/(T-1) sum over t of 1/D sum over k of c_k (x_t - f(x_t-1))^2). Deviation: D counts
    only the values that are seen (c_k = 1), not the whole picture; otherwise a clip in which much
    is hidden would pass for a still one.
    """
    return float(np.sqrt(np.nanmean(errors)))


def e_warp(errors: Sequence[float]) -> float:
    """The mean :func:`warped_error` of a clip.

    Lai et al., Learning Blind Video Temporal Consistency, ECCV 2018, section 4.2:
    1/(T-1) sum over t of (sum of M_t |V_t - V_t-1 warped|^2) / (sum of M_t). Deviation: the square
    is averaged over the channels rather than summed.
    """
    return float(np.nanmean(errors))


def sharpness(image: Image) -> float:
    """The mean absolute difference of neighbouring pixels, along rows and along columns.

    This is gradient energy in the L1 norm. Blur lowers it, and blur also makes a clip look stiller,
    so report it beside every measure of stability.
    """
    values = image.astype(np.float32) / _WHITE
    along = [np.abs(np.diff(values, axis=axis)).mean() for axis in (0, 1)]
    return float(np.mean(along))


@dataclass(frozen=True)
class Flicker:
    """The spectrum of a still scene: ``power`` at each of ``frequencies`` in Hz, averaged over
    pixels and channels."""

    frequencies: NDArray[np.floating[Any]]
    power: NDArray[np.floating[Any]]

    @property
    def energy(self) -> float:
        """The variance over time, averaged over pixels and channels."""
        return float(self.power.sum())


def flicker(frames: Sequence[Image], rate: float = 1.0) -> Flicker:
    """The spectrum over time of a clip in which nothing moves, at ``rate`` frames a second.

    It is the one-sided periodogram of each value minus its mean; by Parseval's theorem it sums to
    the variance over time. Raises :class:`UsageError` for fewer than two frames.
    """
    if len(frames) < 2:
        raise UsageError(f"flicker needs two frames or more, not {len(frames)}")
    values = np.stack(frames).astype(np.float32) / _WHITE
    count = len(values)
    power = np.abs(np.fft.rfft(values - values.mean(0), axis=0)) ** 2 / count**2
    power[1 : (count + 1) // 2] *= 2
    return Flicker(np.fft.rfftfreq(count, 1 / rate), power.reshape(len(power), -1).mean(1))


def mask_flicker(previous: NDArray[np.uint8], current: NDArray[np.uint8], flow: Flow) -> float:
    """The mean absolute difference of ``current`` and of ``previous`` warped by ``flow``, over the
    pixels where either is from 0.05 to 0.95; NaN if there are none.

    Masks are uint8 ``(height, width)``, 255 being a share of 1; ``flow`` is that of the frames, as
    :mod:`realtime_nst.motion` defines it. The result is from 0 to 1. A mask that switches from 0 to
    1 without anything in between is not seen: it has no edge. Raises :class:`UsageError` if the
    three differ in size.
    """
    if not previous.shape == current.shape == flow.shape[:2]:
        sizes = ", ".join(f"{w}x{h}" for h, w, *_ in (previous.shape, current.shape, flow.shape))
        raise UsageError(f"masks and flow have the sizes {sizes}; scale them to one size first")
    before = warp(previous.astype(np.float32), flow) / 255
    now = current.astype(np.float32) / 255
    edge = ((before >= _LOW) & (before <= _HIGH)) | ((now >= _LOW) & (now <= _HIGH))
    return float(np.abs(now - before)[edge].mean()) if edge.any() else float("nan")
