"""``realtime-nst quantise``: the int8 form of a network, up to three times as fast on x86 CPUs."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.cli import console, options
from realtime_nst.cli.export import check_target
from realtime_nst.cli.loss_weights import LossNetwork, LossWeights, loss_networks
from realtime_nst.cli.progress import progress
from realtime_nst.errors import UsageError
from realtime_nst.files import digest

if TYPE_CHECKING:
    from realtime_nst.learning.export.quantise import Measure
    from realtime_nst.learning.training.quality import Network
    from realtime_nst.runtime.model import Model


def quantise(
    style: Annotated[str, typer.Argument(metavar="NAME|FILE.onnx", help="The style to quantise.")],
    painting: Annotated[
        Path,
        typer.Argument(
            metavar="PAINTING",
            help="The painting it was trained on, or a folder of them if it paints like any.",
        ),
    ],
    content: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="Photos to calibrate on; a tenth of them measure the result."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="Where the result goes. (default: beside the style, where it is found)",
            show_default=False,
        ),
    ] = None,
    loss_network: LossNetwork = "bundled",
    loss_weights: LossWeights = None,
    overwrite: options.Overwrite = False,
) -> None:
    """Quantise a style to int8, if that costs no more than 3 % of its quality."""
    from realtime_nst.runtime.companions import int8_path
    from realtime_nst.runtime.model import read_model
    from realtime_nst.runtime.styles import find

    source = read_model(find(style))
    target = output or int8_path(source.path)
    check_target(target, overwrite)
    from realtime_nst.packages import require

    require("quantising a style", "train", "cpu")
    from realtime_nst.learning.export.quantise import check_source

    check_source(source)
    _check_painting(source, painting)
    weights = loss_networks(loss_network, loss_weights)
    _write(source, painting, content, weights, target)
    if target.resolve() != int8_path(source.path).resolve():
        console.say_notice(f"the style finds its int8 form only as {int8_path(source.path)}")


def _write(
    source: "Model", painting: Path, content: Path, weights: list[Path], target: Path
) -> None:
    from realtime_nst.learning.data.pictures import find_photos
    from realtime_nst.learning.export.calibration import trial
    from realtime_nst.learning.export.quantise import quantise
    from realtime_nst.learning.loss_networks.features import FeatureExtractor
    from realtime_nst.learning.loss_networks.load import load_loss_network

    extractor = FeatureExtractor([load_loss_network(path) for path in weights])
    with progress("calibrating and measuring", "measurement", None) as gauge:
        tried = trial(source, painting, find_photos(content), extractor)
        gauge.total = 2 * len(tried.judges)
        judges = [
            (code, _followed(measure, lambda: gauge(gauge.done + 1)))
            for code, measure in tried.judges
        ]
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
    """Raises UsageError if ``painting`` is known not to be the style's."""

    if source.kind.needs_encoder:
        return
    if not painting.is_file():
        raise UsageError(f"no such picture: {str(painting)!r}; give the painting of the style")
    trained_on = source.card.recipe.get("painting_sha256")
    if trained_on and digest(painting) != trained_on:
        raise UsageError(
            f"{painting} is not the file {source.path.name} was trained on (its sha256 begins "
            f"with {trained_on[:12]}); give that painting, {source.card.title}"
        )
