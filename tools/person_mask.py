"""Measure the mask of people on clips: the flicker of its edge, and what it costs.

Usage: python tools/person_mask.py CLIP [...]
Prints a line for each clip: the flicker (see realtime_nst/metrics/stillness.py) over its first
60 frames, at 480 lines, of the mask as the network finds it with a soft edge, with the frame's
edges, and with these and steadied. Then the milliseconds that each step and the style great_wave
take for a frame of the first clip, the least of all calls, in turn. OMP_NUM_THREADS=1 measures on
one core.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import cv2
import numpy as np

from realtime_nst.masks.edges import FrameEdge, SoftEdge
from realtime_nst.masks.mask import Weights
from realtime_nst.masks.model import ModelMask
from realtime_nst.masks.steady import SteadyMask
from realtime_nst.metrics.stillness import mask_flicker
from realtime_nst.motion import dense_flow
from realtime_nst.runtime.shipped import person_network
from realtime_nst.runtime.stages import Resize
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sizes import Size
from realtime_nst.sources import open_source
from realtime_nst.stream import Frame

FRAMES, LINES = 60, 480
STYLE = "great_wave"


class Found:
    """The mask that was found last, for several to use."""

    def __call__(self, frame: Frame) -> Weights:
        return self.weights

    def reset(self) -> None:
        pass


class Clock:
    """The least milliseconds of each step."""

    def __init__(self) -> None:
        self.least: dict[str, float] = defaultdict(lambda: float("inf"))

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.least[step] = min(self.least[step], 1000 * (time.perf_counter() - began))


def masks_of(clip: str, clock: Clock) -> Iterator[tuple[Frame, dict[str, Weights]]]:
    """Each frame and its masks at its size."""
    network, found = ModelMask(person_network()), Found()
    soft, edge = SoftEdge(), FrameEdge()
    steady, stylizer, shrink = SteadyMask(found), Stylizer(STYLE), Resize(Size(shorter=LINES))
    with open_source(clip) as source:
        for frame in map(shrink, islice(source, FRAMES)):
            with clock("network"):
                found.weights = network(frame)
            with clock("steadying"):
                steadied = steady(frame)
            with clock("edges"):
                both = edge(steadied, frame.image)
            with clock(f"style {STYLE}"):
                stylizer(frame.image)
            masks = {
                "soft edge": soft(found.weights, frame.image),
                "frame's edges": edge(found.weights, frame.image),
                "and steadied": both,
            }
            yield frame, masks


def main(clips: list[str]) -> None:
    cv2.setNumThreads(1)
    clocks = []
    for clip in clips:
        clocks.append(Clock())
        flickers, last = defaultdict(list), None
        for frame, masks in masks_of(clip, clocks[-1]):
            if last is not None:
                flow = dense_flow(last[0].image, frame.image)
                for name, mask in masks.items():
                    flickers[name].append(mask_flicker(last[1][name], mask, flow))
            last = frame, masks
        figures = (f"{name} {np.nanmean(found):.4f}" for name, found in flickers.items())
        print(f"{clip}: {', '.join(figures)}")
    print(", ".join(f"{step} {least:.2f} ms" for step, least in clocks[0].least.items()))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
