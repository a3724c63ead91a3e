"""The grid that networks working on blocks of pixels can leave in a picture."""

import numpy as np
from numpy.typing import NDArray

from realtime_nst.errors import UsageError
from realtime_nst.stream import Image

LEAST = 64
"""Pixels a side: eight times the longest period measured."""

PERIODS = (2, 4, 8)


def grid(result: Image, photo: Image, period: int) -> float:
    """How strong a grid of ``period`` pixels is in ``result`` relative to ``photo``; 1 is equal.

    Both pictures are RGB uint8, at least 64x64. For each, the energy of the grey picture at that
    period is divided by the energy at the neighbouring frequencies, along rows and along columns
    (discrete Fourier transform under a Hann window, energies averaged over the lines), and the two
    are averaged. The result is the ratio of the two pictures. Raises :class:`UsageError` for a
    smaller picture, and for a period other than 2, 4 and 8.
    """
    if period not in PERIODS:
        raise UsageError(
            f"a grid period of {period} pixels is not measured (choices: 2, 4, 8)",
            choices=map(str, PERIODS),
        )
    return _prominence(result, period) / _prominence(photo, period)


def _prominence(image: Image, period: int) -> float:
    if min(image.shape[:2]) < LEAST:
        size = f"{image.shape[1]}x{image.shape[0]}"
        raise UsageError(f"a grid cannot be measured in {size}; give {LEAST}x{LEAST} or more")
    grey = image.mean(2)
    return float(np.mean([_along_rows(grey, period), _along_rows(grey.T, period)]))


def _along_rows(grey: NDArray[np.float64], period: int) -> float:
    """The energy at ``period`` over that of its neighbours, which for 2 pixels (the highest
    frequency) are all on one side."""
    length = grey.shape[1] // (8 * period) * 8 * period
    lines = grey[:, :length] * np.hanning(length)
    energy = (np.abs(np.fft.rfft(lines, axis=1)) ** 2).mean(0)
    peak = length // period
    beside = np.r_[energy[peak - 6 : peak - 2], energy[peak + 3 : peak + 7]]
    if period == 2:
        beside = energy[peak - 8 : peak - 2]
    return float(energy[peak - 1 : peak + 2].max() / max(beside.mean(), np.finfo(float).tiny))
