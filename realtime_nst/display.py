"""What is shown of a painting: mirrored, divided, frozen, or beside its source."""

from dataclasses import replace
from typing import cast

import cv2
import numpy as np

from realtime_nst.look import View
from realtime_nst.media.planes import each_plane
from realtime_nst.stream import Frame, Image, Picture, Stage

_LINE_PIXELS = 2


class Display:
    """The frames of ``stage`` as ``view`` shows them.

    ``view`` may be replaced from any thread, and so may ``frozen`` (the picture of that moment is
    painted on and on) and ``original`` (the source is shown, nothing is painted). A mirrored frame
    is mirrored before it is painted, so that ``stage`` and a split agree. ``line`` draws the line
    of a split.
    """

    def __init__(self, stage: Stage, view: View, *, line: bool = False) -> None:
        self._stage, self._line = stage, line
        self.view, self.frozen, self.original = view, False, False
        self._held: Picture | None = None
        self._mirrored = view.mirror

    def __call__(self, frame: Frame) -> Frame:
        view = self.view
        if view.mirror != self._mirrored:
            self._mirrored = view.mirror
            self._stage.reset()
        self._held = self._held if self.frozen and self._held is not None else frame.picture
        source = frame.showing(each_plane(_mirrored, self._held) if view.mirror else self._held)
        if self.original:
            return source
        return self._divided(source, self._stage(source), view.split)

    def reset(self) -> None:
        self._stage.reset()

    def _divided(self, source: Frame, painted: Frame, split: float | None) -> Frame:
        if not split:
            return painted
        at = round(split * painted.size[0])
        left = _fitted(source.image, painted.image)[:, :at]
        result = np.concatenate([left, painted.image[:, at:]], axis=1)
        if self._line:
            result[:, max(0, at - _LINE_PIXELS // 2) : at + _LINE_PIXELS // 2] = 255
        return replace(painted, image=result)


class Beside:
    """The source on the left, what ``stage`` makes of it on the right, at the same height."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def __call__(self, frame: Frame) -> Frame:
        painted = self._stage(frame)
        return replace(
            painted, image=np.hstack([_fitted(frame.image, painted.image), painted.image])
        )

    def reset(self) -> None:
        self._stage.reset()


def _mirrored(image: Image) -> Image:
    return cast(Image, cv2.flip(image, 1))


def _fitted(source: Image, painted: Image) -> Image:
    """``source`` at the size of ``painted``, which the look may have resized."""
    if source.shape == painted.shape:
        return source
    size = painted.shape[1], painted.shape[0]
    return cast(Image, cv2.resize(source, size, interpolation=cv2.INTER_AREA))
