"""Recipes: everything that decides the result of a training run, next to its pictures.

The options of the command line are made from these fields.
"""

from dataclasses import dataclass, fields
from functools import partial
from typing import ClassVar, Literal, get_args

from realtime_nst.errors import UsageError
from realtime_nst.learning.fields import LARGEST_SEED, check, option
from realtime_nst.learning.losses.names import StyleLossName
from realtime_nst.metrics import grid
from realtime_nst.runtime.kinds import ARBITRARY, COHERENT, MULTI, SINGLE

UNPAIRED = "unpaired"
"""What is trained on photos and paintings that are no pairs. Its painter is kept, as a network of
one style or of many."""

Form = Literal["cycle", "dual", "star", "markov"]

MotionName = Literal["still", "shift", "camera", "field", "layers"]
"""The keys of ``data.synthetic_flow.MOTIONS``, importable without torch."""

MOTION_NAMES: tuple[MotionName, ...] = get_args(MotionName)

_training, _losses, _motion, _paintings, _running = (
    partial(option, group=group)
    for group in ("Training", "Losses", "Moving pictures", "Paintings", "Running")
)

_TEMPORAL = (
    "temporal_weight",
    "temporal_relative_weight",
    "temporal_feature_weight",
    "temporal_luminance_weight",
)
_LEAST_CROP, _MOST_CROP = 48, 2048
"""The equivariance loss ignores a border of 16 pixels; a smaller crop has little else. Photos are
seldom larger."""

_MOST_BATCH, _MOST_WORKERS = 256, 64

_BYTES, _BYTES_A_PIXEL = 500e6, 3000
"""Memory that training took at least, and for each pixel of a step's crops, with the bundled loss
network at crops of 256 and 512."""


def _check_crop(name: str, side: int) -> None:
    nearest = max(_LEAST_CROP, side // 8 * 8)
    if side != nearest:
        raise UsageError(
            f"`{name}` {side} is not a multiple of 8, {_LEAST_CROP} or more; give {nearest}"
        )


@dataclass(frozen=True)
class RunRecipe:
    """The options of every kind of training. ``kind`` is the kind of network, as on its card.

    Raises UsageError or UnknownName for a value that is out of range.
    """

    kind: ClassVar[str]
    momentum: ClassVar[float] = 0.9
    """Adam's first decay."""

    network: str = _training("fast", "Style network to train")
    steps: int = _training(1600, "Training steps; 500 are enough with --start-from", 1)
    batch: int = _training(4, "Photos in each step", 1, _MOST_BATCH)
    crop: int = _training(
        256, "Side of the square crops in pixels, a multiple of 8", _LEAST_CROP, _MOST_CROP
    )
    learning_rate: float = _training(
        2e-3, "Peak learning rate of the one-cycle schedule", 1e-9, 1.0
    )
    warm_up: float = _training(0.05, "Share of the steps in which the learning rate rises", 0, 0.9)
    average: float = _training(
        0.99, "Decay of the running average of the weights, which is exported", 0, 0.9999
    )
    held_out: int = _running(24, "Photos kept out of training, to measure the result on")
    checkpoint_every: int = _running(50, "Steps between checkpoints", 1, changes_result=False)
    sample_every: int = _running(200, "Steps between sample pictures", 1, changes_result=False)
    workers: int = _running(
        1, "Processes that decode photos", 0, _MOST_WORKERS, changes_result=False
    )
    seed: int = _running(0, "Seed of the weights, the crops and the shifts", 0, LARGEST_SEED)

    def __post_init__(self) -> None:
        check(self)
        _check_crop("crop", self.crop)

    def differences(self, other: "RunRecipe") -> list[str]:
        """The names of the options whose difference would change the trained network."""
        if other.kind != self.kind:
            return ["kind of network"]
        return [
            each.name
            for each in fields(self)
            if each.metadata["changes_result"]
            and getattr(self, each.name) != getattr(other, each.name)
        ]

    def done(self, step: int) -> float:
        """How much of the learning rate's cycle is done before ``step``, 0 to 1. At 0 the running
        average begins."""
        return step / self.steps


@dataclass(frozen=True)
class PairsRecipe(RunRecipe):
    """The options of training on pairs of frames."""

    motions: tuple[MotionName, ...] = _motion(
        MOTION_NAMES, "How photos move, each as often as it is named"
    )
    clip_share: float = _motion(0.5, "Share of the pairs that comes from --clips", 0, 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.motions:
            raise UsageError(f"`motions` is empty; name at least one of {', '.join(MOTION_NAMES)}")


@dataclass(frozen=True)
class MovingRecipe(PairsRecipe):
    """The options of training in which some photos may move."""

    temporal_weight: float = _motion(
        0.0, "Temporal loss of the result: paint moves with what it covers; 0 is off"
    )
    temporal_relative_weight: float = _motion(
        0.0, "The same relative to the contrast of the strokes, so that paler paint gains nothing"
    )
    temporal_feature_weight: float = _motion(0.0, "The same on features inside the network")
    temporal_luminance_weight: float = _motion(0.0, "The same, but paint may change with the light")
    temporal_pairs: int = _motion(2, "Photos in each step that also move", 1, _MOST_BATCH)
    temporal_share: float = _motion(
        1.0, "Share of the steps in which photos move, with more weight for it", 0.01, 1
    )
    temporal_rise: float = _motion(
        0.3, "Share of the steps in which the temporal weights rise from 0", 0, 1
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        weights = {f.name for f in fields(self) if f.name.endswith("weight")}.difference(_TEMPORAL)
        if not any(getattr(self, name) for name in weights):
            raise UsageError(
                "all weights but the temporal ones are 0, so there is nothing to train for; give "
                "one of them a value above 0"
            )
        if self.temporal and self.temporal_pairs > self.batch:
            raise UsageError(
                f"`temporal_pairs` {self.temporal_pairs} is more than the `batch` of {self.batch}; "
                "give fewer, or a larger `batch`"
            )

    @property
    def memory(self) -> float:
        """The bytes that a step takes at least."""
        return _BYTES + _BYTES_A_PIXEL * self.batch * self.largest_crop**2

    @property
    def largest_crop(self) -> int:
        """The side of the largest squares that a step looks at, in pixels."""
        return self.crop

    @property
    def temporal(self) -> bool:
        """Whether the network is trained on moving pictures."""
        return any(getattr(self, name) for name in _TEMPORAL)


@dataclass(frozen=True)
class Recipe(MovingRecipe):
    """The options of training a network for one painting.

    Weights multiply normalised losses (see ``losses``); a weight of 0 switches a loss off.
    """

    kind = SINGLE

    minutes: float = _training(
        0.0, "Minutes of training, in place of --steps; the learning rate follows the clock", 0, 1e4
    )
    style_size: int = _training(
        512, "Longer side of the painting in pixels; smaller gives finer strokes", 64, 4096
    )
    content_weight: float = _losses(1.0, "Content loss")
    content_layers: tuple[str, ...] = _losses(("relu3_3",), "Layers of the content loss")
    deep_content_weight: float = _losses(0.8, "Content loss on deep layers; keeps the subject")
    deep_content_layers: tuple[str, ...] = _losses(("relu4_1",), "Layers of the deep content loss")
    style_loss: StyleLossName = _losses("gram", "How styles are compared")
    style_weight: float = _losses(0.5, "Style loss")
    style_layers: tuple[str, ...] = _losses(
        ("relu1_2", "relu2_2", "relu3_4"), "Layers of the style loss"
    )
    style_scales: tuple[float, ...] = _losses(
        (1.0, 0.5, 0.25), "Image scales of the style loss", 0.1, 1.0
    )
    deep_style_weight: float = _losses(2.0, "Style loss on deep layers; large shapes")
    deep_style_layers: tuple[str, ...] = _losses(
        ("relu4_1", "relu4_4", "relu5_1"), "Layers of the deep style loss, at full scale"
    )
    tv_weight: float = _losses(0.0, "Total variation; smoother pictures")
    laplacian_weight: float = _losses(0.0, "Laplacian loss; keeps the photo's edges")
    matting_weight: float = _losses(0.0, "Matting Laplacian; like a photo, without strokes")
    equivariance_weight: float = _losses(2.0, "Shift equivariance; no grid, less flicker")
    equivariance_share: float = _losses(
        1.0, "Share of the steps that measure it, with more weight for it", 0.01, 1
    )
    diversity_weight: float = _losses(
        0.0, "Different pictures from different noise, for networks that take noise"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.minutes and self.temporal:
            raise UsageError(
                "`minutes` is for photos alone, because the temporal losses rise with the steps; "
                "give `steps` instead"
            )


@dataclass(frozen=True)
class ManyRecipe(Recipe):
    """The options of training one network of many styles, one of them for each photo of a step."""

    kind = MULTI

    introduction: float = _training(
        0.0, "Share of the steps in which the styles join one after another", 0, 1
    )
    rebuild_every: int = _training(
        0, "Each time after so many steps, one gives photos back without a style; for stylebank"
    )


@dataclass(frozen=True)
class ArbitraryRecipe(MovingRecipe):
    """The options of training a network for any painting."""

    kind = ARBITRARY

    network: str = _training("arbitrary", "Network to train")
    steps: int = _training(20000, "Training steps; 2000 are enough with --start-from", 1)
    pretrain_steps: int = _training(
        0,
        "The first of the steps, in which a network around a feature transform learns to see as "
        "the loss network and to give back what it sees; 300 for such a network by default",
        0,
    )
    learning_rate: float = _training(
        1e-3, "Peak learning rate of the one-cycle schedule", 1e-9, 1.0
    )
    average: float = _training(
        0.999, "Decay of the running average of the weights, which is exported", 0, 0.9999
    )
    content_weight: float = _losses(1.0, "Content loss")
    content_layers: tuple[str, ...] = _losses(("relu3_3",), "Layers of the content loss")
    deep_content_weight: float = _losses(1.0, "Content loss on deep layers; keeps the subject")
    deep_content_layers: tuple[str, ...] = _losses(("relu4_1",), "Layers of the deep content loss")
    style_weight: float = _losses(0.5, "Gram loss to each photo's painting")
    style_layers: tuple[str, ...] = _losses(
        ("relu1_2", "relu2_2", "relu3_4"), "Layers of the Gram loss"
    )
    style_scales: tuple[float, ...] = _losses((1.0, 0.5), "Image scales of the Gram loss", 0.1, 1.0)
    deep_style_weight: float = _losses(1.0, "Gram loss on deep layers; large shapes")
    deep_style_layers: tuple[str, ...] = _losses(
        ("relu4_1", "relu4_4", "relu5_1"), "Layers of the deep Gram loss, at full scale"
    )
    statistics_weight: float = _losses(0.2, "Loss on channel means and deviations (AdaIN's)")
    statistics_layers: tuple[str, ...] = _losses(
        ("relu1_1", "relu2_1", "relu3_1", "relu4_1"), "Layers of the statistics loss"
    )
    identity_weight: float = _losses(
        1.0, "Mean absolute change of a picture painted in its own style"
    )
    equivariance_weight: float = _losses(2.0, "Shift equivariance; no grid, less flicker")
    equivariance_share: float = _losses(
        1.0, "Share of the steps that measure it, with more weight for it", 0.01, 1
    )
    grid_weight: float = _losses(0.0, "Loss against grids of 4 and of 8 pixels")
    painting_crop: int = _paintings(
        0,
        "Side of the square crops of paintings in pixels, a multiple of 8; 0 is that of the photos",
        0,
        _MOST_CROP,
    )
    texture_share: float = _paintings(
        0.15, "Share of generated textures, in a painting's colours, among the paintings", 0, 1
    )
    mixture_share: float = _paintings(0.15, "Share of mixtures of two paintings", 0, 1)
    colour_share: float = _paintings(0.3, "Share whose colours are changed", 0, 1)
    painting_zoom: float = _paintings(
        2.0, "Paintings are scaled to between 1 and this many times the crop", 1, 8
    )
    held_out_paintings: int = _paintings(
        4, "Paintings kept out of training, to show and measure the result on", 0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_crop("painting_crop", self.painting_side)
        if self.pretrain_steps >= self.steps:
            raise UsageError(
                f"`pretrain_steps` {self.pretrain_steps} leaves no step of `steps` {self.steps} "
                "for painting; give more `steps` or fewer `pretrain_steps`"
            )
        if self.grid_weight and self.crop < grid.LEAST:
            raise UsageError(
                f"`grid_weight` needs a `crop` of {grid.LEAST} or more, not {self.crop}; "
                "give larger crops, or `grid_weight` 0"
            )

    @property
    def painting_side(self) -> int:
        """The side of the crops of paintings, in pixels."""
        return self.painting_crop or self.crop

    @property
    def largest_crop(self) -> int:
        return max(self.crop, self.painting_side)

    def done(self, step: int) -> float:
        """Pretraining and painting have a cycle each."""
        first = self.pretrain_steps
        return step / first if step < first else (step - first) / (self.steps - first)


@dataclass(frozen=True)
class CoherentRecipe(PairsRecipe):
    """The options of training the mask of a coherent network. ``network`` is the style's."""

    kind = COHERENT

    steps: int = _training(300, "Training steps", 1)
    batch: int = _training(4, "Pairs of frames in each step", 1, _MOST_BATCH)
    learning_rate: float = _training(
        2e-3, "Peak learning rate of the one-cycle schedule", 1e-9, 1.0
    )
    average: float = _training(
        0.95, "Decay of the running average of the weights, which is exported", 0, 0.9999
    )
    split: int = _training(2, "Residual blocks before the place where features are combined", 0, 64)
    occlusion_weight: float = _losses(
        1.0, "Where something was hidden, the result should be that of the frame alone"
    )

    temporal: ClassVar[bool] = True
    temporal_share: ClassVar[float] = 1.0

    @property
    def temporal_pairs(self) -> int:
        """All photos of a step move."""
        return self.batch


@dataclass(frozen=True)
class UnpairedRecipe(RunRecipe):
    """The options of training on photos and paintings that are no pairs. ``form``: CycleGAN,
    DualGAN, StarGAN, or MGAN's Markovian patches."""

    kind = UNPAIRED

    form: Form = _training(
        "cycle", "CycleGAN, DualGAN, StarGAN (several folders) or MGAN (patches of features)"
    )
    steps: int = _training(4000, "Training steps", 1)
    batch: int = _training(1, "Photos, and paintings, in each step", 1, _MOST_BATCH)
    learning_rate: float = _training(
        2e-4, "Peak learning rate of the one-cycle schedule", 1e-9, 1.0
    )
    momentum: float = _training(0.5, "Adam's first decay", 0, 0.999)  # type: ignore[misc]
    average: float = _training(
        0.995, "Decay of the running average of the weights, which is exported", 0, 0.9999
    )
    judge_width: int = _training(64, "Channels of a discriminator's first layer", 4, 256)
    cycle_weight: float = _losses(10.0, "Photos and paintings come back as they were")
    identity_weight: float = _losses(5.0, "Paintings stay paintings, photos photos")
    domain_weight: float = _losses(1.0, "Results are told to be of their folder, in the form star")
    content_weight: float = _losses(1.0, "Content loss, in the form markov")
