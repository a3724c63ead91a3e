"""What a stylizer does in a pipeline: it paints frames, and morphs from one style to another."""

import math
from fractions import Fraction

import cv2
import numpy as np

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.media.planes import at_size, each_plane, rgb_at
from realtime_nst.runtime.colour import KEEP_COLOUR, Colours
from realtime_nst.runtime.enlarge import enlarged
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sizes import Size
from realtime_nst.stream import Frame, Image, Stage


class Blend:
    """The results of ``stage``, given back some of their source.

    ``strength`` blends from the source (0) to the painting (1); at 0 ``stage`` does not run.
    ``keep_colour`` is one of KEEP_COLOUR: "luminance" keeps the colour of each pixel, "matched"
    gives the painting the mean and spread of the source's colours. Frames that ``stage`` gives back
    untouched stay so.

    Raises :class:`UsageError` unless ``strength`` is from 0 to 1, :class:`UnknownName` for a
    ``keep_colour`` that does not exist.
    """

    def __init__(self, stage: Stage, strength: float = 1.0, keep_colour: str = "none") -> None:
        if not 0 <= strength <= 1:
            raise UsageError(f"the strength is a number from 0 to 1, not {strength}")
        if keep_colour not in KEEP_COLOUR:
            raise UnknownName("way to keep colours", keep_colour, KEEP_COLOUR)
        self._stage = stage
        self._strength = strength
        self._coloured = KEEP_COLOUR[keep_colour]

    def __call__(self, frame: Frame) -> Frame:
        if self._strength == 0:
            return frame
        painted = self._stage(frame)
        if painted.picture is frame.picture:
            return painted
        picture = self._coloured(frame.picture, painted.picture)
        if self._strength < 1:
            picture = each_plane(self._blended, frame.picture, picture)
        return painted.showing(picture)

    def _blended(self, source: Image, painting: Image) -> Image:
        share = self._strength
        return np.asarray(cv2.addWeighted(source, 1 - share, painting, share, 0), np.uint8)

    def reset(self) -> None:
        self._stage.reset()


class Stylise(Blend):
    """Paints each frame with ``stylizer``; ``strength`` and ``keep_colour`` as in :class:`Blend`,
    with its errors."""

    def __init__(
        self, stylizer: Stylizer, strength: float = 1.0, keep_colour: str = "none"
    ) -> None:
        super().__init__(_Each(stylizer), strength, keep_colour)


class _Each:
    def __init__(self, stylizer: Stylizer) -> None:
        self._stylizer = stylizer

    def __call__(self, frame: Frame) -> Frame:
        return frame.showing(self._stylizer(frame.image))

    def reset(self) -> None:
        self._stylizer.reset()


class AtSize:
    """Runs ``stage`` on frames of the width and height ``size`` (None: as they are), and brings its
    results back to the frame's: smaller ones with clean borders of strokes. Frames that ``stage``
    gives back untouched stay so.
    """

    def __init__(self, stage: Stage, size: tuple[int, int] | None = None) -> None:
        self._stage, self.size = stage, size

    def __call__(self, frame: Frame) -> Frame:
        size = self.size or frame.size
        asked = frame.showing(rgb_at(frame.picture, size))
        painted = self._stage(asked)
        if painted.picture is asked.picture:
            return frame
        if math.prod(size) >= math.prod(frame.size):
            return resized(painted, frame.size)
        return painted.showing(enlarged(painted.image, frame.picture))

    def reset(self) -> None:
        self._stage.reset()


def given_back(source: Image, painting: Image, strength: float, colours: Colours) -> Image:
    """``painting``, or a part of one, with the ``colours`` and what else of its source is kept."""
    image = colours(source, painting)
    if strength < 1:
        image = cv2.addWeighted(source, 1 - strength, image, strength, 0)  # type: ignore[assignment]
    return image


class Morph:
    """Takes ``stylizer`` from its style to ``style`` within ``seconds``.

    The seconds count from the time ``begin`` (None: from the first frame). A style set meanwhile
    ends the morph. Raises the errors of :meth:`Stylizer.morph`, and :class:`UsageError` unless
    ``seconds`` is above 0.
    """

    def __init__(
        self, stylizer: Stylizer, style: str, seconds: float, begin: Fraction | None = None
    ) -> None:
        if not seconds > 0:
            raise UsageError(f"a morph takes more than 0 seconds, not {seconds:g}; try 10")
        self._seconds, self._begin = seconds, begin
        self._go = stylizer.morph(style)
        self._go(0.0)

    def advance(self, frame: Frame) -> None:
        """Make the stylizer paint as it should at the time of ``frame``."""
        if self._begin is None:
            self._begin = frame.pts
        self._go(min(1.0, max(0.0, float(frame.pts - self._begin) / self._seconds)))


class Resize:
    """Resizes frames to ``size``: by area when shrinking, bicubic when enlarging."""

    def __init__(self, size: Size) -> None:
        self._size = size

    def __call__(self, frame: Frame) -> Frame:
        return resized(frame, self._size.of(*frame.size))

    def reset(self) -> None:
        """There is nothing to forget."""


def resized(frame: Frame, size: tuple[int, int], enlarge: int = cv2.INTER_CUBIC) -> Frame:
    """``frame`` with that width and height, or ``frame`` itself if it has them. ``enlarge`` is
    OpenCV's interpolation for a larger size."""
    return frame if size == frame.size else frame.showing(at_size(frame.picture, size, enlarge))
