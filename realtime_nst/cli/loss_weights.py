"""The loss networks that training, optimisation and quantisation look through."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from realtime_nst.cli.progress import progress
from realtime_nst.errors import UnknownName


def _bundled() -> Path:
    from realtime_nst.learning.loss_networks.load import bundled

    return bundled()


def _vgg19() -> Path:
    from realtime_nst.learning.loss_networks.download import download
    from realtime_nst.runtime.host import cache_root

    with progress("fetching VGG-19", "byte", None) as gauge:

        def show(done: int, total: int | None) -> None:
            gauge.total = total
            gauge(done)

        return download(cache_root(), on_bytes=show)


_NETWORKS: Mapping[str, Callable[[], Path]] = {"bundled": _bundled, "vgg19": _vgg19}


def _known(network: str) -> str:
    if network not in _NETWORKS:
        raise UnknownName("loss network", network, _NETWORKS, "--loss-weights takes a file")
    return network


LossNetwork = Annotated[
    str,
    typer.Option(
        metavar="|".join(_NETWORKS),
        callback=_known,
        autocompletion=lambda: list(_NETWORKS),
        help="Loss network. bundled comes with the program and is VGG-19 at half the cost; vgg19 "
        "is VGG-19 itself, downloaded once (548 MB).",
    ),
]
LossWeights = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Weights of a loss network instead of --loss-network. May be given several times: "
        "each layer is computed by the first network that has it.",
    ),
]


def loss_networks(network: str, weights: list[Path] | None) -> list[Path]:
    """``weights``, or those of ``network``; VGG-19 is downloaded if it is not there yet.

    Raises TrainingError if they cannot be had.
    """
    return weights or [_NETWORKS[network]()]
