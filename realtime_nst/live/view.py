"""What of the source is painted, and what of it is shown beside the painting."""

from dataclasses import replace
from typing import cast

import cv2
import numpy as np

from realtime_nst.stream import Frame, Image, Stage

_LINE_PIXELS = 2


class View:
    """``stage``, seen as ``mirror``, ``frozen`` and ``split`` say; they may be set from any thread.

    ``mirror`` swaps left and right before painting. While ``frozen`` the picture of that moment is
    painted on and on. Left of ``split`` (0 to 1 of the width; None: nowhere) the source is shown.
    """

    def __init__(self, stage: Stage, *, mirror: bool = False) -> None:
        self._stage = stage
        self.mirror, self.frozen = mirror, False
        self.split: float | None = None
        self._held: Image | None = None

    def __call__(self, frame: Frame) -> Frame:
        self._held = self._held if self.frozen and self._held is not None else frame.image
        image = cast(Image, cv2.flip(self._held, 1)) if self.mirror else self._held
        seen = replace(frame, image=image)
        return self._divided(seen, self._stage(seen))

    def reset(self) -> None:
        self._stage.reset()

    def _divided(self, seen: Frame, made: Frame) -> Frame:
        if self.split is None:
            return made
        at = round(self.split * seen.image.shape[1])
        image = np.concatenate([seen.image[:, :at], made.image[:, at:]], axis=1)
        image[:, max(0, at - _LINE_PIXELS // 2) : at + _LINE_PIXELS // 2] = 255
        return replace(made, image=image)
