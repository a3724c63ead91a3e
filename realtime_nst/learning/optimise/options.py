"""What can be chosen of an optimisation; the command line's options are read from here."""

from dataclasses import dataclass

from realtime_nst.errors import UsageError
from realtime_nst.learning.fields import LARGEST_SEED, check, option
from realtime_nst.learning.losses.names import STYLE_LOSS_NAMES


@dataclass(frozen=True)
class Optimisation:
    """Everything, beside the pictures and the loss networks, that decides the result.

    Weights multiply normalised losses (see ``losses``); a weight of 0 leaves the loss out. Raises
    UsageError or UnknownName for a value that cannot be.
    """

    steps: int = option(500, "changes to the picture in all, shared over the sizes", 1)
    size: int = option(512, "longer side of the result, pixels (never enlarges)", 32)
    scales: int = option(1, "sizes from coarse to fine, each twice the one before", 1, 8)
    style_size: int = option(
        512, "longer side of the painting, pixels; smaller: finer strokes", 32, 4096
    )
    optimiser: str = option("lbfgs", "method", choices=("lbfgs", "adam"))
    learning_rate: float = option(0.0, "0: 1 for lbfgs, 0.02 for adam", 0, 10)
    start: str = option("content", "first picture", choices=("content", "noise", "mix"))
    noise: float = option(0.5, "share of noise where the start is a mix", 0, 1)
    pooling: str = option("max", "in the loss network", choices=("max", "average"))
    precision: str = option(
        "auto",
        "of the loss network; auto: bf16 where that is faster",
        choices=("auto", "f32", "bf16"),
    )
    content_weight: float = option(1.0, "content loss")
    content_layers: tuple[str, ...] = option(("relu4_2",), "layers of the content loss")
    style_weight: float = option(10.0, "style loss")
    style_layers: tuple[str, ...] = option(
        ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"), "layers of the style loss"
    )
    style_loss: str = option("gram", "what style is", choices=STYLE_LOSS_NAMES)
    tv_weight: float = option(2.0, "total variation: smoother pictures")
    laplacian_weight: float = option(0.0, "Laplacian loss: keeps the photo's outlines")
    temporal_weight: float = option(20.0, "of a video: each frame like the one before")
    later_steps: int = option(0, "of a video: steps a frame after the first; 0: a third")
    keep_colour: str = option(
        "none", "the photo's colours", choices=("none", "luminance", "matched")
    )
    seed: int = option(0, "seed of the noise and of what losses draw", 0, LARGEST_SEED)

    def __post_init__(self) -> None:
        check(self)
        if not (self.content_weight or self.style_weight):
            raise UsageError("--content-weight and --style-weight are both 0: nothing to paint")
