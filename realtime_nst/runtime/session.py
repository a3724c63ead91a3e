"""The common interface to all engines: a picture of any size in, the stylised picture out."""

import re
from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from realtime_nst import memory
from realtime_nst.errors import ModelError, ProviderError, RealtimeNstError, one_line
from realtime_nst.stream import Image

if TYPE_CHECKING:
    from realtime_nst.runtime.model import Model

Code = NDArray[np.float32]
"""Tells a network that plays more than one style how to paint: float32 ``[1, K]``."""

Runner = Callable[[Image, Code | None], Image]
"""The network compiled for one size. It returns its own buffer, which the next call overwrites."""

Encoder = Callable[[Image], Code]
"""From a painting to its code."""

Compile = Callable[[int, int], Runner]
"""Compiles the network for pictures of (height, width)."""

_BYTES_A_PIXEL = {"cpu": 140, "openvino-f32": 70, "openvino-bf16": 50, "openvino-int8": 30}
"""The least memory that painting was measured to take, by provider, over the installed styles at
2560x1920. What takes its memory from a GPU is not listed."""

_PLACE = re.compile(r"Exception from \S+?:\d+:\s*|Check '.*?' failed at \S+?:\d+:\s*")
"""Where in its own source an engine failed."""

_SIZES_KEPT = 4
_PIXELS_KEPT = 8_000_000
"""The sum over all sizes kept: a compiled size takes 50 to 150 bytes of memory a pixel."""


class Session:
    """A network on one execution provider.

    Pictures are padded by reflection at the bottom and the right to a size that the network takes,
    and the result is cropped. The networks compiled for the four latest sizes are kept (fewer if
    they are large), with their input and output buffers. The picture returned is a copy that
    belongs to the caller, so frames waiting in a pipeline are never overwritten. One call runs at a
    time; others wait.

    ``provider`` is the row of the provider table in use. ``code_size`` is K, the length of the
    codes that the network takes; if it is 0, calls pass None.
    """

    def __init__(self, provider: str, model: "Model", compile: Compile, code_size: int = 0) -> None:
        self.provider, self.code_size = provider, code_size
        self._model = model
        self._compile = compile
        self._runners: OrderedDict[tuple[int, int], Runner] = OrderedDict()
        self._padded: Image | None = None
        self._lock = Lock()

    def __call__(self, image: Image, code: Code | None = None) -> Image:
        """Stylise ``image``, RGB uint8 (height, width, 3).

        Raises :class:`UsageError` if there is too little memory for it, :class:`ProviderError` if
        the engine fails.
        """
        height, width = image.shape[:2]
        with self._lock:
            padded = self._pad(image)
            try:
                result = self._runner(padded)(padded, code)
            except RealtimeNstError:
                raise
            except Exception as error:
                raise ProviderError(self._failure(width, height, error)) from error
            if result.shape != padded.shape:
                raise ModelError(self._wrong_size(padded, result))
            return result[:height, :width].copy()

    def require_memory(self, width: int, height: int) -> None:
        """Raises :class:`UsageError` if there is not enough for pictures of that size."""
        needed = _BYTES_A_PIXEL.get(self.provider, 0) * width * height
        memory.require(
            needed, f"painting {width}x{height}", "give a smaller `size` or a larger `brush`"
        )

    def prepare(self, width: int, height: int) -> None:
        """Compile for pictures of that size and run once, without stopping calls at other sizes.

        Raises the errors of a call.
        """
        size = height + self._missing(height), width + self._missing(width)
        if size in self._runners:
            return
        try:
            self.require_memory(width, height)
            runner = self._compile(*size)
            code = np.zeros((1, self.code_size), np.float32) if self.code_size else None
            runner(np.zeros((*size, 3), np.uint8), code)
        except RealtimeNstError:
            raise
        except Exception as error:
            raise ProviderError(self._failure(width, height, error)) from error
        with self._lock:
            self._keep(size, runner)

    def _runner(self, padded: Image) -> Runner:
        size = padded.shape[0], padded.shape[1]
        if size not in self._runners:
            self.require_memory(size[1], size[0])
            return self._keep(size, self._compile(*size))
        return self._keep(size, self._runners[size])

    def _keep(self, size: tuple[int, int], runner: Runner) -> Runner:
        self._runners[size] = runner
        self._runners.move_to_end(size)
        while len(self._runners) > 1 and self._too_many():
            self._runners.popitem(last=False)
        return self._runners[size]

    def _too_many(self) -> bool:
        pixels = sum(height * width for height, width in self._runners)
        return len(self._runners) > _SIZES_KEPT or pixels > _PIXELS_KEPT

    def _pad(self, image: Image) -> Image:
        import cv2

        height, width = image.shape[:2]
        below, right = self._missing(height), self._missing(width)
        if not below and not right:
            return np.require(image, requirements=["C", "W"])
        padded: Image = cv2.copyMakeBorder(  # type: ignore[assignment]
            image, 0, below, 0, right, cv2.BORDER_REFLECT_101, dst=self._padded
        )
        self._padded = padded
        return padded

    def _missing(self, size: int) -> int:
        """The pixels from ``size`` up to the next size that the network takes."""
        card = self._model.card
        return ceil(max(size, card.size_minimum) / card.size_multiple) * card.size_multiple - size

    def _failure(self, width: int, height: int, error: Exception) -> str:
        plain = RuntimeError(_PLACE.sub("", str(error)) or type(error).__name__)
        return (
            f"{self.provider} failed on a picture of {width}x{height}: {one_line(plain)}; "
            "try a smaller `size`, a larger `brush`, or another `provider`"
        )

    def _wrong_size(self, padded: Image, result: Image) -> str:
        return (
            f"{str(self._model.path)!r} made {result.shape} of {padded.shape}, but its card says "
            f"that multiples of {self._model.card.size_multiple} keep their size; export it again"
        )
