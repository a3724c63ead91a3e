"""Plays coherent networks: they warp their features of the previous frame by a flow given to them.

Only benchmarks use them: the stabiliser makes any style stiller (e_stab of 0.51 of the unstabilised
network, against 0.79) in half the time.
"""

from math import ceil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from realtime_nst.errors import ModelError
from realtime_nst.runtime import openvino_session
from realtime_nst.runtime.kinds import COHERENT, FEATURES, FLOW, INPUT, KEEP, NEXT, OUTPUT
from realtime_nst.runtime.model import read_model
from realtime_nst.stream import Image


class CoherentStylizer:
    """Paints the frames of one stream in order, with OpenVINO on the CPU.

    Two inference requests take turns: the output features of one are the input of the other in
    place, so nothing is copied. Raises :class:`ModelError` for a file of another kind, and the
    errors of :func:`~realtime_nst.runtime.model.read_model`.
    """

    def __init__(self, path: Path) -> None:
        self._model = read_model(path)
        self.card = self._model.card
        if self.card.kind != COHERENT:
            raise ModelError(
                f"{str(path)!r} is a network of the kind {self.card.kind!r}, not {COHERENT!r}; "
                "make one with: realtime-nst train-coherent"
            )
        self._size = (0, 0)
        self._requests: list[Any] = []

    def __call__(self, image: Image, flow: NDArray[np.float32] | None) -> Image:
        """Stylise ``image``, RGB uint8 ``(height, width, 3)``.

        ``flow``: ``[h, w, 2]``, covering the whole picture at any resolution, x then y, in pixels
        of the picture, back into the image of the previous call; None at the start of a stream. A
        change of size starts anew too.
        """
        height, width = image.shape[:2]
        size = (self._cells(height), self._cells(width))
        if size != self._size:
            self._open(size)
            flow = None
        known = np.zeros((*size, 2), np.float32) if flow is None else cv2.resize(flow, size[::-1])
        self._requests.reverse()
        result = self._requests[0].infer({
            INPUT: self._padded(image)[np.newaxis],
            FLOW: np.ascontiguousarray(known.transpose(2, 0, 1))[np.newaxis],
            KEEP: np.array([flow is not None], np.float32),
        }, share_inputs=True, share_outputs=True)  # fmt: skip
        painted: Image = result[OUTPUT][0, :height, :width].copy()
        return painted

    def _cells(self, side: int) -> int:
        """Rows or columns of features for a picture of ``side`` rows or columns."""
        return ceil(max(side, self.card.size_minimum) / self.card.size_multiple)

    def _padded(self, image: Image) -> MatLike:
        below, right = (
            cells * self.card.size_multiple - side
            for cells, side in zip(self._size, image.shape, strict=False)
        )
        return cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REFLECT_101)

    def _open(self, size: tuple[int, int]) -> None:
        """Compile for features of ``size``, rows and columns."""
        pixels = [cells * self.card.size_multiple for cells in size]
        sizes = {INPUT: pixels, FLOW: size, FEATURES: size}
        network = openvino_session.compiled(self._model, sizes)
        first, second = (network.create_infer_request() for _ in range(2))
        for one, other in ((first, second), (second, first)):
            one.get_tensor(NEXT).data[:] = 0
            one.set_tensor(FEATURES, other.get_tensor(NEXT))
        self._requests, self._size = [first, second], size
