"""The stage that makes a painted stream hold still."""

from collections.abc import Callable, Hashable
from dataclasses import replace
from fractions import Fraction

from realtime_nst.errors import UsageError
from realtime_nst.motion.flow import DEFAULT_FLOW
from realtime_nst.motion.stabiliser import OFF, Stabiliser
from realtime_nst.stream import Frame, Stage

_GAP = Fraction(1)
"""Seconds between two frames from which on they are not taken for neighbours."""

_CARRIED = 0.9
"""The least share of a picture that the result before must show for the network to be spared."""


class Stabilise:
    """What ``stage`` makes of frames, without the flicker.

    It sees the frames before ``stage`` and after it: the motion is that of the source. Memory is
    forgotten, that of ``stage`` too, at a cut, a seek, a loop and a change of size; and where
    ``look()`` is not what it was, for then ``stage`` paints in another way. The first frame
    after that is what ``stage`` makes of it, to the bit; so is every frame with ``strength``
    "off". Frames that ``stage`` gives back untouched stay so.

    With ``network_every`` n, ``stage`` is called for every nth frame and where the last result
    does not show enough of the picture; in between that result is moved along.

    Raises UnknownName for a strength or an accuracy there is not, UsageError for
    ``network_every`` below 1.
    """

    def __init__(
        self,
        stage: Stage,
        strength: str = "strong",
        *,
        accuracy: str = DEFAULT_FLOW,
        network_every: int = 1,
        look: Callable[[], Hashable] = lambda: None,
    ) -> None:
        self._stage, self._look = stage, look
        self._accuracy, self.network_every = accuracy, network_every
        self.strength = strength
        self._last: Frame | None = None
        self._painted_as: Hashable = _Unsure()
        self._spared = 0

    @property
    def strength(self) -> str:
        """One of STABILISE_PRESETS; it may be changed from any thread."""
        return self._strength

    @strength.setter
    def strength(self, strength: str) -> None:
        self._stabiliser = Stabiliser(strength, self._accuracy)
        self._strength = strength

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
        stabiliser = self._stabiliser
        if self._strength == OFF and self._every == 1:
            return self._stage(frame)
        if not self._follows(frame):
            self.reset()
        look, shown = self._look(), stabiliser.observe(frame.image)
        self._last = frame
        if not shown:
            self._stage.reset()
        elif look == self._painted_as and self._spared < self._every - 1 and shown >= _CARRIED:
            self._spared += 1
            return replace(frame, image=stabiliser.carry())
        return self._painted(frame, look, stabiliser)

    def reset(self) -> None:
        self._stage.reset()
        self._stabiliser.reset()
        self._last = None

    def _follows(self, frame: Frame) -> bool:
        """Whether ``frame`` comes shortly after the one before."""
        last = self._last
        return last is None or (frame.index > last.index and last.pts < frame.pts < last.pts + _GAP)

    def _painted(self, frame: Frame, look: Hashable, stabiliser: Stabiliser) -> Frame:
        made = self._stage(frame)
        self._spared = 0
        if made.image is frame.image:
            stabiliser.reset()
            return made
        sure = look == self._look()
        if not sure or look != self._painted_as:
            stabiliser.begin(frame.image)
        self._painted_as = look if sure else _Unsure()
        return replace(made, image=stabiliser.blend(made.image))


class _Unsure:
    """Equal to no look: the stage changed while it painted."""
