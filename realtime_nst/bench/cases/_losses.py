"""Style and content losses of painted pictures, for the cases that measure them."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from realtime_nst.bench.settings import Settings
from realtime_nst.media.pictures import is_picture
from realtime_nst.runtime.card import ModelCard
from realtime_nst.stream import Image

if TYPE_CHECKING:
    from realtime_nst.learning.loss_networks.features import FeatureExtractor
    from realtime_nst.learning.training.quality import Quality

Losses = Callable[[Sequence[Image], Sequence[Image]], Mapping[str, float]]
"""Takes source pictures and their paintings; returns the mean of each loss by its name."""

_SIDE = 320


def losses_of(settings: Settings, style: str, card: ModelCard) -> Losses:
    """The losses of the middle of each picture, 320 pixels square. Without the style's painting or
    without loss networks there are none."""
    painting = painting_of(settings.paintings, style, card)
    if painting is None or not settings.loss_weights:
        return lambda sources, shown: {}
    measure = quality(settings.loss_weights, painting)

    def lose(sources: Sequence[Image], shown: Sequence[Image]) -> Mapping[str, float]:
        from realtime_nst.learning.data.pictures import to_tensor

        pairs = zip(sources, shown, strict=True)
        found = [measure.between(*(to_tensor(_middle(x)) for x in pair)) for pair in pairs]
        return {name: float(np.mean([row[name] for row in found])) for name in found[0]}

    return lose


def painting_of(folder: Path | None, style: str, card: ModelCard) -> Path | None:
    """``style`` itself if it is a painting, else the file in ``folder`` that it was trained with,
    found by its digest; None if it is not there."""
    if is_picture(Path(style)):
        return Path(style)
    wanted = card.recipe.get("painting_sha256")
    files = (path for path in folder.rglob("*") if path.is_file()) if folder and wanted else ()
    return next((p for p in files if hashlib.sha256(p.read_bytes()).hexdigest() == wanted), None)


def quality(weights: Sequence[Path], painting: Path) -> "Quality":
    """A measure against ``painting`` by the loss networks in ``weights``. Needs torch."""
    from realtime_nst.learning.training.quality import Quality

    return Quality(loss_networks(weights), painting)


def loss_networks(weights: Sequence[Path]) -> "FeatureExtractor":
    """The loss networks in ``weights`` as one. Needs torch."""
    from realtime_nst.learning.loss_networks.features import FeatureExtractor
    from realtime_nst.learning.loss_networks.load import load_loss_network

    return FeatureExtractor([load_loss_network(path) for path in weights])


def _middle(image: Image) -> Image:
    top, left = (max(0, side - _SIDE) // 2 for side in image.shape[:2])
    return image[top : top + _SIDE, left : left + _SIDE]
