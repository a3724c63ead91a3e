"""``realtime-nst styles``: what is installed, as tables, as JSON or as a contact sheet."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from realtime_nst.cli import console, options
from realtime_nst.errors import ModelError, UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from realtime_nst.runtime.styles import InstalledStyle
    from realtime_nst.stream import Image


_UNLIMITED = 10_000
"""Columns."""


def styles(
    sheet: Annotated[
        Path | None, typer.Option(help="Draw a contact sheet of every style, here.")
    ] = None,
    on: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="A picture for --sheet; may be given several times. (default: the built-in scene)",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line for each style and painter.")
    ] = False,
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
        raise UsageError("--on is a picture for --sheet; say where to draw it: --sheet FILE.png")
    elif as_json:
        for entry in (*found, *others):
            typer.echo(json.dumps(_described(entry), ensure_ascii=False))
    else:
        _show(_table(found))
        if others:
            console.say("")
            _show(_networks(others))


def _described(entry: "InstalledStyle") -> dict[str, object]:
    from realtime_nst.runtime.player import PICTURES, blends_in

    keys = ("name", "title", "artist", "kind", "bytes", "speed_class", "licence")
    groups = {"none": blends_in(entry.name), "pictures": PICTURES, "weights": entry.name}
    return {key: getattr(entry, key) for key in keys} | {
        "styles": entry.names,
        "blends_in": groups[entry.row.codes],
    }


def _show(table: "Table") -> None:
    """In a pipe or a file each row is one line, however long: other programs read it."""
    if console.out.is_terminal:
        console.out.print(table)
    else:
        Console(width=Console(width=_UNLIMITED).measure(table).maximum).print(table)


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
    from realtime_nst.media.sheet import contact_sheet
    from realtime_nst.runtime.stylizer import Stylizer
    from realtime_nst.sinks.pictures import PictureSink, write_picture

    with PictureSink(sheet, overwrite=overwrite):
        pass  # an unusable target is an error before the work begins
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
    from realtime_nst.media.pictures import read_picture
    from realtime_nst.sources.synthetic import SyntheticSource

    return [read_picture(path) for path in paths] or [SyntheticSource(frames=1).picture(0)]
