"""The options of an optimisation; those of the command line are made from these fields."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

from realtime_nst.errors import UsageError
from realtime_nst.learning.fields import LARGEST_SEED, check, option
from realtime_nst.learning.losses.names import StyleLossName
from realtime_nst.look import KeepColour

_BYTES, _BYTES_A_PIXEL = 400e6, 2300
"""Memory that it took at least, and for each pixel, with the bundled loss network at 512 and 1,024
pixels."""

Optimiser = Literal["lbfgs", "adam"]
Init = Literal["content", "noise", "mix"]
Pooling = Literal["max", "average"]
Precision = Literal["auto", "f32", "bf16"]

_result, _losses, _method, _video = (
    partial(option, group=group) for group in ("Result", "Losses", "Method", "Video")
)


@dataclass(frozen=True)
class Optimisation:
    """Everything that decides the result, next to the pictures and the loss networks.

    Weights multiply normalised losses (see ``losses``); a weight of 0 switches a loss off. Raises
    UsageError or UnknownName for a value that is out of its range or choices.
    """

    steps: int = _result(500, "Steps in total, shared by all scales", 1)
    longest: int = _result(512, "Longer side of the result in pixels; never enlarges", 32, 8192)
    style_size: int = _result(
        512, "Longer side of the painting in pixels; smaller gives finer strokes", 32, 4096
    )
    scales: int = _result(1, "Scales from coarse to fine, each twice the size of the last", 1, 8)
    keep_colour: KeepColour = _result(
        "none", "Keep the photo's colours: of each pixel, or the overall palette"
    )
    content_weight: float = _losses(1.0, "Content loss")
    content_layers: tuple[str, ...] = _losses(("relu4_2",), "Layers of the content loss")
    style_weight: float = _losses(10.0, "Style loss")
    style_layers: tuple[str, ...] = _losses(
        ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"), "Layers of the style loss"
    )
    style_loss: StyleLossName = _losses("gram", "How styles are compared")
    tv_weight: float = _losses(2.0, "Total variation; smoother pictures")
    laplacian_weight: float = _losses(0.0, "Laplacian loss; keeps the photo's edges")
    matting_weight: float = _losses(0.0, "Matting Laplacian; like a photo, without strokes")
    optimiser: Optimiser = _method("lbfgs", "Optimiser of the pixels")
    learning_rate: float = _method(0.0, "Learning rate; 0 is 1 for lbfgs and 0.02 for adam", 0, 10)
    init: Init = _method("content", "Picture to start from: the content, noise, or a mix")
    noise: float = _method(0.5, "Share of noise in --init mix", 0, 1)
    pooling: Pooling = _method("max", "Pooling in the loss network")
    precision: Precision = _method(
        "auto", "Precision of the loss network; auto is bf16 where that is faster"
    )
    seed: int = _method(0, "Seed of the noise and of the losses that draw samples", 0, LARGEST_SEED)
    temporal_weight: float = _video(20.0, "Temporal loss; holds each frame to the one before")
    later_steps: int = _video(0, "Steps for each frame after the first; 0 is a third of --steps")

    def memory(self, width: int, height: int) -> float:
        """The bytes that a picture of that size takes at least."""
        scale = min(1.0, self.longest / max(width, height))
        return _BYTES + _BYTES_A_PIXEL * width * height * scale**2

    def __post_init__(self) -> None:
        check(self)
        if not (self.content_weight or self.style_weight):
            raise UsageError(
                "`content_weight` and `style_weight` are both 0, so there is nothing to paint; "
                "give one of them a value above 0"
            )
