"""Clips with the optical flow of their source: generated scenes, videos, MPI-Sintel."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from realtime_nst.bench.case import LeftOut
from realtime_nst.bench.cases import _sintel
from realtime_nst.bench.cases._common import Sides, usual
from realtime_nst.bench.settings import Settings
from realtime_nst.motion import Flow, dense_flow, visible
from realtime_nst.motion.occlusion import Mask
from realtime_nst.runtime.stages import Resize
from realtime_nst.sizes import Size
from realtime_nst.sources.scenes import SCENES, SceneSource
from realtime_nst.sources.video import VideoSource
from realtime_nst.stream import Frame, Image, Source

Estimate = Callable[[Image, Image], Flow]
"""Takes an earlier and a later picture; returns the flow on the grid of the later one."""

RANGES = (1, 5, 10)
"""How many frames apart the two are that are compared."""

STILL = "still"
_FRAMES, _SHORT = 32, 12
_UPDATES, _MULTIPLE = 12, 8
"""RAFT's iterations, and what the sides of its pictures must be multiples of."""

_VIDEOS = (".mp4", ".mkv", ".mov", ".webm", ".avi")


@dataclass(frozen=True)
class Pair:
    """The ``flow`` from frame ``onto``, on its grid, into frame ``moved``; valid where ``seen``."""

    moved: int
    onto: int
    flow: Flow
    seen: Mask


@dataclass(frozen=True)
class Clip:
    """``pairs`` are keyed by how many frames apart they are; ``flow`` names their flow's origin."""

    name: str
    rate: Fraction
    frames: list[Frame]
    pairs: dict[int, list[Pair]]
    flow: str


def names(settings: Settings) -> list[str]:
    """The generated scenes, then the scenes of --sintel and the videos of --clips."""
    rendered = _sintel.scenes(settings.sintel) if settings.sintel else ()
    return [*SCENES, *rendered, *(path.name for path in _videos(settings.clips))]


def load(name: str, settings: Settings) -> Clip:
    count = _SHORT if settings.quick else _FRAMES
    if name in SCENES:
        return _scene(name, usual(settings), count)
    if settings.sintel and (rendered := _sintel.scenes(settings.sintel).get(name)):
        return _rendered(name, rendered, count)
    path = next(path for path in _videos(settings.clips) if path.name == name)
    return _video(path, usual(settings), count, settings.raft_weights)


def _videos(folder: Path | None) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in _VIDEOS) if folder else []


def _scene(name: str, size: Sides, count: int) -> Clip:
    source = SceneSource(name, *size, frames=count)
    pairs = {apart: list(_exact(name, size, count, apart)) for apart in RANGES}
    return Clip(name, Fraction(30), _all(source, count), pairs, "exact")


def _exact(name: str, size: Sides, count: int, apart: int) -> Iterator[Pair]:
    slower = SceneSource(name, *size, rate=Fraction(30, apart))
    for number in range(1, (count - 1) // apart + 1):
        yield Pair((number - 1) * apart, number * apart, *slower.flow(number))


def _rendered(name: str, scene: Path, count: int) -> Clip:
    """At its own size, because resized flow would no longer be exact. Sintel's flow leads forward,
    from each frame to the next."""
    source = _sintel.frames(scene)
    steps = _sintel.steps(scene, count).items()
    near = [Pair(index + 1, index, *step.read()) for index, step in steps]
    pairs = {apart: near if apart == 1 else [] for apart in RANGES}
    return Clip(name, _sintel.RATE, _all(source, count), pairs, "exact")


def _video(path: Path, size: Sides, count: int, weights: Path | None) -> Clip:
    shrink = Resize(Size(shorter=min(size)))
    source = VideoSource(path)
    frames = [shrink(frame) for frame in _all(source, count)]
    estimate: Estimate = raft(weights) if weights else dense_flow
    pairs = {apart: list(_estimated(frames, apart, estimate)) for apart in RANGES}
    rate = source.info.rate or Fraction(30)
    return Clip(path.name, rate, frames, pairs, "RAFT-small" if weights else "DIS medium")


def _estimated(frames: list[Frame], apart: int, estimate: Estimate) -> Iterator[Pair]:
    for later in range(apart, len(frames), apart):
        before, now = frames[later - apart].image, frames[later].image
        flow, back = estimate(before, now), estimate(now, before)
        yield Pair(later - apart, later, flow, visible(flow, back))


def _all(source: Source, count: int) -> list[Frame]:
    with source:
        return list(islice(source, count))


def raft(weights: Path) -> Estimate:
    """Optical flow by RAFT-small (Teed and Deng 2020), with ``weights`` in safetensors under
    torchvision's names. Raises LeftOut without the packages."""
    try:
        import torch
        from safetensors.torch import load_file
    except ImportError as error:
        raise LeftOut(f'RAFT needs {error.name}: pip install "realtime_nst[train]"') from error
    try:
        network = raft_small().eval()
    except ImportError as error:
        raise LeftOut("RAFT needs torchvision, the release that goes with torch") from error
    network.load_state_dict(load_file(weights))

    def estimate(previous: Image, current: Image) -> Flow:
        height, width = current.shape[:2]
        pad = ((0, -height % _MULTIPLE), (0, -width % _MULTIPLE), (0, 0))
        pair = [
            torch.from_numpy(np.pad(image, pad, "edge")).permute(2, 0, 1)[None] / 127.5 - 1
            for image in (current, previous)
        ]
        with torch.inference_mode():
            flow = network(*pair, num_flow_updates=_UPDATES)[-1][0].permute(1, 2, 0)
        return np.ascontiguousarray(flow[:height, :width].numpy(), np.float32)

    return estimate


def raft_small() -> Any:
    """torchvision's RAFT-small with random weights. Raises ImportError without torchvision.

    PyPI's torchvision is built for CUDA. Beside a CPU-only torch its compiled operators cannot be
    loaded, and the import fails unless they are at least declared. RAFT does not use them.
    """
    import torch

    try:
        from torchvision.models import optical_flow  # type: ignore[import-untyped]
    except RuntimeError:
        for name in ("nms", "qnms"):
            torch.library.define(
                f"torchvision::{name}", "(Tensor dets, Tensor scores, float threshold) -> Tensor"
            )
        from torchvision.models import optical_flow
    return optical_flow.raft_small()
