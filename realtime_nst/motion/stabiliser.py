"""Makes the paintings of consecutive frames hold still, whichever network painted them."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, log

import numpy as np

from realtime_nst.errors import UnknownName
from realtime_nst.motion._mixing import Mixer, shares
from realtime_nst.motion.flow import DEFAULT_FLOW
from realtime_nst.motion.tracking import Motion, Tracker
from realtime_nst.stream import Image


@dataclass(frozen=True)
class StabilisePreset:
    """The share of a pixel that comes from the previous result, 0 to 1, where the picture is
    ``moving`` and where it is ``still``. ``sharpen`` restores the detail that resampling takes;
    ``crisp`` restores what averaging several paintings takes, only in the picture shown."""

    moving: float
    still: float
    sharpen: float
    crisp: float


OFF = "off"

STABILISE_PRESETS: Mapping[str, StabilisePreset] = {
    OFF: StabilisePreset(0.0, 0.0, 2.0, 0.0),
    "light": StabilisePreset(0.60, 0.80, 1.4, 0.08),
    "strong": StabilisePreset(0.85, 0.85, 0.8, 0.32),
}
"""With "off" every painting is shown as it is, and only frames that are not painted are warped.
``sharpen`` times the share stays below the value at which detail would grow from frame to frame."""

_SEEN = 1 / 64
"""The share of an earlier result below which it is not seen: of 32 grey levels, half a one."""


def memory_of(preset: str) -> int:
    """The number of paintings after which a result no longer shows those before, by ``preset``."""
    share = STABILISE_PRESETS[preset].still
    return ceil(log(_SEEN, share)) if share else 0


class Stabiliser:
    """Keeps the previous result, warped along the motion of the source. New paintings replace it at
    once where it shows too little, and gradually elsewhere.

    ``preset`` is one of STABILISE_PRESETS, ``flow`` one of FLOW_PRESETS; else :class:`UnknownName`
    is raised. Sources and paintings are RGB uint8 ``(height, width, 3)``, of one size. After a cut,
    a change of size or ``reset`` the result is the painting itself.
    """

    def __init__(self, preset: str = "strong", flow: str = DEFAULT_FLOW) -> None:
        if preset not in STABILISE_PRESETS:
            raise UnknownName("stabilising preset", preset, STABILISE_PRESETS)
        self._preset = STABILISE_PRESETS[preset]
        self._track, self._mix = Tracker(flow), Mixer()
        self._motion: Motion | None = None
        self._result: Image | None = None

    def __call__(self, source: Image, painted: Image) -> Image:
        """What to show for ``source``, whose painting is ``painted``."""
        self.observe(source)
        return self.blend(painted)

    def reset(self) -> None:
        """Forget earlier pictures, and end the second thread until there are others."""
        self._mix.rest()
        self._track.reset()
        self._motion = self._result = None

    def begin(self, source: Image) -> None:
        """Forget earlier pictures, and take ``source`` as the first."""
        self.reset()
        self.observe(source)

    def observe(self, source: Image) -> float:
        """Take the next source picture; return the share of it that the previous result can show.

        0 if there is no previous result to use: at the first picture, a cut, a change of size.
        """
        self._motion = self._track(source)
        if self._result is None or self._result.shape != source.shape:
            self._motion = None
        return float(self._motion.trust.mean()) if self._motion else 0.0

    def blend(self, painted: Image) -> Image:
        """What to show for the picture observed last, whose painting is ``painted``."""
        result, motion = self._result, self._motion
        fits = result is not None and result.shape == painted.shape
        if result is None or motion is None or not fits or not self._preset.still:
            self._result = painted
            return painted
        self._result = self._mixed(painted, result, motion)
        return self._shown()

    def carry(self) -> Image:
        """The previous result, warped, for a picture that was observed but not painted.

        Raises RuntimeError if ``observe`` returned 0.
        """
        if self._motion is None or self._result is None:
            raise RuntimeError("there is no result to carry on; paint this picture")
        everywhere = np.ones_like(self._motion.trust)
        carried = shares(everywhere, self._motion, self._preset.sharpen)
        self._result = self._mix(self._result, self._result, self._motion, carried)
        return self._shown()

    def _shown(self) -> Image:
        assert self._result is not None
        crisp = self._preset.crisp
        return self._mix.crisp(self._result, crisp) if crisp else self._result

    def _mixed(self, painted: Image, result: Image, motion: Motion) -> Image:
        moving, still = self._preset.moving, self._preset.still
        held = motion.trust * (moving + motion.still * (still - moving))
        return self._mix(painted, result, motion, shares(held, motion, self._preset.sharpen))
