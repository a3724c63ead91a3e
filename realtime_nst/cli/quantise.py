"""``realtime-nst quantise``: a network's int8 form, up to three times as fast on x86 CPUs."""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from realtime_nst.cli import console, options
from realtime_nst.cli.export import check_target
from realtime_nst.cli.loss_weights import LossNetwork, LossWeights, loss_networks
from realtime_nst.errors import UsageError

if TYPE_CHECKING:
    from realtime_nst.learning.export.quantise import Measure
    from realtime_nst.learning.training.quality import Network
    from realtime_nst.runtime.model import Model


def quantise(
    style: Annotated[str, typer.Argument(metavar="NAME|STYLE.onnx", help="The float style.")],
    painting: Annotated[
        Path,
        typer.Argument(
            help="The painting it was trained on; of a network for any, a folder of paintings."
        ),
    ],
    content: Annotated[
        Path, typer.Option(help="Folder of photos: most to calibrate on, a tenth to measure on.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="(default: STYLE.int8.onnx, where it is found)"),
    ] = None,
    loss_network: LossNetwork = "bundled",
    loss_weights: LossWeights = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Write a style's int8 form, where it loses no more than 3 % of the float one's quality."""
    from realtime_nst.runtime.companions import int8_path
    from realtime_nst.runtime.model import read_model
    from realtime_nst.runtime.styles import find

    source = read_model(find(style))
    target = output or int8_path(source.path)
    check_target(target, overwrite)
    from realtime_nst.learning.packages import require

    require("quantising a style")
    from realtime_nst.learning.export.quantise import check_source

    check_source(source)
    _check_painting(source, painting)
    weights = loss_networks(loss_network, loss_weights)
    _write(source, painting, content, weights, target)
    if target.resolve() != int8_path(source.path).resolve():
        console.say_notice(f"to be found beside its style, it is named {int8_path(source.path)}")


def _write(
    source: "Model", painting: Path, content: Path, weights: list[Path], target: Path
) -> None:
    from realtime_nst.learning.data.pictures import find_photos
    from realtime_nst.learning.export.calibration import trial
    from realtime_nst.learning.export.quantise import quantise
    from realtime_nst.learning.loss_networks.features import FeatureExtractor
    from realtime_nst.learning.loss_networks.load import load_loss_network

    extractor = FeatureExtractor([load_loss_network(path) for path in weights])
    terminal = console.err.is_terminal
    with Progress(console=console.err, transient=True, disable=not terminal) as progress:
        task = progress.add_task("calibrating and measuring", total=None)
        tried = trial(source, painting, find_photos(content), extractor)
        progress.update(task, total=2 * len(tried.judges))
        advance = partial(progress.advance, task)
        judges = [(code, _followed(measure, advance)) for code, measure in tried.judges]
        before, after = quantise(source.path, tried.shown, judges, target)
    figures = ", ".join(f"{n.replace('_', ' ')} {before[n]:.3f} to {after[n]:.3f}" for n in before)
    console.say(
        f"{target}: {target.stat().st_size / 1e6:.1f} MB; on "
        f"{console.counted(tried.photos, 'photo')} held out, float to int8 (lower is better): "
        f"{figures}"
    )


def _followed(measure: "Measure", advance: Callable[[], None]) -> "Measure":
    def measured(network: "Network") -> dict[str, float]:
        figures = measure(network)
        advance()
        return figures

    return measured


def _check_painting(source: "Model", painting: Path) -> None:
    """Raises UsageError where ``painting`` is known to be another than the style's."""

    if source.kind.needs_encoder:
        return
    if not painting.is_file():
        raise UsageError(f"no such picture: {str(painting)!r}; give the painting of the style")
    trained_on = source.card.recipe.get("painting_sha256")
    if trained_on and hashlib.sha256(painting.read_bytes()).hexdigest() != trained_on:
        raise UsageError(
            f"{painting} is not the file {source.path.name} was trained on (its sha256 begins "
            f"with {trained_on[:12]}); give that painting, {source.card.title}"
        )
