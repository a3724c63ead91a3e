"""``realtime-nst styles``: what is installed, as a table or as one picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.cli import console, options
from realtime_nst.errors import ModelError, UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from realtime_nst.runtime.styles import InstalledStyle
    from realtime_nst.stream import Image


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
    if sheet is not None:
        _draw(found, sheet, on, provider, overwrite)
    elif on is not None:
        raise UsageError(
            "--on names the picture for --sheet; say where that goes: --sheet FILE.png"
        )
    else:
        console.out.print(_table(found))


def _table(found: "list[InstalledStyle]") -> "Table":
    headings = ("style", "painting", "artist", "size", "speed class", "licence")
    rows = [
        (s.name, s.title, s.artist, f"{s.bytes / 1e6:.1f} MB", s.speed_class, s.licence)
        for s in found
    ]
    return console.table(headings, rows)


def _draw(
    found: "list[InstalledStyle]", sheet: Path, on: Path | None, provider: str, overwrite: bool
) -> None:
    from realtime_nst.runtime.stylizer import Stylizer
    from realtime_nst.sheet import contact_sheet
    from realtime_nst.sinks.pictures import PictureSink, write_picture

    with PictureSink(sheet, overwrite=overwrite):
        pass  # what is wrong with the target is said before the work
    picture = _picture(on)
    tiles = [("the source", picture)]
    with console.err.status("painting"):
        for style in found:
            painted = Stylizer(style.name, provider)(picture)
            tiles.append((f"{style.title}, {style.artist}", painted))
    write_picture(sheet, contact_sheet(tiles), overwrite=overwrite)
    console.say(f"{sheet}: {console.counted(len(found), 'style')}")


def _picture(path: Path | None) -> "Image":
    from realtime_nst.sources.pictures import read_picture
    from realtime_nst.sources.synthetic import SyntheticSource

    return read_picture(path) if path else SyntheticSource(frames=1).picture(0)
