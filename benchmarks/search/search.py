"""The search for networks: what each design costs, and how it paints after the same short training.

    python benchmarks/search/search.py speed
    python benchmarks/search/search.py train PAINTING --content DIR --loss-weights FILE [...]
    python benchmarks/search/search.py front

`speed` times all designs in turn on each provider present, with random weights; `train` trains each
for the same number of steps from the same seed and measures it on photos held out of training,
through the loss networks of --measured-with where given (a small one may do for the training).
Their tables are speed.csv and quality.csv beside this file; a design already in quality.csv is not
trained again. `front` draws front.svg from both: quality against speed, and what no other design
beats in both.

quality.csv as it lies here: 600 steps on a GPU, on 500 photos, measured with VGG-19.
"""

import argparse
import csv
import tempfile
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from realtime_nst.bench.timer import Timer, spread
from realtime_nst.learning.export import export
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.loss_networks.load import load_loss_network
from realtime_nst.learning.training.checkpoint import load, trained_network, untrained
from realtime_nst.learning.training.quality import Quality
from realtime_nst.learning.training.recipe import Recipe
from realtime_nst.learning.training.single import single_style_run
from realtime_nst.runtime.providers import available
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sources.synthetic import SyntheticSource

HERE = Path(__file__).parent
SPEED, QUALITY, FRONT = HERE / "speed.csv", HERE / "quality.csv", HERE / "front.svg"
SIZE = 640, 480
DESIGNS = (
    "tiny",
    "fast:width=32,blocks=3",
    "fast",
    "fast:width=48,blocks=4",
    "fast:width=64,blocks=3",
    "quality",
    "fast:width=64,blocks=5",
    "fast:fold=2,width=32,blocks=3",
    "tiny:width=96,blocks=3",
    "fast:width=96,blocks=4",
    "fast:first=nearest",
    "tiny:first=nearest",
    "tiny:blocks=3",
    "fast:fold=2,width=32,blocks=5",
    "tiny:width=128,blocks=3",
    "johnson-half",
    "johnson",
)


def speed() -> None:
    image = SyntheticSource(*SIZE).picture(0)
    calls = {}
    with tempfile.TemporaryDirectory() as folder:
        for design in DESIGNS:
            path = Path(folder, f"{design}.onnx")
            export(untrained(Recipe(network=design)), path)
            for row in available():
                stylizer = Stylizer(path, row.name)
                stylizer.warm_up(*SIZE)
                calls[design, stylizer.provider] = partial(stylizer, image)
        seconds = Timer(budget=300.0).in_turn({" on ".join(key): c for key, c in calls.items()})
    write(SPEED, [{"design": d, "provider": p, **rounded(spread(seconds[f"{d} on {p}"]))}
                  for d, p in calls])  # fmt: skip


def train(asked: argparse.Namespace) -> None:
    done = {row["design"] for row in read(QUALITY) if _trained_alike(row, asked)}
    networks = map(load_loss_network, asked.measured_with or asked.loss_weights)
    measured = Quality(FeatureExtractor(list(networks)), asked.painting)
    for design in DESIGNS:
        if design in done:
            continue
        recipe = Recipe(network=design, steps=asked.steps, crop=asked.crop)
        folder = asked.work / design.replace(":", "-").replace(",", "-")
        style = untrained(Recipe(network=design)).style
        run = single_style_run(
            asked.painting, asked.content, folder, asked.loss_weights, recipe, style
        )
        network = trained_network(load(run.train()))
        quality = measured(network, run.photos.held_out)
        row = {"design": design, "steps": asked.steps, "crop": asked.crop, **rounded(quality)}
        write(QUALITY, [*read(QUALITY), row])


def _trained_alike(row: Mapping[str, str], asked: argparse.Namespace) -> bool:
    return (row["steps"], row["crop"]) == (str(asked.steps), str(asked.crop))


def front() -> None:
    from matplotlib.figure import Figure

    times = {row["design"]: row for row in read(SPEED) if row["provider"] == "openvino-bf16"}
    points = {
        row["design"]: (
            float(times[row["design"]]["median ms"]),
            float(row["content"]) + float(row["style"]),
        )
        for row in read(QUALITY)
    }
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    axes.step(*zip(*pareto(points.values()), strict=True), where="post", color="0.6", zorder=0)
    for design, at in points.items():
        axes.plot(*at, "o")
        axes.annotate(design, at, textcoords="offset points", xytext=(5, 4), fontsize=7)
    axes.set(xscale="log", xlabel="ms a frame, 640x480", ylabel="content + style loss")
    axes.grid(alpha=0.3)
    figure.savefig(FRONT)


def pareto(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those that no other one beats in both, the fastest first."""
    best: list[tuple[float, float]] = []
    for point in sorted(points):
        if not best or point[1] < best[-1][1]:
            best.append(point)
    return best


def rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in figures.items()}


def read(table: Path) -> list[dict[str, str]]:
    if not table.exists():
        return []
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def write(table: Path, rows: Iterable[Mapping[str, object]]) -> None:
    rows = list(rows)
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    commands.add_parser("speed").set_defaults(run=lambda asked: speed())
    commands.add_parser("front").set_defaults(run=lambda asked: front())
    training = commands.add_parser("train")
    training.add_argument("painting", type=Path)
    training.add_argument("--content", type=Path, required=True)
    training.add_argument("--loss-weights", type=Path, nargs="+", required=True)
    training.add_argument("--measured-with", type=Path, nargs="+")
    training.add_argument("--steps", type=int, default=300)
    training.add_argument("--crop", type=int, default=Recipe.crop)
    training.add_argument("--work", type=Path, default=Path("search-runs"))
    training.set_defaults(run=train)
    asked = parser.parse_args()
    asked.run(asked)
