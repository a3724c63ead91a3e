"""How well losses by the bundled loss network agree with losses by VGG-19.

Usage: python tools/loss_network_agreement.py --photos DIR --paintings DIR --teacher FILE [FILE ...]
                                              [--loss-network FILE] [--count N] [--out FILE.csv]
The installed styles at several strengths, and the photo itself, are compared with each of the
styles' paintings that is found below --paintings, on photos that training holds out.
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from realtime_nst.errors import TrainingError
from realtime_nst.files import digest
from realtime_nst.learning.data.pictures import find_photos, hold_out, measurable
from realtime_nst.learning.device import best_device
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.loss_networks.load import bundled, load_loss_network
from realtime_nst.learning.losses.terms import LossInputs
from realtime_nst.learning.training.quality import (
    Network,
    Quality,
    as_network,
    mean,
    measured,
    painted,
)
from realtime_nst.runtime.styles import InstalledStyle, find, installed
from realtime_nst.runtime.stylizer import Stylizer

STRENGTHS = (0.5, 0.75, 1.0)
OUT = Path(__file__).parent.parent / "benchmarks/results/loss_network_agreement.csv"
COLUMNS = ("loss", "painting", "networks", "photos", "rank correlation", "median ratio")


Figures = Mapping[str, Mapping[str, float]]
"""Losses by name, by network."""


def networks_of(styles: Sequence[InstalledStyle], strengths: Sequence[float]) -> dict[str, Network]:
    """Each style at each strength, under a name such as ``great_wave*0.5``, and ``photo``, the
    identity."""
    found: dict[str, Network] = {"photo": lambda photo: photo}
    for style in styles:
        stylizer = Stylizer(find(style.name, style.folder))
        for strength in strengths:
            found[f"{style.name}*{strength:g}"] = _at(stylizer, strength)
    return found


def paintings_of(styles: Sequence[InstalledStyle], pictures: Sequence[Path]) -> dict[str, Path]:
    """For each style, that one of ``pictures`` it was trained on, by digest, if it is there."""
    by_digest = {digest(path): path for path in pictures}
    wanted = {style.name: style.recipe.get("painting_sha256") for style in styles}
    return {name: by_digest[digest] for name, digest in wanted.items() if digest in by_digest}


@torch.no_grad()
def figures(
    extractor: FeatureExtractor,
    paintings: Mapping[str, Path],
    networks: Mapping[str, Network],
    photos: Sequence[Path],
    device: str = "cpu",
) -> dict[str, Figures]:
    """By painting and network, the mean over ``photos`` of each loss of :class:`Quality`.

    Raises TrainingError if there are no photos or no paintings.
    """
    if not photos or not paintings:
        raise TrainingError(
            f"{len(photos)} photos held out and {len(paintings)} paintings of installed styles: "
            "give at least ten photos, and a folder with the paintings of the styles"
        )
    qualities = {name: Quality(extractor, path, device) for name, path in paintings.items()}
    rows: dict[tuple[str, str], list[Mapping[str, float]]] = defaultdict(list)
    for photo in (measured(path).to(device) for path in photos):
        seen = extractor.features(photo)
        for network, apply in networks.items():
            inputs = LossInputs(seen, extractor.features(painted(apply, photo)), apply)
            for painting, quality in qualities.items():
                rows[painting, network].append(quality.of(inputs))
    return {
        painting: {network: mean(rows[painting, network]) for network in networks}
        for painting in paintings
    }


def agreement(
    found: Mapping[str, Figures], true: Mapping[str, Figures]
) -> Iterator[tuple[str, str, float, float]]:
    """Yield (loss, painting, rank correlation, median ratio ``found`` / ``true``), for all
    paintings together first.

    ``found`` and ``true`` are by painting. A loss that is 0 in both does not count for the ratio.
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
    """Spearman's rank correlation, from -1 to 1. Equal values have the mean of their ranks."""
    return float(np.corrcoef(_ranks(a), _ranks(b))[0, 1])


def _ranks(values: Sequence[float]) -> list[float]:
    order = np.asarray(values)
    return [float((order < value).sum() + ((order == value).sum() - 1) / 2) for value in order]


def _at(stylizer: Stylizer, strength: float) -> Network:
    network = as_network(stylizer)
    return lambda photo: strength * network(photo) + (1 - strength) * photo


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--paintings", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, nargs="+", required=True)
    parser.add_argument("--loss-network", type=Path, nargs="*")
    parser.add_argument("--count", type=int, default=8, help="of photos")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    photos = measurable(hold_out(find_photos(asked.photos), 24)[1])[: asked.count]
    styles = installed()
    networks = networks_of(styles, STRENGTHS)
    found_for = paintings_of(styles, find_photos(asked.paintings))
    paintings = {path.stem: path for path in found_for.values()}
    found, true = (
        figures(extractor(files), paintings, networks, photos, best_device().name)
        for files in (asked.loss_network or [bundled()], asked.teacher)
    )
    with asked.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for loss, painting, correlation, ratio in agreement(found, true):
            row = (loss, painting, len(networks), len(photos), f"{correlation:.3f}", f"{ratio:.3f}")
            writer.writerow(row)
            print(*row)


def extractor(files: list[Path]) -> FeatureExtractor:
    device = best_device()
    return FeatureExtractor([load_loss_network(path, device.dtype, device.name) for path in files])


if __name__ == "__main__":
    main()
