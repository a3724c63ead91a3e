"""A source, a stage and a sink of one's own, beside those of the library."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from realtime_nst import (
    Composite,
    Frame,
    Image,
    Look,
    Paint,
    Report,
    Stabilise,
    Stage,
    StreamInfo,
    Stylise,
    Stylizer,
    run,
)
from realtime_nst.stream import Unmanaged


class Noise(Unmanaged):
    """Four frames of noise, as a source."""

    info = StreamInfo(64, 48, Fraction(25), 4)

    def __iter__(self) -> Iterator[Frame]:
        dice = np.random.default_rng(0)
        for index in range(4):
            image = dice.integers(0, 256, (48, 64, 3), np.uint8)
            yield Frame(image, index, Fraction(index, 25), monotonic())


class Brighten:
    """A stage without a memory."""

    def __call__(self, frame: Frame) -> Frame:
        return replace(frame, image=np.maximum(frame.image, 64))

    def reset(self) -> None:
        pass


class LeftHalf:
    """A mask: the left half is painted."""

    lead_in = 0
    """Frames that it must have seen before."""

    def __call__(self, frame: Frame) -> NDArray[np.uint8]:
        height, width, _ = frame.image.shape
        weights = np.zeros((height, width), np.uint8)
        weights[:, : width // 2] = 255
        return weights

    def reset(self) -> None:
        pass


class Collect(Unmanaged):
    """A sink that keeps the pictures."""

    def __init__(self) -> None:
        self.images: list[Image] = []

    def write(self, frame: Frame) -> bool:
        self.images.append(frame.image)
        return True


def main() -> tuple[Report, list[Image]]:
    steady = Stabilise(Stylise(Stylizer("great_wave")), "strong")
    rest = Paint(Look("starry_night", strength=0.5))
    with Noise() as source, Collect() as sink:
        stages: list[Stage] = [Brighten(), Composite(LeftHalf(), steady, rest)]
        return run(source, stages, sink), sink.images
