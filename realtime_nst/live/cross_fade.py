"""The cross-fade from one style to the next, without running two networks."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import cast

import cv2

from realtime_nst.motion.stabiliser import OFF, Stabiliser
from realtime_nst.stream import Frame, Image, Stage


class CrossFade:
    """The results of ``stage``; when ``look()`` changes, the last result before that fades out.

    During those ``seconds`` the old result is warped along the source's motion, so its cost does
    not depend on what painted it. A cut ends the fade at once.
    """

    def __init__(self, stage: Stage, look: Callable[[], Hashable], seconds: float = 0.5) -> None:
        self._stage, self._look, self._seconds = stage, look, seconds
        self._painted_as: Hashable = None
        self._last: tuple[Frame, Frame] | None = None
        self._old: Stabiliser | None = None
        self._began = 0.0

    def __call__(self, frame: Frame) -> Frame:
        made, look = self._stage(frame), self._look()
        if self._last is not None and look != self._painted_as:
            self._begin(*self._last, frame.captured)
        self._painted_as = look
        result = self._mixed(frame, made) if self._old is not None else made
        self._last = frame, result
        return result

    def reset(self) -> None:
        self._stage.reset()
        self._last = self._old = None

    def _begin(self, source: Frame, shown: Frame, now: float) -> None:
        self._old, self._began = Stabiliser(OFF), now
        self._old.begin(source.image)
        self._old.blend(shown.image)

    def _mixed(self, frame: Frame, made: Frame) -> Frame:
        left = 1 - (frame.captured - self._began) / self._seconds if self._seconds else 0.0
        if self._old is None or left <= 0 or not self._old.observe(frame.image):
            self._old = None
            return made
        mixed = cv2.addWeighted(self._old.carry(), left, made.image, 1 - left, 0)
        return replace(made, image=cast(Image, mixed))
