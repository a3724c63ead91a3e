"""``realtime-nst train --minutes``: a style of one's own while one waits."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from realtime_nst.cli import console
from realtime_nst.cli.recipe_options import is_default
from realtime_nst.errors import UsageError

DEFAULTS: Mapping[str, Any] = {
    "network": "coded", "batch": 2, "crop": 192, "learning_rate": 1e-3, "average": 0.95,
    "content_weight": 1.1, "deep_content_weight": 0.9, "style_weight": 0.7,
    "deep_style_weight": 2.4, "equivariance_share": 0.34, "held_out": 0,
}  # fmt: skip
"""What makes the most of a minute, measured by ``tools/own_style_curve.py``."""

_SCENES, _SCENE_SIZE, _SCENES_APART = 12, (448, 336), 75
"""How many made-up scenes there are, their width and height, and how many frames lie between."""

Install = Annotated[
    bool, typer.Option("--install", help="Install the style as well, as styles --install does.")
]

ExportEvery = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        min=0,
        help="With --minutes: write the style on the way as well, each time after this many "
        "seconds of training. 0 writes it at the end alone.",
    ),
]


def check(
    minutes: float, export_every: float, *, needs_photos: bool, name: str | None, overwrite: bool
) -> None:
    """Raises UsageError if photos are needed and there are none, or for what goes with minutes
    alone; UsageError or TargetExists if a style cannot be installed under ``name`` (None: it is
    not to be)."""
    if export_every and not minutes:
        raise UsageError(f"--export-every {export_every:g} is for --minutes")
    if needs_photos:
        raise UsageError(
            "give photos to train on with --content FOLDER; only --style PAINTING --minutes N "
            "needs none"
        )
    if name is not None:
        from realtime_nst.library import check_free

        check_free(name, overwrite)


def settle(context: typer.Context, recipe: dict[str, Any]) -> None:
    """Set those options in ``recipe`` that nobody gave to what suits a few minutes."""
    recipe |= {name: value for name, value in DEFAULTS.items() if is_default(context, name)}


def made_up_photos(folder: Path) -> Path:
    """A folder in ``folder`` with made-up scenes in place of photos."""
    from realtime_nst.sinks.pictures import write_picture
    from realtime_nst.sources.synthetic import SyntheticSource

    scenes = folder / "scenes"
    scenes.mkdir(parents=True, exist_ok=True)
    for number in range(_SCENES):
        source = SyntheticSource(*_SCENE_SIZE, seed=number)
        picture = source.picture(number * _SCENES_APART)
        write_picture(scenes / f"{number:02d}.png", picture, overwrite=True)
    console.say_notice(
        f"no --content: {_SCENES} made-up scenes stand in for photos; with yours it paints better"
    )
    return scenes


def installed(output: Path, overwrite: bool) -> None:
    """Install the style file ``output``."""
    from realtime_nst.library import install_style

    entry = install_style(output, overwrite=overwrite)
    console.say(f"{entry.name} is installed; use it with: --style {entry.name}")
