"""How a network for any painting fares against another system that paints like any picture.

Usage: python tools/any_against.py --photos DIR --paintings DIR --loss-weights FILE [FILE ...]
                                   [--results NAME=FOLDER ...] [--painter FILE.onnx]
                                   [--provider NAME ...] [--list FILE.csv] [--sheets FOLDER]
                                   [--out FILE.csv]

Both paint photos held out of training like the paintings of --list, which training does not see
either. FOLDER has the other system's results in a folder for each painting, named as it; each
result is named as its photo, painted at 320 pixels on the shorter side or less.

A result that keeps less of its photo is closer to the painting for that alone. So for each painting
the system that keeps more content stays as it is, and the other's results are blended with the
photos until both have the same content loss.
"""

import argparse
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from torch import Tensor

from realtime_nst.bench.others import Others, in_all
from realtime_nst.learning.data.pictures import find_photos, hold_out, measurable, to_image
from realtime_nst.learning.device import best_device
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.loss_networks.load import load_loss_network
from realtime_nst.learning.losses.content import content_terms
from realtime_nst.learning.losses.terms import LossInputs
from realtime_nst.learning.training.quality import (
    Quality,
    as_network,
    mean,
    measured,
    measured_pair,
    painted,
)
from realtime_nst.metrics.grid import PERIODS, grid
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sinks.pictures import write_picture

LIST = Path(__file__).parent.parent / "benchmarks/any_held_out.csv"
HELD_OUT, COUNT = 24, 8
STYLE = ("style", "deep_style")
CLOSE, MOST_TRIES = 0.003, 12
"""Content losses that differ by less than this share are equal."""

Pictures = Sequence[Tensor]
Row = dict[str, str | float]


class Judge:
    """Measures what systems made of the photos in ``files``."""

    def __init__(self, networks: FeatureExtractor, files: Sequence[Path]) -> None:
        self.photos = [measured(file) for file in files]
        self._networks, self._content = networks, content_terms(("relu3_3",))
        self._seen = [networks.features(photo) for photo in self.photos]

    def losses(self, quality: Quality, results: Pictures) -> dict[str, float]:
        return mean([quality.of(inputs) for inputs in self._inputs(results)])

    def grids(self, results: Pictures) -> dict[str, float]:
        pairs = [(to_image(y), to_image(x)) for x, y in zip(self.photos, results, strict=True)]
        return {
            f"grid/{period}": fmean(grid(*pair, period) for pair in pairs) for period in PERIODS
        }

    def blended(self, results: Pictures, content: float) -> tuple[Pictures, float]:
        """``results`` blended with the photos until their content loss is ``content``, and the
        share of the results."""
        share, made = 1.0, results
        for _ in range(MOST_TRIES):
            found = fmean(self._content(inputs).item() for inputs in self._inputs(made))
            if abs(found / content - 1) < CLOSE:
                break
            share = min(1.0, share * (content / found) ** 0.6)
            pairs = zip(self.photos, results, strict=True)
            made = [share * y + (1 - share) * x for x, y in pairs]
        return made, share

    def _inputs(self, results: Pictures) -> list[LossInputs]:
        made = map(self._networks.features, results)
        return [LossInputs(x, y, lambda z: z) for x, y in zip(self._seen, made, strict=True)]


def compared(judge: Judge, quality: Quality, ours: Pictures, theirs: Pictures) -> dict[str, float]:
    """The losses of each as painted, and those of style at equal content."""
    results = {"our": ours, "their": theirs}
    losses = {whose: judge.losses(quality, made) for whose, made in results.items()}
    freer = max(losses, key=lambda whose: losses[whose]["content"])
    blend, share = judge.blended(results[freer], min(each["content"] for each in losses.values()))
    level = losses | {freer: judge.losses(quality, blend)}
    row = {f"{whose} {loss}": v for whose, each in losses.items() for loss, v in each.items()}
    row |= {f"{whose} share": share if whose == freer else 1.0 for whose in losses}
    equal = {f"{whose} {n} at equal content": level[whose][n] for whose in level for n in STYLE}
    return row | equal


def summary(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each column, and how our means compare with theirs at equal content."""
    found = mean(rows)
    for loss in STYLE:
        if f"our {loss} at equal content" in found:
            ours, theirs = (found[f"{whose} {loss} at equal content"] for whose in ("our", "their"))
            found[f"{loss}, ours over theirs"] = ours / theirs
    return found


def sheet(judge: Judge, columns: Sequence[Pictures], path: Path) -> None:
    """A row for each photo: the photo, then what each of ``columns`` made of it."""
    pictures = zip(judge.photos, *columns, strict=True)
    rows = [np.hstack([to_image(picture) for picture in row]) for row in pictures]
    widest = max(row.shape[1] for row in rows)
    level = [
        np.pad(row, ((0, 0), (0, widest - row.shape[1]), (0, 0)), constant_values=255)
        for row in rows
    ]
    write_picture(path, np.vstack(level), overwrite=True, quality=90)


@torch.no_grad()
def run(asked: argparse.Namespace) -> list[Row]:
    """A row for each painting, provider and other system, then a row of means for each pair."""
    with asked.list.open(encoding="utf-8", newline="") as file:
        paintings = [asked.paintings / row["file"] for row in csv.DictReader(file)]
    others, stems = [Others.read(text) for text in asked.results], [p.stem for p in paintings]
    held_out = measurable(hold_out(find_photos(asked.photos), HELD_OUT)[1])
    files = (in_all(held_out, others, stems) if others else held_out[::3])[:COUNT]
    networks = FeatureExtractor(
        [load_loss_network(path, best_device().dtype) for path in asked.loss_weights]
    )
    judge, rows = Judge(networks, files), list[Row]()
    for painting in paintings:
        quality = Quality(networks, painting)
        ours = {name: _painted(painting, name, asked.painter, judge) for name in asked.provider}
        theirs = {}
        for each in others:
            results = each.of(painting.stem, stems)
            theirs[each.name] = [measured_pair(file, results[file.stem])[1] for file in files]
        for name, made in ours.items():
            for other, results in theirs.items():
                found = compared(judge, quality, made, results) | judge.grids(made)
                rows.append({"painting": painting.stem, "ours": name, "theirs": other, **found})
            if not theirs:
                found = judge.losses(quality, made) | judge.grids(made)
                rows.append({"painting": painting.stem, "ours": name, "theirs": "", **found})
            say(rows[-1])
        if asked.sheets:
            sheet(judge, [*ours.values(), *theirs.values()], asked.sheets / f"{painting.stem}.jpg")
    return [*rows, *_means(rows)]


def _painted(painting: Path, provider: str, painter: str, judge: Judge) -> Pictures:
    network = as_network(Stylizer(painting, provider, painter=painter))
    return [painted(network, photo) for photo in judge.photos]


def _means(rows: Sequence[Row]) -> list[Row]:
    found = list[Row]()
    for pair in dict.fromkeys((row["ours"], row["theirs"]) for row in rows):
        chosen = [row for row in rows if (row["ours"], row["theirs"]) == pair]
        numbers = [{k: v for k, v in row.items() if isinstance(v, float)} for row in chosen]
        found.append({"painting": "mean", "ours": pair[0], "theirs": pair[1], **summary(numbers)})
        say(found[-1])
    return found


def say(row: Row) -> None:
    cells = (f"{k} {v:.3f}" if isinstance(v, float) else str(v) for k, v in row.items())
    print("  ".join(cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--paintings", type=Path, required=True)
    parser.add_argument("--loss-weights", type=Path, nargs="+", required=True)
    parser.add_argument("--results", action="append", default=[])
    parser.add_argument("--painter", default="")
    parser.add_argument("--provider", nargs="+", default=["cpu"])
    parser.add_argument("--list", type=Path, default=LIST)
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    rows = run(asked)
    if asked.out:
        with asked.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[-1]), restval="")
            writer.writeheader()
            for row in rows:
                cells = {k: f"{v:.4f}" if isinstance(v, float) else v for k, v in row.items()}
                writer.writerow(cells)


if __name__ == "__main__":
    main()
