"""The stage that steadies a painted stream."""

from fractions import Fraction

from realtime_nst.errors import UsageError
from realtime_nst.motion.flow import DEFAULT_FLOW
from realtime_nst.motion.stabiliser import OFF, Stabiliser, memory_of
from realtime_nst.stream import Frame, Stage

_GAP = Fraction(1)
"""Seconds from which on two frames in a row are not taken for neighbours."""

_CARRIED = 0.9
"""The smallest share of a picture that the last result must cover for the network to be skipped."""


class Stabilise:
    """The results of ``stage`` without their flicker.

    It sees frames before ``stage`` and after it: motion is measured on the source. Memory, that of
    ``stage`` too, is dropped at a cut, a seek, a loop and a change of size; the first frame after
    that is exactly what ``stage`` makes of it, and so is every frame with the preset "off". Frames
    that ``stage`` gives back untouched stay so. Where ``stage`` begins to paint in another way,
    call ``reset``.

    With ``network_every`` n, ``stage`` runs on every nth frame, and where its last result covers
    too little of the picture; in between, the last result is warped along the motion.

    Raises :class:`UnknownName` for a ``preset`` or ``flow`` that does not exist,
    :class:`UsageError` for ``network_every`` below 1.
    """

    def __init__(
        self,
        stage: Stage,
        preset: str = "strong",
        *,
        flow: str = DEFAULT_FLOW,
        network_every: int = 1,
    ) -> None:
        self._stage, self._preset = stage, preset
        self._stabiliser = Stabiliser(preset, flow)
        self._memory = memory_of(preset)
        self.network_every = network_every
        self._last: Frame | None = None
        self._skipped = 0

    @property
    def lead_in(self) -> int:
        """The number of frames after which a result no longer shows what came before them."""
        return self._memory * self._every + self._every - 1

    @property
    def network_every(self) -> int:
        """It may be changed from any thread."""
        return self._every

    @network_every.setter
    def network_every(self, every: int) -> None:
        if every < 1:
            raise UsageError(f"the network runs on every Nth frame, N being 1 or more, not {every}")
        self._every = every

    def __call__(self, frame: Frame) -> Frame:
        if self._preset == OFF and self._every == 1:
            return self._stage(frame)
        if not follows(frame, self._last):
            self.reset()
        covered = self._stabiliser.observe(frame.image)
        self._last = frame
        if not covered:
            self._stage.reset()
        elif self._skipped < self._every - 1 and covered >= _CARRIED:
            self._skipped += 1
            return frame.showing(self._stabiliser.carry())
        painted = self._stage(frame)
        self._skipped = 0
        if painted.picture is frame.picture:
            self._stabiliser.reset()
            return painted
        return painted.showing(self._stabiliser.blend(painted.image))

    def reset(self) -> None:
        self._stage.reset()
        self._stabiliser.reset()
        self._last = None


def follows(frame: Frame, last: Frame | None) -> bool:
    """Whether ``frame`` comes shortly after ``last``; None is before all frames."""
    return last is None or (frame.index > last.index and last.pts < frame.pts < last.pts + _GAP)
