"""Training of the network that enlarges paintings.

There is no true enlargement of a painting to learn from: painted at full size, a style has finer
strokes, not the same ones in more detail. What an enlargement should look like is known all the
same: like the painting that the style was learnt from, seen from as near. So the style losses are
taken at full size, from a style picture enlarged by the same factor. What the network adds is held
within the range of the strokes around it, vanishes when the result is shrunk again, is kept out of
flat places, and moves with the picture, not with its noise.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from realtime_nst.learning.data.pictures import rescaled, to_tensor
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.losses.artefacts import more_grid
from realtime_nst.learning.losses.style_losses import style_terms
from realtime_nst.learning.losses.terms import LossInputs, Term
from realtime_nst.learning.networks.enlarger import FOLD, EnlargerNet
from realtime_nst.sizes import STYLE_LINES
from realtime_nst.stream import Image

STYLE_SIZE = 512
"""Pixels of the longer side of a style picture, for paintings of STYLE_LINES lines."""

_LUMA = (0.299, 0.587, 0.114)
_AROUND = np.ones((5, 5), np.uint8)
_NONE = 128 / 255
_GRIDS = (2, 4, 8)
_GAIN_LINES = 1080
_SHIFT, _BORDER = 3, 16
_PLACE = 9
"""Pixels a side over which it is seen how flat a place is."""

_FLAT, _GUIDE_SHARE = 0.02, 0.3
"""Mean difference of diagonal neighbours, of 1, below which a place counts as flat, and what part
of the frame's counts as well."""


@dataclass(frozen=True)
class EnlargerRecipe:
    """What decides the result, next to the pictures.

    ``lines``: the heights that photos are shrunk to, drawn at random. ``sharpness``: what the mean
    absolute gradient shall be at least, over that of interpolation, unless the style's own picture
    gains less from its larger size. ``noise``: the deviation, of 1, of noise in the frame.
    """

    steps: int = 950
    batch: int = 4
    crop: int = 256
    lines: tuple[int, ...] = (720, 900, 1080, 1080, 1080)
    learning_rate: float = 4e-3
    style_weight: float = 1.5
    deep_style_weight: float = 1.0
    sharpness_weight: float = 1.0
    sharpness: float = 1.55
    flat_weight: float = 8.0
    equivariance_weight: float = 4.0
    noise: float = 0.006
    grid_weight: float = 0.4
    average: float = 0.98
    seed: int = 0


@dataclass(frozen=True)
class Example:
    """A ``photo`` ``[H, W, 3]`` and its ``painting`` ``[h, w, 3]``, RGB uint8, of the style number
    ``style``."""

    photo: Image
    painting: Image
    style: int


@dataclass(frozen=True)
class Enlarged:
    """Crops ``[N, ?, C, C]`` in 0..1: paintings enlarged by interpolation, in colour, and, of
    brightness, the frames, the least and most that the paintings show around, and what they lose
    by interpolation, _NONE where nothing. ``scale`` is that of the painting to the crops."""

    base: Tensor
    guide: Tensor
    least: Tensor
    most: Tensor
    lost: Tensor
    scale: float

    def with_detail(self, detail: Tensor) -> tuple[Tensor, Tensor]:
        """The paintings with ``detail``, and what that changes in brightness: as
        :class:`~realtime_nst.runtime.enlarge.Enlarger` does, less what would be seen of it at the
        size of the painting, and within the range around."""
        plain, side = luma(self.base), detail.shape[-1]
        small = F.interpolate(detail, size=(round(side * self.scale),) * 2, mode="area")
        seen = F.interpolate(small, size=(side, side), mode="bicubic")
        bright = plain + self.lost - _NONE + detail - seen
        bright = torch.minimum(bright, torch.maximum(self.most, plain))
        change = torch.maximum(bright, torch.minimum(self.least, plain)) - plain
        return (self.base + change).clamp(0, 1), change


def luma(images: Tensor) -> Tensor:
    """The brightness ``[N, 1, H, W]`` of ``[N, 3, H, W]``, as in JPEG."""
    return (images * images.new_tensor(_LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)


def train_enlarger(
    recipe: EnlargerRecipe,
    draw: Callable[[np.random.Generator], Sequence[Example]],
    paintings: Sequence[Image],
    extractor: FeatureExtractor,
    on_step: Callable[[int, dict[str, float]], None],
) -> EnlargerNet:
    """The averaged network after ``recipe.steps`` steps.

    ``draw`` gives a batch of examples, all of one style, whose pictures are ``paintings``.
    ``on_step`` is told the number of steps done and their losses, unweighted.
    """
    torch.manual_seed(recipe.seed)
    random = np.random.default_rng(recipe.seed)
    network = EnlargerNet()
    averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(recipe.average))
    optimiser = torch.optim.Adam(network.parameters(), recipe.learning_rate)
    schedule = OneCycleLR(optimiser, recipe.learning_rate, recipe.steps, pct_start=0.1)
    styles = _Styles(paintings, extractor)
    for step in range(recipe.steps):
        losses = _losses(recipe, network, draw(random), styles, extractor, random)
        total = sum((getattr(recipe, f"{name}_weight") * each for name, each in losses.items()),
                    torch.zeros(()))  # fmt: skip
        optimiser.zero_grad()
        total.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        averaged.update_parameters(network)
        on_step(step + 1, {name: each.item() for name, each in losses.items()})
    assert isinstance(averaged.module, EnlargerNet)
    return averaged.module.eval()


def _losses(
    recipe: EnlargerRecipe,
    network: EnlargerNet,
    examples: Sequence[Example],
    styles: "_Styles",
    extractor: FeatureExtractor,
    random: np.random.Generator,
) -> dict[str, Tensor]:
    lines = int(random.choice(recipe.lines))
    seen = enlarged_crops(examples, lines, recipe.crop, random)
    plain = luma(seen.base)
    detail = network(plain, seen.guide)
    result, change = seen.with_detail(detail)
    features = extractor.features(result)
    inputs = LossInputs(features, features, lambda x: x)
    style, deep = styles.terms(examples[0].style, lines)
    aim = min(recipe.sharpness, styles.gain(examples[0].style))
    return {
        "style": style(inputs),
        "deep_style": deep(inputs),
        "sharpness": (aim - _gradient(plain + change) / _gradient(plain)).relu().mean(),
        "flat": _detail_in_flat_places(change - seen.lost + _NONE, plain, seen.guide),
        "equivariance": _unsteady(network, plain, seen.guide, detail, recipe.noise, random),
        "grid": more_grid(result, seen.base, _GRIDS),
    }


class _Styles:
    """The style losses of each painting at each height, made on first use."""

    def __init__(self, paintings: Sequence[Image], extractor: FeatureExtractor) -> None:
        self._paintings, self._extractor = paintings, extractor
        self._terms: dict[tuple[int, int], tuple[Term, Term]] = {}

    def terms(self, style: int, lines: int) -> tuple[Term, Term]:
        if (style, lines) not in self._terms:
            self._terms[style, lines] = self._made(self._paintings[style], lines)
        return self._terms[style, lines]

    def gain(self, style: int) -> float:
        """How much sharper the picture is at 1,080 lines' size than at that of paintings."""
        painting, factor = self._paintings[style], _GAIN_LINES / STYLE_LINES
        large = rescaled(painting, STYLE_SIZE * factor / max(painting.shape[:2]))
        small = rescaled(painting, STYLE_SIZE / max(painting.shape[:2]))
        size = large.shape[1], large.shape[0]
        blurred = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        after, before = (_gradient(luma(to_tensor(each))).item() for each in (large, blurred))
        return after / before

    @torch.no_grad()
    def _made(self, painting: Image, lines: int) -> tuple[Term, Term]:
        side = STYLE_SIZE * lines / STYLE_LINES
        picture = to_tensor(rescaled(painting, side / max(painting.shape[:2])))
        features = self._extractor.features(picture)
        return (
            style_terms(features, ("relu1_2", "relu2_2", "relu3_4"), (1.0, 0.5)),
            style_terms(features, ("relu4_4", "relu5_1")),
        )


def enlarged_crops(
    examples: Sequence[Example], lines: int, side: int, random: np.random.Generator
) -> Enlarged:
    """One random square of each of ``examples`` at ``lines`` lines, mirrored half of the time."""
    drawn = (_cropped(example, lines, side, random) for example in examples)
    parts = zip(*drawn, strict=True)
    base, guide, least, most, lost = (
        torch.cat([to_tensor(each) for each in part]) for part in parts
    )
    return Enlarged(base, guide, least, most, lost, STYLE_LINES / lines)


def _cropped(
    example: Example, lines: int, side: int, random: np.random.Generator
) -> Iterator[Image]:
    height, width = example.photo.shape[:2]
    scale = lines / min(height, width)
    size = tuple(max(side, round(n * scale / FOLD) * FOLD) for n in (width, height))
    x, y = (int(random.integers(n - side + 1)) for n in size)
    mirrored = -1 if random.random() < 0.5 else 1
    grey = np.asarray(cv2.cvtColor(example.painting, cv2.COLOR_RGB2GRAY), np.uint8)
    for plane, method in (
        (example.painting, cv2.INTER_CUBIC),
        (cv2.cvtColor(example.photo, cv2.COLOR_RGB2GRAY), cv2.INTER_AREA),
        (cv2.erode(grey, _AROUND), cv2.INTER_LINEAR),
        (cv2.dilate(grey, _AROUND), cv2.INTER_LINEAR),
        (_lost(grey, size), cv2.INTER_CUBIC),
    ):
        wide = cv2.resize(plane, size, interpolation=method)
        crop = np.atleast_3d(wide[y : y + side, x : x + side])[:, ::mirrored]
        yield np.ascontiguousarray(crop, np.uint8)


def _lost(painting: Image, size: tuple[int, int]) -> Image:
    """What grey ``painting`` loses by being enlarged to ``size`` and shrunk, over _NONE."""
    large = cv2.resize(painting, size, interpolation=cv2.INTER_CUBIC)
    small = cv2.resize(large, painting.shape[::-1], interpolation=cv2.INTER_AREA)
    return np.clip(painting.astype(np.int16) - small + 128, 0, 255).astype(np.uint8)


def _gradient(images: Tensor) -> Tensor:
    """The mean absolute difference of neighbours, of each picture."""
    across, down = images.diff(dim=3).abs(), images.diff(dim=2).abs()
    return across.mean((1, 2, 3)) + down.mean((1, 2, 3))


def _detail_in_flat_places(detail: Tensor, plain: Tensor, guide: Tensor) -> Tensor:
    activity = _activity(plain) + _GUIDE_SHARE * _activity(guide)
    return (detail[..., 1:, 1:].abs() * torch.exp(-activity / _FLAT)).mean()


def _activity(images: Tensor) -> Tensor:
    one = images[..., 1:, 1:] - images[..., :-1, :-1]
    other = images[..., 1:, :-1] - images[..., :-1, 1:]
    return F.avg_pool2d(one.abs() + other.abs(), _PLACE, 1, _PLACE // 2)


def _unsteady(
    network: EnlargerNet, plain: Tensor, guide: Tensor, detail: Tensor, noise: float,
    random: np.random.Generator,
) -> Tensor:  # fmt: skip
    """How far the detail of shifted pictures with noise is from the shifted detail."""
    dy, dx = (int(n) for n in random.integers(1, _SHIFT + 1, 2))
    height, width = plain.shape[-2:]
    moved = [
        F.pad(each, (dx, 0, dy, 0), mode="reflect")[..., :height, :width] for each in (plain, guide)
    ]
    again = network(moved[0], moved[1] + noise * torch.randn_like(moved[1]))[..., dy:, dx:]
    apart = again - detail[..., : height - dy, : width - dx]
    return apart[..., _BORDER:-_BORDER, _BORDER:-_BORDER].abs().mean()
