"""How good a style of one's own is after so many seconds of training, beside `any`.

Usage: python tools/own_style_curve.py PAINTING [PAINTING ...] --photos DIR --loss-weights FILE ...
           [--seconds N ...] [--content DIR] [--cores N] [--count N] [--out FILE.csv] [--plot FILE]
Each number of seconds is a run of ``train --minutes`` of its own; without --content it trains on
made-up scenes. The figures are those of a card, on the photos in --photos that training holds out.
With --cores N a second is N seconds of processor time, for a machine that does other work as well.

"style at equal content" holds the style against `any`: of the two, the one that keeps less content
is blended towards the photo until both keep as much, and the ratio of their losses is given; below
1 is better than `any`. For a painting that an installed style follows, that style is a row too.
"""

import argparse
import csv
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import torch

from realtime_nst.cli import train_minutes
from realtime_nst.files import digest
from realtime_nst.learning.data.paintings import read_painting
from realtime_nst.learning.data.pictures import find_photos, hold_out, measurable
from realtime_nst.learning.device import best_device
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.loss_networks.load import bundled, load_loss_network
from realtime_nst.learning.training import checkpoint, loop
from realtime_nst.learning.training.quality import Network, Quality, mean, measured, painted
from realtime_nst.learning.training.recipe import Recipe
from realtime_nst.learning.training.single import single_style_run
from realtime_nst.learning.training.start_from import network_in, read_start
from realtime_nst.runtime.codes import PAINTING_SIZE
from realtime_nst.runtime.styles import find, installed

BLENDS = (1.0, 0.9, 0.8, 0.7, 0.6)
LOSSES = ("content", "style", "deep_style", "deep_content")
COLUMNS = ("painting", "network", "seconds", "steps", *LOSSES, "style ratio", "deep style ratio")

Figures = Mapping[str, float]
Row = dict[str, object]


def trained(
    painting: Path, photos: Path, seconds: float, clock: Callable[[], float]
) -> tuple[Network, int]:
    """The style after ``seconds`` of ``clock``, and how many steps that were."""
    recipe = Recipe(**{**train_minutes.DEFAULTS, "minutes": seconds / 60})
    info = checkpoint.StyleInfo(painting.stem, painting.stem, "", "MIT", photos.name)
    loop.time = SimpleNamespace(monotonic=clock, process_time=time.process_time)
    with tempfile.TemporaryDirectory() as folder:
        run = single_style_run(
            painting, photos, Path(folder), [bundled()], recipe, info, read_start(find("any"))
        )
        saved = checkpoint.load(run.train())
    return checkpoint.trained_network(saved), saved.step


class Measure:
    """The figures of a network on ``photos``, at several strengths at once."""

    def __init__(self, networks: FeatureExtractor, painting: Path, photos: Sequence[Path]) -> None:
        self._quality = Quality(networks, painting)
        self._photos = [measured(photo) for photo in photos]

    @torch.no_grad()
    def __call__(self, network: Network, blends: Sequence[float] = BLENDS) -> list[Figures]:
        rows: list[list[Figures]] = [[] for _ in blends]
        for photo in self._photos:
            result = painted(network, photo)
            for row, share in zip(rows, blends, strict=True):
                row.append(self._quality.between(photo, torch.lerp(photo, result, share)))
        return [mean(row) for row in rows]


def at_content(figures: Sequence[Figures], content: float) -> Figures:
    """``figures`` at falling strengths, interpolated where their content loss is ``content``."""
    for strong, weak in pairwise(figures):
        if weak["content"] <= content <= strong["content"]:
            share = (content - weak["content"]) / (strong["content"] - weak["content"])
            return {name: weak[name] + share * (strong[name] - weak[name]) for name in LOSSES}
    return figures[0] if content > figures[0]["content"] else figures[-1]


def ratios(own: Sequence[Figures], other: Sequence[Figures]) -> Row:
    content = min(own[0]["content"], other[0]["content"])
    mine, its = at_content(own, content), at_content(other, content)
    return {
        "style ratio": mine["style"] / its["style"],
        "deep style ratio": mine["deep_style"] / its["deep_style"],
    }


def rows_of(
    painting: Path, measure: Measure, photos: Path, seconds: Sequence[float],
    clock: Callable[[], float],
) -> Iterator[Row]:  # fmt: skip
    any_painting = network_in(find("any"))
    with torch.no_grad():
        code = any_painting.encode_style(read_painting(painting, PAINTING_SIZE))
    start = measure(partial(any_painting.paint, code=code))
    yield {"network": "any", "seconds": 0, **start[0]}
    for each in seconds:
        network, steps = trained(painting, photos, each, clock)
        found = measure(network)
        yield {
            "network": "own", "seconds": each, "steps": steps, **found[0], **ratios(found, start)
        }  # fmt: skip
    sha256 = digest(painting)
    for style in installed():
        if style.recipe.get("painting_sha256") == sha256 and style.network == "fast":
            found = measure(network_in(find(style.name)))
            yield {"network": style.name, **found[0], **ratios(found, start)}


def photos_in(content: Path | None, held_out: set[str], folder: Path) -> Path:
    """What is trained on: the photos in ``content`` but those ``held_out``, or made-up ones."""
    if content is None:
        return train_minutes.made_up_photos(folder)
    for photo in find_photos(content):
        if photo.name not in held_out:
            (folder / photo.name).symlink_to(photo.resolve())
    return folder


def plot(rows: Sequence[Row], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6), layout="constrained")
    for axes, loss in zip(figure.subplots(2, 2).flat, LOSSES, strict=True):
        for painting in dict.fromkeys(row["painting"] for row in rows):
            points = [row for row in rows if row["painting"] == painting and "seconds" in row]
            axes.plot(
                [p["seconds"] for p in points], [p[loss] for p in points], "o-", label=painting
            )
        axes.set(title=loss.replace("_", " "), xlabel="seconds", ylim=(0, None))
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paintings", nargs="+", type=Path)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--content", type=Path)
    parser.add_argument("--loss-weights", type=Path, nargs="+", required=True)
    parser.add_argument("--seconds", type=float, nargs="+", default=(10, 20, 60, 120))
    parser.add_argument("--cores", type=int, default=0)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--plot", type=Path)
    asked = parser.parse_args()
    clock = (lambda: time.process_time() / asked.cores) if asked.cores else time.monotonic
    dtype = best_device().dtype
    networks = FeatureExtractor([load_loss_network(path, dtype) for path in asked.loss_weights])
    _, held_out = hold_out(find_photos(asked.photos), asked.count)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        content = photos_in(asked.content, {path.name for path in held_out}, Path(folder))
        for painting in asked.paintings:
            measure = Measure(networks, painting, measurable(held_out))
            for row in rows_of(painting, measure, content, asked.seconds, clock):
                rows.append({"painting": painting.stem, **row})
                print("  ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}"
                                for k, v in rows[-1].items()), flush=True)  # fmt: skip
    if asked.out:
        with asked.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
    if asked.plot:
        plot(rows, asked.plot)


if __name__ == "__main__":
    main()
