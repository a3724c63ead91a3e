"""Scenes of MPI-Sintel (Butler et al. 2012): rendered films with true flow and true occlusion.

Frames are frame_0001.png and so on. The ground truth of the step from a frame to the next has the
name of that frame. As published, all passes of a scene share it: ROOT/clean/SCENE/,
ROOT/final/SCENE/, and ROOT/flow/SCENE/ (.flo), ROOT/occlusions/SCENE/, ROOT/invalid/SCENE/ (.png,
white where true). Or a scene holds its own: SCENE/gt/ (.flo), SCENE/gt/occlusions/,
SCENE/gt/invalid/.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from realtime_nst.errors import MediaError, UsageError
from realtime_nst.media.pictures import read_picture
from realtime_nst.motion import Flow
from realtime_nst.motion.occlusion import Mask, within
from realtime_nst.sources.pictures import PictureSource

RATE = Fraction(24)
_PASSES = ("albedo", "clean", "final")


@dataclass(frozen=True)
class Step:
    """The files of the step from ``frame`` to the next. ``invalid`` need not exist."""

    frame: Path
    flow: Path
    occluded: Path
    invalid: Path

    def read(self) -> tuple[Flow, Mask]:
        """The flow ``(height, width, 2)`` on the grid of ``frame``, and the mask of what is visible
        in the next frame too. Sintel's occlusion covers only what is hidden behind other things, so
        what leaves the picture is masked out here.

        Raises MediaError for a file that cannot be read, or whose size is not the frame's.
        """
        flow: Any = cv2.readOpticalFlow(str(self.flow))
        hidden = [read_picture(path) for path in (self.occluded, self.invalid) if path.exists()]
        shape = read_picture(self.frame).shape
        if flow is None or (*flow.shape[:2], 3) != shape:
            raise MediaError(
                f"{str(self.flow)!r} is damaged, or its size is not its frame's; copy it again, or "
                "leave the scene out"
            )
        if any(mask.shape != shape for mask in hidden):
            raise MediaError(
                f"the size of {str(self.occluded)!r} is not its frame's; copy it again"
            )
        return flow, ~np.any(hidden, axis=(0, 3)) & within(flow)


def scenes(folder: Path) -> dict[str, Path]:
    """The scenes below ``folder`` that have ground truth for a step, by their paths in it.

    Raises UsageError if there is none.
    """
    folders = sorted({path.parent for path in folder.rglob("frame_*.png")})
    found = {
        Path(folder.resolve().name, path.relative_to(folder)).as_posix(): path
        for path in folders
        if any(_steps(path))
    }
    if not found:
        raise UsageError(
            f"`sintel` {str(folder)!r} holds no scene with true flow and occlusion; give the "
            "folder MPI-Sintel's training data was unpacked to"
        )
    return found


def frames(scene: Path) -> PictureSource:
    return PictureSource(sorted(scene.glob("frame_*.png")), rate=RATE)


def steps(scene: Path, count: int) -> dict[int, Step]:
    """The steps with ground truth within the first ``count`` frames, by the frame's index."""
    names = [path.name for path in frames(scene).paths[:count]]
    known = {step.frame.name: step for step in _steps(scene)}
    return {index: known[name] for index, name in enumerate(names[:-1]) if name in known}


def _steps(scene: Path) -> Iterator[Step]:
    own, shared = scene / "gt", scene.parent.parent
    published = scene.parent.name in _PASSES
    flows, occlusions, invalid = (
        (shared / kind / scene.name for kind in ("flow", "occlusions", "invalid"))
        if published
        else (own, own / "occlusions", own / "invalid")
    )
    for flow in sorted(flows.glob("frame_*.flo")):
        name = f"{flow.stem}.png"
        step = Step(scene / name, flow, occlusions / name, invalid / name)
        if step.frame.exists() and step.occluded.exists():
            yield step
