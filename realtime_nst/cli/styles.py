"""``realtime-nst styles``: what is installed, as a table or as one picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.cli import console, options
from realtime_nst.errors import ModelError

if TYPE_CHECKING:
    from realtime_nst.runtime.styles import InstalledStyle


def styles(
    sheet: Annotated[
        Path | None, typer.Option(help="Draw every style on one picture, here.")
    ] = None,
    on: Annotated[
        Path | None, typer.Option(help="The picture for --sheet. (default: a made-up scene)")
    ] = None,
    provider: options.Provider = "auto",
    overwrite: options.Overwrite = False,
) -> None:
    """List the styles that come with the program."""
    from realtime_nst.runtime.styles import installed

    found = installed()
    if not found:
        raise ModelError("no styles are installed; train one with: realtime-nst train")
    if sheet is None:
        _table(found)
    else:
        _draw(found, sheet, on, provider, overwrite)


def _table(found: "list[InstalledStyle]") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("style", "painting", "artist", "size", "speed class", "licence"):
        table.add_column(heading)
    for style in found:
        table.add_row(
            style.name, style.title, style.artist, f"{style.bytes / 1e6:.1f} MB",
            style.speed_class, style.licence,
        )  # fmt: skip
    console.out.print(table)


def _draw(
    found: "list[InstalledStyle]", sheet: Path, on: Path | None, provider: str, overwrite: bool
) -> None:
    from realtime_nst.runtime.stylizer import Stylizer
    from realtime_nst.sheet import contact_sheet
    from realtime_nst.sinks.pictures import write_picture
    from realtime_nst.sources.pictures import read_picture
    from realtime_nst.sources.synthetic import SyntheticSource

    picture = read_picture(on) if on else next(iter(SyntheticSource(frames=1))).image
    tiles = [("the source", picture)]
    with console.frame_progress(str(sheet), len(found)):
        for style in found:
            tiles.append(
                (f"{style.title}, {style.artist}", Stylizer(style.name, provider)(picture))
            )
    write_picture(sheet, contact_sheet(tiles), overwrite=overwrite)
    console.say(f"{sheet}: {len(found)} styles")
