"""How well losses measured with one loss network agree with those measured with another."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from realtime_nst.errors import TrainingError
from realtime_nst.learning.losses.compose import Views
from realtime_nst.learning.losses.perception import Perception
from realtime_nst.learning.measure import Network, Quality, as_network, mean, measured, painted
from realtime_nst.runtime.styles import InstalledStyle, find
from realtime_nst.runtime.stylizer import Stylizer

Figures = Mapping[str, Mapping[str, float]]
"""By network, by loss."""


def networks_of(styles: Sequence[InstalledStyle], strengths: Sequence[float]) -> dict[str, Network]:
    """Each style at each strength, by a name such as ``great_wave*0.5``, and ``photo``: itself."""
    found: dict[str, Network] = {"photo": lambda photo: photo}
    for style in styles:
        stylizer = Stylizer(find(style.name, style.folder))
        for strength in strengths:
            found[f"{style.name}*{strength:g}"] = _at(stylizer, strength)
    return found


def paintings_of(styles: Sequence[InstalledStyle], pictures: Sequence[Path]) -> dict[str, Path]:
    """By style, the one of ``pictures`` it was trained with, told by its digest, where found."""
    by_digest = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in pictures}
    wanted = {style.name: style.recipe.get("painting_sha256") for style in styles}
    return {name: by_digest[digest] for name, digest in wanted.items() if digest in by_digest}


@torch.no_grad()
def figures(
    perception: Perception,
    paintings: Mapping[str, Path],
    networks: Mapping[str, Network],
    photos: Sequence[Path],
    device: str = "cpu",
) -> dict[str, Figures]:
    """By painting and network, the mean over ``photos`` of each loss of :class:`Quality`.

    Raises TrainingError without photos or paintings.
    """
    if not photos or not paintings:
        raise TrainingError(
            f"{len(photos)} photos held out and {len(paintings)} paintings of installed styles: "
            "give at least ten photos, and a folder that holds the styles' own paintings"
        )
    qualities = {name: Quality(perception, path, device) for name, path in paintings.items()}
    rows: dict[tuple[str, str], list[Mapping[str, float]]] = defaultdict(list)
    for photo in (measured(path).to(device) for path in photos):
        seen = perception.view(photo)
        for network, apply in networks.items():
            views = Views(seen, perception.view(painted(apply, photo)), apply)
            for painting, quality in qualities.items():
                rows[painting, network].append(quality.of(views))
    return {
        painting: {network: mean(rows[painting, network]) for network in networks}
        for painting in paintings
    }


def agreement(
    found: Mapping[str, Figures], true: Mapping[str, Figures]
) -> Iterator[tuple[str, str, float, float]]:
    """(loss, painting, rank correlation, median ratio ``found`` / ``true``), all paintings first.

    ``found``, ``true``: by painting, figures. A loss that is 0 in both says nothing of the ratio.
    """
    some = next(iter(true.values()))
    for loss in next(iter(some.values())):
        for painting, chosen in {"all": list(true), **{name: [name] for name in true}}.items():
            pairs = np.array(
                [
                    (found[name][network][loss], figures[loss])
                    for name in chosen
                    for network, figures in true[name].items()
                ]
            )
            ratios = pairs[pairs[:, 1] > 0]
            ratio = float(np.median(ratios[:, 0] / ratios[:, 1]))
            yield loss, painting, rank_correlation(*pairs.T), ratio


def rank_correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Spearman's, from -1 to 1; equal values share the mean of their ranks."""
    return float(np.corrcoef(_ranks(a), _ranks(b))[0, 1])


def _ranks(values: Sequence[float]) -> list[float]:
    order = np.asarray(values)
    return [float((order < value).sum() + ((order == value).sum() - 1) / 2) for value in order]


def _at(stylizer: Stylizer, strength: float) -> Network:
    network = as_network(stylizer)
    return lambda photo: strength * network(photo) + (1 - strength) * photo
