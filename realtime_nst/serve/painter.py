"""One viewer's frames painted as the viewer wants them."""

from dataclasses import replace

import cv2

from realtime_nst.masks.within import Within
from realtime_nst.motion.stabilise import Stabilise
from realtime_nst.runtime.stages import Stylise
from realtime_nst.serve.look import Look
from realtime_nst.serve.studio import USUAL_SIZE, Studio
from realtime_nst.serve.where import WHERE
from realtime_nst.stream import Frame, Image, Stage


class Painter:
    """Call it with frames on one thread; the rest may be called on one other meanwhile."""

    def __init__(self, studio: Studio) -> None:
        self._studio, self.size = studio, USUAL_SIZE
        look = studio.look
        self._stylizer = studio.stylizer(look.parts, self.size)
        self._mask = WHERE[look.where]()
        self._worn = look, self._made(look)

    @property
    def look(self) -> Look:
        return self._worn[0]

    def prepare(self, size: tuple[int, int]) -> None:
        """Compile for frames of that width and height. Raises as :class:`Stylizer` does."""
        self._stylizer.prepare(*size)
        self.size = size

    def wear(self, look: Look) -> None:
        """Paint as ``look`` says from the next frame on; a new style takes its time to load.

        On an error the look before stays. Raises as :class:`Stylizer` does.
        """
        if look.parts != self.look.parts:
            self._stylizer = self._studio.stylizer(look.parts, self.size)
        # The background a mask has learnt does not hold for a mirrored picture.
        if (look.where, look.mirror) != (self.look.where, self.look.mirror):
            self._mask = WHERE[look.where]()
        _, stage = self._worn
        self._worn = look, stage if look.paints_as(self.look) else self._made(look)

    def __call__(self, frame: Frame) -> Image:
        look, stage = self._worn
        if look.mirror:
            frame = replace(frame, image=_mirrored(frame.image))
        return _split(frame.image, stage(frame).image, look.split)

    def _made(self, look: Look) -> Stage:
        stylise = Stylise(self._stylizer, look.strength, look.keep_colour)
        stage = Stabilise(stylise, look.stabilise)
        return Within(self._mask, stage) if self._mask else stage


def _mirrored(image: Image) -> Image:
    result: Image = cv2.flip(image, 1)  # type: ignore[assignment]
    return result


def _split(source: Image, painted: Image, split: float | None) -> Image:
    """``source`` left of ``split``; the stabiliser still needs ``painted`` as it is."""
    if not split:
        return painted
    columns = round(split * source.shape[1])
    result = painted.copy()
    result[:, :columns] = source[:, :columns]
    return result
