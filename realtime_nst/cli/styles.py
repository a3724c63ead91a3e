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
        Path | None, typer.Option(help="Draw every style on one picture or more, here.")
    ] = None,
    on: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A picture for --sheet; may be given several times.  (default: a made-up scene)",
        ),
    ] = None,
    provider: options.Provider = "auto",
    overwrite: options.Overwrite = False,
) -> None:
    """List the styles that come with the program."""
    from realtime_nst.runtime.styles import installed, painters

    found, others = installed(), painters()
    if not found and not others:
        raise ModelError("no styles are installed; train one with: realtime-nst train")
    if sheet is not None:
        _draw(found, sheet, on or [], provider, overwrite)
    elif on:
        raise UsageError(
            "--on names the picture for --sheet; say where that goes: --sheet FILE.png"
        )
    else:
        console.out.print(_table(found))
        if others:
            console.out.print("", _networks(others))


def _networks(found: "list[InstalledStyle]") -> "Table":
    rows = [
        (
            s.name,
            f"styles: {', '.join(s.styles)}" if s.styles else "paints any picture you give",
            f"{s.bytes / 1e6:.1f} MB",
            s.speed_class,
            s.licence,
        )
        for s in found
    ]
    return console.table(("painter", "what it plays", "size", "speed class", "licence"), rows)


def _table(found: "list[InstalledStyle]") -> "Table":
    headings = ("style", "painting", "artist", "size", "speed class", "licence")
    rows = [
        (s.name, s.title, s.artist, f"{s.bytes / 1e6:.1f} MB", s.speed_class, s.licence)
        for s in found
    ]
    return console.table(headings, rows)


def _draw(
    found: "list[InstalledStyle]", sheet: Path, on: list[Path], provider: str, overwrite: bool
) -> None:
    from realtime_nst.runtime.stylizer import Stylizer
    from realtime_nst.sheet import contact_sheet
    from realtime_nst.sinks.pictures import PictureSink, write_picture

    with PictureSink(sheet, overwrite=overwrite):
        pass  # what is wrong with the target is said before the work
    pictures = _pictures(on)
    tiles = [("the source", picture) for picture in pictures]
    with console.err.status("painting"):
        for style in found:
            stylizer = Stylizer(style.name, provider)
            caption = f"{style.name}: {style.title}, {style.artist}"
            tiles += [(caption, stylizer(picture)) for picture in pictures]
    columns = len(pictures) if len(pictures) > 1 else None
    write_picture(sheet, contact_sheet(tiles, columns), overwrite=overwrite)
    console.say(f"{sheet}: {console.counted(len(found), 'style')}")


def _pictures(paths: list[Path]) -> "list[Image]":
    from realtime_nst.pictures import read_picture
    from realtime_nst.sources.synthetic import SyntheticSource

    return [read_picture(path) for path in paths] or [SyntheticSource(frames=1).picture(0)]
