"""The recipe of a training run; the command line's options are read from here."""

from dataclasses import dataclass, fields
from typing import ClassVar

from realtime_nst.errors import UsageError
from realtime_nst.learning.fields import LARGEST_SEED, check, option
from realtime_nst.learning.losses.names import STYLE_LOSS_NAMES
from realtime_nst.metrics import grid
from realtime_nst.runtime.kinds import ARBITRARY, COHERENT, MULTI, SINGLE

MOTION_NAMES = ("still", "shift", "camera", "field", "layers")
"""How photos can be moved; what each is, learning.motions says."""

_TEMPORAL = (
    "temporal_weight",
    "temporal_relative_weight",
    "temporal_feature_weight",
    "temporal_luminance_weight",
)
_BORDER = 48
"""The shift-equivariance loss leaves out a border, so smaller crops have nothing in the middle."""


@dataclass(frozen=True)
class RunRecipe:
    """What every kind of training run is told. ``kind`` is that of the card."""

    kind: ClassVar[str]

    network: str = option("fast", "style network to train")
    steps: int = option(1600, "training steps; 500 for a start from another style", 1)
    batch: int = option(4, "photos a step", 1)
    crop: int = option(256, "side of the square crops, pixels, a multiple of 8", _BORDER)
    learning_rate: float = option(2e-3, "peak of the one-cycle schedule (Adam)", 1e-9, 1.0)
    warm_up: float = option(0.05, "share of the steps in which the learning rate rises", 0, 0.9)
    average: float = option(0.99, "decay of the running weight average that is exported", 0, 0.9999)
    held_out: int = option(24, "photos kept out of training to measure the result on")
    checkpoint_every: int = option(50, "steps between checkpoints", 1, changes_result=False)
    sample_every: int = option(200, "steps between sample pictures", 1, changes_result=False)
    workers: int = option(1, "processes that decode photos", changes_result=False)
    seed: int = option(0, "seed of the weights, the crops and the shifts", 0, LARGEST_SEED)

    def __post_init__(self) -> None:
        check(self)
        if self.crop % 8:
            raise UsageError(f"--crop {self.crop} is not a multiple of 8")

    def differs_from(self, other: "RunRecipe") -> list[str]:
        """The names of the options in which the two would train another network."""
        if other.kind != self.kind:
            return ["kind of network"]
        return [
            each.name
            for each in fields(self)
            if each.metadata["changes_result"]
            and getattr(self, each.name) != getattr(other, each.name)
        ]


@dataclass(frozen=True)
class PairsRecipe(RunRecipe):
    """As :class:`RunRecipe`, of training on pairs of pictures. Raises UsageError also when nothing
    is left that moves them."""

    motions: tuple[str, ...] = option(
        MOTION_NAMES, "how photos move, each as often as it is named", choices=MOTION_NAMES
    )
    clip_share: float = option(
        0.5, "with --clips: share of the pairs that is taken from them", 0, 1
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.motions:
            raise UsageError(f"--motions is empty; name at least one of {', '.join(MOTION_NAMES)}")


@dataclass(frozen=True)
class MovingRecipe(PairsRecipe):
    """As :class:`RunRecipe`, of training in which some photos may also move. Raises as
    :class:`Recipe` does."""

    temporal_weight: float = option(
        0.0, "temporal consistency of the result, 0: none; as a thing moves, so its paint"
    )
    temporal_relative_weight: float = option(
        0.0, "the same over the contrast of the strokes, so that it is not met by paler paint"
    )
    temporal_feature_weight: float = option(0.0, "the same of the features inside the network")
    temporal_luminance_weight: float = option(
        0.0, "the same of the result, but the paint changes with the light"
    )
    temporal_pairs: int = option(2, "photos a step that also move", 1)
    temporal_rise: float = option(
        0.3, "share of the steps in which the temporal weights rise from 0", 0, 1
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        weights = {f.name for f in fields(self) if f.name.endswith("weight")}.difference(_TEMPORAL)
        if not any(getattr(self, name) for name in weights):
            raise UsageError(
                "all weights are 0, temporal ones aside, so there is nothing to train for"
            )
        if self.temporal and self.temporal_pairs > self.batch:
            raise UsageError(
                f"--temporal-pairs {self.temporal_pairs} is more than the --batch of {self.batch}"
            )

    @property
    def temporal(self) -> bool:
        """Whether the network is trained on moving pictures."""
        return any(getattr(self, name) for name in _TEMPORAL)


@dataclass(frozen=True)
class Recipe(MovingRecipe):
    """Everything, beside the painting, the photos and the loss networks, that decides the result.

    Weights multiply normalised losses (see ``losses``); a weight of 0 leaves the loss out. Raises
    UsageError or UnknownName for a value that cannot be, or when nothing is left to train for.
    """

    kind = SINGLE

    style_size: int = option(
        512, "longer side of the painting, pixels; smaller: finer strokes", 64, 4096
    )
    content_weight: float = option(1.0, "content loss")
    content_layers: tuple[str, ...] = option(("relu3_3",), "layers of the content loss")
    deep_content_weight: float = option(0.8, "content loss on deep layers: keeps the subject")
    deep_content_layers: tuple[str, ...] = option(("relu4_1",), "layers of the deep content loss")
    style_loss: str = option("gram", "how style is compared", choices=STYLE_LOSS_NAMES)
    style_weight: float = option(0.5, "style loss")
    style_layers: tuple[str, ...] = option(
        ("relu1_2", "relu2_2", "relu3_4"), "layers of the style loss"
    )
    style_scales: tuple[float, ...] = option(
        (1.0, 0.5, 0.25), "image scales of the style loss", 0.1, 1.0
    )
    deep_style_weight: float = option(2.0, "style loss on deep layers: large shapes")
    deep_style_layers: tuple[str, ...] = option(
        ("relu4_1", "relu4_4", "relu5_1"), "layers of the deep style loss, full scale only"
    )
    tv_weight: float = option(0.0, "total variation: smoother pictures")
    laplacian_weight: float = option(0.0, "Laplacian loss: keeps the photo's edges")
    equivariance_weight: float = option(2.0, "shift equivariance: no grid, less flicker")


@dataclass(frozen=True)
class ManyRecipe(Recipe):
    """As :class:`Recipe`, for one network of many styles: each photo of a step has one of them."""

    kind = MULTI


@dataclass(frozen=True)
class ArbitraryRecipe(MovingRecipe):
    """Everything, beside the paintings, the photos and the loss networks, that decides the result
    of training a network for any painting. Raises as :class:`Recipe` does.
    """

    kind = ARBITRARY

    network: str = option("arbitrary", "network to train")
    steps: int = option(20000, "training steps; 2000 for a start from another", 1)
    begin_steps: int = option(
        0,
        "of the steps, the first ones, in which a network around a feature transform learns to see "
        "as the loss network and to give back what it sees; 300 for such a one from nothing",
        0,
    )
    learning_rate: float = option(1e-3, "peak of the one-cycle schedule (Adam)", 1e-9, 1.0)
    average: float = option(0.999, "decay of the running weight average exported", 0, 0.9999)
    content_weight: float = option(1.0, "content loss")
    content_layers: tuple[str, ...] = option(("relu3_3",), "layers of the content loss")
    deep_content_weight: float = option(1.0, "content loss on deep layers: keeps the subject")
    deep_content_layers: tuple[str, ...] = option(("relu4_1",), "layers of the deep content loss")
    style_weight: float = option(0.5, "Gram loss to each photo's painting")
    style_layers: tuple[str, ...] = option(
        ("relu1_2", "relu2_2", "relu3_4"), "layers of the Gram loss"
    )
    style_scales: tuple[float, ...] = option((1.0, 0.5), "image scales of the Gram loss", 0.1, 1.0)
    deep_style_weight: float = option(1.0, "Gram loss on deep layers: large shapes")
    deep_style_layers: tuple[str, ...] = option(
        ("relu4_1", "relu4_4", "relu5_1"), "layers of the deep Gram loss, full scale only"
    )
    statistics_weight: float = option(0.2, "loss on channel means and deviations (AdaIN's)")
    statistics_layers: tuple[str, ...] = option(
        ("relu1_1", "relu2_1", "relu3_1", "relu4_1"), "layers of the statistics loss"
    )
    identity_weight: float = option(
        1.0, "a picture painted like itself stays itself, mean absolute difference"
    )
    equivariance_weight: float = option(2.0, "shift equivariance: no grid, less flicker")
    grid_weight: float = option(0.0, "grid of 4 and of 8 pixels: less of it")
    texture_share: float = option(
        0.15, "share of the paintings that are generated textures in a painting's colours", 0, 1
    )
    mixture_share: float = option(0.15, "share that is mixed from two paintings", 0, 1)
    colour_share: float = option(0.3, "share whose colours are changed", 0, 1)
    painting_zoom: float = option(
        2.0, "paintings are cut at sizes from the crop's to this many times it", 1, 8
    )
    held_out_paintings: int = option(
        4, "paintings kept out of training to show and measure the result on", 0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.begin_steps >= self.steps:
            raise UsageError(
                f"--begin-steps {self.begin_steps} leaves no step of --steps {self.steps} to learn "
                "painting in; give more steps, or fewer to begin with"
            )
        if self.grid_weight and self.crop < grid.LEAST:
            raise UsageError(
                f"--grid-weight needs a --crop of {grid.LEAST} or more, not {self.crop}; "
                "give larger crops, or --grid-weight 0"
            )


@dataclass(frozen=True)
class CoherentRecipe(PairsRecipe):
    """Everything, beside the style, the photos and the clips, that decides the mask of a
    coherent network. ``network`` is the style's. Raises as :class:`Recipe` does.
    """

    kind = COHERENT

    steps: int = option(300, "training steps", 1)
    batch: int = option(4, "pairs of pictures a step", 1)
    learning_rate: float = option(2e-3, "peak of the one-cycle schedule (Adam)", 1e-9, 1.0)
    average: float = option(0.95, "decay of the running weight average exported", 0, 0.9999)
    split: int = option(2, "residual blocks before the place where features are composed")
    occlusion_weight: float = option(
        1.0, "where something was hidden, the result is held to that of the frame alone"
    )

    temporal: ClassVar[bool] = True

    @property
    def temporal_pairs(self) -> int:
        """All photos of a step move."""
        return self.batch
