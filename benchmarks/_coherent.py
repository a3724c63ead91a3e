"""Chen's network form as a stage: our own search finds the flow its features are warped by."""

from dataclasses import replace
from pathlib import Path

from realtime_nst.bench.coherent import CoherentStylizer
from realtime_nst.motion.tracking import Tracker
from realtime_nst.stream import Frame


class Coherent:
    """``holds`` false: every frame is begun anew, which is what the style paints alone."""

    def __init__(self, path: Path, *, holds: bool = True) -> None:
        self._stylizer, self._track, self._holds = CoherentStylizer(path), Tracker(), holds

    def __call__(self, frame: Frame) -> Frame:
        motion = self._track(frame.image) if self._holds else None
        return replace(frame, image=self._stylizer(frame.image, motion and motion.flow))

    def reset(self) -> None:
        self._track.reset()
