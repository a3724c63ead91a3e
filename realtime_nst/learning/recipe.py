"""Everything that decides what a training run gives; the CLI's options are read from here."""

from dataclasses import dataclass, field
from typing import Any


def _option(default: Any, help: str) -> Any:
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True)
class Recipe:
    """Weights multiply normalised losses (see ``losses``); a weight of 0 leaves the loss out."""

    network: str = _option("fast", "style network to train")
    steps: int = _option(1600, "training steps")
    batch: int = _option(4, "photos a step")
    crop: int = _option(256, "side of the square crops, pixels")
    learning_rate: float = _option(2e-3, "peak of the one-cycle schedule (Adam)")
    warm_up: float = _option(0.05, "share of the steps in which the learning rate rises")
    average: float = _option(0.99, "decay of the running weight average that is exported")
    style_size: int = _option(512, "longer side of the painting, pixels; smaller: finer strokes")
    content_weight: float = _option(1.0, "content loss")
    content_layers: tuple[str, ...] = _option(("relu3_3",), "layers of the content loss")
    deep_content_weight: float = _option(0.8, "content loss on deep layers: keeps the subject")
    deep_content_layers: tuple[str, ...] = _option(("relu4_1",), "layers of the deep content loss")
    style_weight: float = _option(0.5, "style (Gram) loss")
    style_layers: tuple[str, ...] = _option(
        ("relu1_2", "relu2_2", "relu3_4"), "layers of the style loss"
    )
    style_scales: tuple[float, ...] = _option((1.0, 0.5, 0.25), "image scales of the style loss")
    deep_style_weight: float = _option(2.0, "style loss on deep layers: large shapes")
    deep_style_layers: tuple[str, ...] = _option(
        ("relu4_1", "relu4_4", "relu5_1"), "layers of the deep style loss, full scale only"
    )
    tv_weight: float = _option(0.0, "total variation: smoother pictures")
    equivariance_weight: float = _option(2.0, "shift equivariance: no grid, less flicker")
    held_out: int = _option(24, "photos kept out of training to measure the result on")
    checkpoint_every: int = _option(50, "steps between checkpoints")
    sample_every: int = _option(200, "steps between sample pictures")
    workers: int = _option(1, "processes that decode photos")
    seed: int = _option(0, "seed of the weights, the crops and the shifts")
