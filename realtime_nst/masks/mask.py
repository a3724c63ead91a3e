"""What a mask is: it says where to paint."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from realtime_nst.stream import Frame

Weights = NDArray[np.uint8]
"""Shape ``(height, width)`` of any size, stretched over the frame: 255 is painted, 0 is not."""


class Mask(Protocol):
    """Gives, for each frame of a stream in order, the weights to paint with.

    ``lead_in`` is the number of frames that it must have seen before, so that nobody sees that it
    has not seen those before them; None: all of the film.
    """

    @property
    def lead_in(self) -> int | None: ...
    def __call__(self, frame: Frame) -> Weights: ...
    def reset(self) -> None:
        """Forget earlier frames: called at a cut, a loop, a seek."""


class Inverted:
    """Paints where ``mask`` does not."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask

    @property
    def lead_in(self) -> int | None:
        return self._mask.lead_in

    def __call__(self, frame: Frame) -> Weights:
        return 255 - self._mask(frame)

    def reset(self) -> None:
        self._mask.reset()
