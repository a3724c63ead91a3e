"""Paintings of consecutive frames made to hold still, whatever network painted them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from realtime_nst.errors import UnknownName
from realtime_nst.motion._mixing import Mixer, shares
from realtime_nst.motion.tracking import DEFAULT_SEARCH, Motion, Tracker
from realtime_nst.stream import Image


@dataclass(frozen=True)
class Strength:
    """How much of a pixel comes from the result before, 0 to 1: where the picture is ``moving``,
    and where it is ``still``. ``sharpen`` gives back what resampling takes; ``crisp``, in what is
    shown alone, what the mean of several paintings has less of detail."""

    moving: float
    still: float
    sharpen: float
    crisp: float


OFF = "off"

STRENGTHS: Mapping[str, Strength] = {
    OFF: Strength(0.0, 0.0, 2.0, 0.0),
    "light": Strength(0.60, 0.80, 1.4, 0.08),
    "strong": Strength(0.85, 0.85, 0.8, 0.32),
}
"""``sharpen`` stays below what, times the weight, would make fine detail grow from frame to
frame. At "off" every painting is shown as it is; only what is carried on is moved."""


class Stabiliser:
    """Holds on to the result before, moved along with the source; of a new painting it takes in
    what cannot be seen in the old one at once, and the rest by and by.

    ``painted`` is what any network made of ``source``; both RGB uint8 ``(height, width, 3)``, of
    one size. After a cut, a change of size or ``reset`` the result is ``painted`` itself. Raises
    UnknownName for a strength not in STRENGTHS or an accuracy not in tracking's SEARCHES.
    """

    def __init__(self, strength: str = "strong", accuracy: str = DEFAULT_SEARCH) -> None:
        if strength not in STRENGTHS:
            raise UnknownName("strength of stabilising", strength, STRENGTHS)
        self._strength = STRENGTHS[strength]
        self._track, self._mix = Tracker(accuracy), Mixer()
        self._motion: Motion | None = None
        self._result: Image | None = None

    def __call__(self, source: Image, painted: Image) -> Image:
        self.observe(source)
        return self.blend(painted)

    def reset(self) -> None:
        """Forget earlier pictures."""
        self._track.reset()
        self._motion = self._result = None

    def begin(self, source: Image) -> None:
        """Forget earlier pictures, and take ``source`` for the first."""
        self.reset()
        self.observe(source)

    def observe(self, source: Image) -> float:
        """Look at the next source picture; the share of it that the result before can show.

        0 where there is none to go on from: the first picture, a cut, another size.
        """
        self._motion = self._track(source)
        if self._result is None or self._result.shape != source.shape:
            self._motion = None
        return float(self._motion.trust.mean()) if self._motion else 0.0

    def blend(self, painted: Image) -> Image:
        """What to show for the picture observed last, of which ``painted`` is the painting."""
        result, motion = self._result, self._motion
        fits = result is not None and result.shape == painted.shape
        if result is None or motion is None or not fits or not self._strength.still:
            self._result = painted
            return painted
        self._result = self._mixed(painted, result, motion)
        return self._shown()

    def carry(self) -> Image:
        """The result before, moved along, for a picture observed that was not painted.

        Raises RuntimeError where ``observe`` gave 0.
        """
        if self._motion is None or self._result is None:
            raise RuntimeError("there is no result to carry on; paint this picture")
        everywhere = np.ones_like(self._motion.trust)
        carried = shares(everywhere, self._motion, self._strength.sharpen)
        self._result = self._mix(self._result, self._result, self._motion, carried)
        return self._shown()

    def _shown(self) -> Image:
        assert self._result is not None
        crisp = self._strength.crisp
        return self._mix.crisp(self._result, crisp) if crisp else self._result

    def _mixed(self, painted: Image, result: Image, motion: Motion) -> Image:
        moving, still = self._strength.moving, self._strength.still
        held = motion.trust * (moving + motion.still * (still - moving))
        return self._mix(painted, result, motion, shares(held, motion, self._strength.sharpen))
