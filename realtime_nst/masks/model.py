"""The mask that a segmentation network finds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime_nst.errors import ModelError, ProviderError, UsageError, one_line
from realtime_nst.masks.mask import Weights
from realtime_nst.media.planes import rgb_at
from realtime_nst.runtime.kinds import Port
from realtime_nst.runtime.model import check_network
from realtime_nst.runtime.onnxruntime_session import Graph, open_graph
from realtime_nst.stream import Frame

CONTRACT = (
    "one input, RGB, float32 in 0..1 or uint8, [1, 3, h, w] or [1, h, w, 3]; first output [1, 1, "
    "h, w], [1, h, w, 1] or [1, h, w], the subject's share in 0..1, or a value for each of several "
    "classes, of which the first is the background"
)
"""What a network for :class:`ModelMask` takes and gives. If h and w are dynamic, it gets frames
with a shorter side of 256 pixels and a longer one of 1,024 at most, both multiples of 32."""

_SHORTER, _LONGER, _MULTIPLE = 256, 1024, 32

_FOUND = 128
"""The least weight of a pixel that is more of the subject than not."""


class ModelMask:
    """Masks the subject that the ONNX network at ``path`` finds. CONTRACT says what it takes and
    gives; any normalisation belongs inside the network. ``open_graph`` opens it.

    Raises :class:`UsageError` if there is no such file, or it is a style, and :class:`ModelError`
    if it cannot be read or takes other inputs, or, on the first frame, if it gives other outputs.
    """

    lead_in = 0

    found: bool | None = None
    """Whether there was a subject in any picture so far; None before the first."""

    def __init__(self, path: Path, open_graph: Callable[[Path], Graph] = open_graph) -> None:
        if not path.is_file():
            raise UsageError(f"there is no file {str(path)!r}; `mask_model` takes an ONNX file")
        check_network(path)
        self._path = path
        self._graph = open_graph(path)
        self._input = self._checked(self._graph.inputs)
        self._channels_last = self._input.shape[3] == 3

    def __call__(self, frame: Frame) -> Weights:
        shown = rgb_at(frame.picture, self._size(*frame.size))
        given: NDArray[Any] = shown[np.newaxis]
        if not self._channels_last:
            given = np.ascontiguousarray(given.transpose(0, 3, 1, 2))
        if self._input.dtype != "uint8":
            given = given.astype(np.float32) / 255
        try:
            result = self._graph.run(given)
        except Exception as error:
            raise ProviderError(f"{str(self._path)!r} failed: {one_line(error)}") from error
        weights = self._weights(result)
        self.found = bool(self.found or weights.max() >= _FOUND)
        return weights

    def reset(self) -> None:
        """There is nothing to forget."""

    def _size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the pictures that the network gets.

        Frames of another shape are stretched. The network that comes with the program then finds
        0.987 of a person in portrait crops (9:16) of webcam pictures (intersection over union with
        what it finds in the whole picture), as many where they are stretched by 1.75 and mirrored
        beyond, and 0.970 with bars of grey; in four portrait films it errs least so.
        """
        scale = _SHORTER / min(height, width)
        fixed = self._input.shape[1:3] if self._channels_last else self._input.shape[2:]
        tall, wide = (
            size or max(1, round(min(own * scale, _LONGER) / _MULTIPLE)) * _MULTIPLE
            for size, own in zip(fixed, (height, width), strict=True)
        )
        return wide, tall

    def _checked(self, inputs: list[Port]) -> Port:
        if len(inputs) == 1 and inputs[0].dtype in ("float32", "uint8"):
            shape = inputs[0].shape
            if len(shape) == 4 and 3 in (shape[1], shape[3]) and shape[0] in (1, None):
                return inputs[0]
        given = ", ".join(map(str, inputs))
        raise ModelError(f"{str(self._path)!r} takes ({given}); `mask_model` needs {CONTRACT}")

    def _weights(self, result: NDArray[Any]) -> Weights:
        if result.ndim == 4 and result.shape[0] == 1 and 1 not in result.shape[1:]:
            # Of classes there are fewer than of rows and columns.
            axis = 1 if result.shape[1] < result.shape[3] else 3
            return np.where(result.argmax(axis)[0] > 0, 255, 0).astype(np.uint8)
        share = result.squeeze()
        numbers = share.dtype.kind in "biuf" and not np.isnan(share).any()
        if share.ndim != 2 or not share.size or not numbers:
            what = "" if numbers else " of what are no numbers"
            raise ModelError(
                f"{str(self._path)!r} gives {result.shape}{what}; `mask_model` needs {CONTRACT}"
            )
        return (share.clip(0, 1) * 255 + 0.5).astype(np.uint8)
