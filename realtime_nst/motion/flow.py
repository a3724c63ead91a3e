"""Dense optical flow between two pictures, and warping a picture along it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from realtime_nst.errors import UsageError
from realtime_nst.stream import Image

Flow = NDArray[np.float32]
"""Float32 ``[H, W, 2]``, x then y, in pixels."""

Number = TypeVar("Number", np.uint8, np.float32)

_LEAST = 32
"""Pixels a side. OpenCV's search reads past the end of smaller pictures, so they are padded."""


@dataclass(frozen=True)
class FlowPreset:
    """Settings of dense inverse search (Kroeger et al. 2016): the finest scale as a power of two,
    pixels between patches, gradient descent steps a patch, iterations of variational refinement."""

    finest: int
    stride: int
    steps: int
    refinement: int


FLOW_PRESETS: Mapping[str, FlowPreset] = {
    "fast": FlowPreset(0, 5, 3, 0),
    "medium": FlowPreset(0, 5, 5, 2),
    "slow": FlowPreset(0, 4, 3, 5),
}
"""For pictures of 120 pixels on the shorter side, as the stabiliser uses. OpenCV's own presets
spend their time elsewhere: few steps at a fine scale come closer to RAFT's flow than many steps at
a coarse one."""

DEFAULT_FLOW = "fast"

_OPENCV_MEDIUM = FlowPreset(1, 3, 25, 5)
"""DISOPTICAL_FLOW_PRESET_MEDIUM, for pictures of any size."""


class FlowSearch:
    """Searches between grey pictures, uint8 ``[H, W]``; not for two threads at once."""

    def __init__(self, preset: FlowPreset) -> None:
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._search.setFinestScale(preset.finest)
        self._search.setPatchStride(preset.stride)
        self._search.setGradientDescentIterations(preset.steps)
        self._search.setVariationalRefinementIterations(preset.refinement)

    def __call__(self, current: MatLike, previous: MatLike) -> Flow:
        """The flow on the grid of ``current``."""
        height, width = current.shape
        flow = self._search.calc(_padded(current), _padded(previous), None)  # type: ignore[call-overload]
        return np.ascontiguousarray(flow[:height, :width], np.float32)


def dense_flow(previous: Image, current: Image, *, full_size: bool = False) -> Flow:
    """The motion between two RGB pictures of one size, on the grid of ``current``.

    What ``current`` shows at ``(x, y)`` was at ``(x, y) + flow[y, x]`` in ``previous``. With the
    pictures exchanged it is the backward flow, which :func:`visible` needs. The search runs at half
    size and the flow is scaled up, unless ``full_size``. Raises :class:`UsageError` if the pictures
    differ in size.
    """
    if previous.shape != current.shape:
        raise UsageError(
            f"flow between pictures of {_size(previous)} and {_size(current)}; "
            "scale them to one size first"
        )
    search = FlowSearch(_OPENCV_MEDIUM)
    if full_size:
        return search(grey(current), grey(previous))
    height, width = current.shape[:2]
    half = ((width + 1) // 2, (height + 1) // 2)
    small = (cv2.resize(grey(p), half, interpolation=cv2.INTER_AREA) for p in (current, previous))
    flow = cv2.resize(search(*small), (width, height))
    return np.multiply(flow, (width / half[0], height / half[1]), dtype=np.float32)


def warp(image: NDArray[Number], flow: Flow) -> NDArray[Number]:
    """``result[y, x] = image[y + v, x + u]`` with ``(u, v) = flow[y, x]``, of ``image``'s type.

    ``image``: ``[H, W]`` or ``[H, W, C]``, uint8 or float32. Bilinear between pixels; the border
    pixels are repeated outwards.
    """
    height, width = flow.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    there = x + flow[..., 0], y + flow[..., 1]
    moved = cv2.remap(image, *there, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, image.dtype)


def grey(image: Image) -> MatLike:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def _padded(picture: MatLike) -> MatLike:
    below, right = (max(0, _LEAST - side) for side in picture.shape)
    if not below and not right:
        return picture
    return cv2.copyMakeBorder(picture, 0, below, 0, right, cv2.BORDER_REPLICATE)


def _size(image: Image) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
