"""Dense optical flow between two pictures."""

from collections.abc import Mapping

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.stream import Image

Flow = NDArray[np.float32]
"""Float32 ``[H, W, 2]``, x then y, in pixels."""

ACCURACIES: Mapping[str, int] = {
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}

_LEAST = 32
"""Pixels a side: OpenCV's search reads past the ends of smaller pictures, so they are padded."""


def dense_flow(
    previous: Image, current: Image, accuracy: str = "medium", *, full_size: bool = False
) -> Flow:
    """The motion between two RGB pictures of one size, on the grid of ``current``.

    What ``current`` shows at ``(x, y)`` was at ``(x, y) + flow[y, x]`` in ``previous``. With the
    pictures exchanged it is the flow back, which :func:`visible` needs. Dense inverse search
    (Kroeger et al. 2016) as OpenCV has it; at half size, scaled back, unless ``full_size``.
    Raises UnknownName for an accuracy not in ACCURACIES, UsageError for pictures of two sizes.
    """
    if accuracy not in ACCURACIES:
        raise UnknownName("flow accuracy", accuracy, ACCURACIES)
    if previous.shape != current.shape:
        raise UsageError(
            f"flow between pictures of {_size(previous)} and {_size(current)}; "
            "scale them to one size first"
        )
    search = _search if full_size else _search_at_half_size
    return search(_grey(current), _grey(previous), ACCURACIES[accuracy])


def _search_at_half_size(current: MatLike, previous: MatLike, preset: int) -> Flow:
    height, width = current.shape
    half = ((width + 1) // 2, (height + 1) // 2)
    current = cv2.resize(current, half, interpolation=cv2.INTER_AREA)
    previous = cv2.resize(previous, half, interpolation=cv2.INTER_AREA)
    flow = cv2.resize(_search(current, previous, preset), (width, height))
    return np.multiply(flow, (width / half[0], height / half[1]), dtype=np.float32)


def _search(current: MatLike, previous: MatLike, preset: int) -> Flow:
    height, width = current.shape
    search = cv2.DISOpticalFlow.create(preset)
    flow = search.calc(_padded(current), _padded(previous), None)  # type: ignore[call-overload]
    return np.asarray(flow[:height, :width], np.float32)


def _grey(image: Image) -> MatLike:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def _padded(grey: MatLike) -> MatLike:
    below, beside = (max(0, _LEAST - side) for side in grey.shape)
    return cv2.copyMakeBorder(grey, 0, below, 0, beside, cv2.BORDER_REPLICATE)


def _size(image: Image) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"
