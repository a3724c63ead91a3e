"""Networks that hold features of the frame before, played with a flow given from outside."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.errors import ModelError
from realtime_nst.runtime import openvino_session
from realtime_nst.runtime.card import FEATURES, FLOW, INPUT, KEEP, NEXT, OUTPUT
from realtime_nst.runtime.model import read_model
from realtime_nst.stream import Image

KIND = "coherent"


class CoherentStylizer:
    """Paints the frames of one stream in order, through OpenVINO on the CPU.

    Two requests take turns: what one gives as features the other takes where it lies, nothing is
    copied. Raises :class:`ModelError` for a file of another kind, and as
    :func:`~realtime_nst.runtime.model.read_model` does.
    """

    def __init__(self, path: Path) -> None:
        self._model = read_model(path)
        self.card = self._model.card
        if self.card.kind != KIND:
            raise ModelError(
                f"{str(path)!r} is a network of the kind {self.card.kind!r}, not {KIND!r}; make "
                "one with: realtime-nst train-coherent"
            )
        self._size: tuple[int, ...] = ()
        self._requests: list[Any] = []

    def __call__(self, image: Image, flow: NDArray[np.float32] | None) -> Image:
        """Stylise ``image``, RGB uint8 ``(height, width, 3)``.

        ``flow``: ``[h, w, 2]`` of any size over the whole picture, x then y, in pixels of the
        picture, back into the image of the call before; None to begin anew, as at another size.
        """
        height, width = image.shape[:2]
        multiple = self.card.size_multiple
        missing = (-height % multiple, -width % multiple)
        padded = cv2.copyMakeBorder(image, 0, missing[0], 0, missing[1], cv2.BORDER_REFLECT_101)
        rows, columns = (side // multiple for side in padded.shape[:2])
        known = padded.shape == self._size
        if not known:
            self._open(padded.shape, rows, columns)
        keeps = flow is not None and known
        moved = np.zeros((rows, columns, 2), np.float32)
        if flow is not None and keeps:
            moved = cv2.resize(flow, (columns, rows)).reshape(moved.shape)
        self._requests.reverse()
        result = self._requests[0].infer({
            INPUT: padded[np.newaxis],
            FLOW: np.ascontiguousarray(moved.transpose(2, 0, 1))[np.newaxis],
            KEEP: np.array([keeps], np.float32),
        }, share_inputs=True, share_outputs=True)  # fmt: skip
        painted: Image = result[OUTPUT][0, :height, :width].copy()
        return painted

    def _open(self, size: tuple[int, ...], rows: int, columns: int) -> None:
        sizes = {INPUT: size[:2], FLOW: (rows, columns), FEATURES: (rows, columns)}
        network = openvino_session.compiled(self._model, sizes)
        first, second = (network.create_infer_request() for _ in range(2))
        for one, other in ((first, second), (second, first)):
            one.get_tensor(NEXT).data[:] = 0
            one.set_tensor(FEATURES, other.get_tensor(NEXT))
        self._requests, self._size = [first, second], size
