"""Stages of the pipeline that need no memory of earlier frames: stylise, and resize."""

from dataclasses import replace

import cv2

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.runtime.colour import KEEP_COLOUR
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.spec import Size
from realtime_nst.stream import Frame, Image


class Stylise:
    """``strength`` blends from the source (0) to the painting (1); at 0 the network does not run.

    ``keep_colour`` is one of KEEP_COLOUR: with "luminance" each pixel keeps its own colour, with
    "matched" the painting is given the source's range of colours.

    Raises :class:`UsageError` for a strength outside 0 to 1, :class:`UnknownName` for a
    ``keep_colour`` there is not.
    """

    def __init__(
        self, stylizer: Stylizer, strength: float = 1.0, keep_colour: str = "none"
    ) -> None:
        if not 0 <= strength <= 1:
            raise UsageError(f"the strength is a number from 0 to 1, not {strength}")
        if keep_colour not in KEEP_COLOUR:
            raise UnknownName("way to keep colours", keep_colour, KEEP_COLOUR)
        self._stylizer = stylizer
        self._strength = strength
        self._coloured = KEEP_COLOUR[keep_colour]

    def __call__(self, frame: Frame) -> Frame:
        if self._strength == 0:
            return frame
        source = frame.image
        image = self._coloured(source, self._stylizer(source))
        if self._strength < 1:
            image = _blend(source, image, self._strength)
        return replace(frame, image=image)

    def reset(self) -> None:
        self._stylizer.reset()


def _blend(source: Image, image: Image, strength: float) -> Image:
    result: Image = cv2.addWeighted(source, 1 - strength, image, strength, 0)  # type: ignore[assignment]
    return result


class Resize:
    """Brings frames to ``size``: by area when shrinking, bicubic when enlarging."""

    def __init__(self, size: Size) -> None:
        self._size = size

    def __call__(self, frame: Frame) -> Frame:
        height, width = frame.image.shape[:2]
        target = self._size.of(width, height)
        if target == (width, height):
            return frame
        shrinks = target[0] * target[1] < width * height
        method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        image: Image = cv2.resize(frame.image, target, interpolation=method)  # type: ignore[assignment]
        return replace(frame, image=image)

    def reset(self) -> None:
        """There is nothing to forget."""
