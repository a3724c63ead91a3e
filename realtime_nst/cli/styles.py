"""``realtime-nst styles``: what is installed, as tables, as JSON or as a contact sheet."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.cli import console, options
from realtime_nst.errors import ModelError, UsageError

if TYPE_CHECKING:
    from rich.table import Table

    from realtime_nst.runtime.installed_style import InstalledStyle
    from realtime_nst.stream import Image


_LIBRARY = "Your own styles"


def styles(
    install: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.onnx|PICTURE",
            help="Give a network or a picture a name, which every command then knows.",
            rich_help_panel=_LIBRARY,
        ),
    ] = None,
    name: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The name for --install. (default: that of the network, or of the file)",
            rich_help_panel=_LIBRARY,
        ),
    ] = "",
    remove: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Delete a style that was installed with --install.",
            rich_help_panel=_LIBRARY,
        ),
    ] = "",
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", help="Draw a contact sheet of every style, here."),
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
    """List the installed styles: yours, and those that come with the program or with packages."""
    _refuse_contradictions(install, remove, name, sheet, on)
    if install is not None:
        _install(install, name, overwrite, as_json)
    elif remove:
        _remove(remove)
    elif sheet is not None:
        _draw(sheet, on or [], provider, overwrite)
    else:
        _list(as_json)


def _refuse_contradictions(
    install: Path | None, remove: str, name: str, sheet: Path | None, on: list[Path] | None
) -> None:
    if install and remove:
        raise UsageError("--install and --remove are two commands; give one at a time")
    if (install or remove) and (sheet or on):
        raise UsageError("--sheet and --on show styles; give them without --install and --remove")
    if name and not install:
        raise UsageError("--name is for --install; give the file to install, too")
    if on and not sheet:
        raise UsageError("--on is a picture for --sheet; say where to draw it: --sheet FILE.png")


def _list(as_json: bool) -> None:
    from realtime_nst.runtime.styles import read_installed

    installed = read_installed()
    if not installed.entries:
        raise ModelError("no styles are installed; train one with: realtime-nst train")
    if as_json:
        for entry in (*installed.styles, *installed.painters):
            console.event("result", **_described(entry))
        return
    console.show(_table(installed.styles))
    if installed.painters:
        console.say("")
        console.show(_networks(installed.painters))


def _install(path: Path, name: str, overwrite: bool, as_json: bool) -> None:
    from realtime_nst.library import install_style

    with console.err.status("painting with it"):
        entry = install_style(path, name, overwrite=overwrite)
    called = f"--style {entry.name}"
    if entry.row.needs_encoder:
        called = f"--style PICTURE --painter {entry.name}"
    elif entry.styles:
        called = f"--style {' or '.join(entry.styles)} --painter {entry.name}"
    if as_json:
        console.event("result", **_described(entry))
    else:
        console.say(f"{entry.name} is installed; use it with: {called}")


def _remove(name: str) -> None:
    from realtime_nst.library import remove_style

    remove_style(name)
    console.say(f"{name} is removed")


def _described(entry: "InstalledStyle") -> dict[str, object]:
    from realtime_nst.runtime.player import PICTURES, blends_in

    keys = ("name", "title", "artist", "kind", "bytes", "speed_class", "licence")
    groups = {"none": blends_in(entry.name), "pictures": PICTURES, "weights": entry.name}
    return {key: getattr(entry, key) for key in keys} | {
        "styles": entry.names,
        "blends_in": groups[entry.row.codes],
        "origin": entry.origin or "program",
    }


def _networks(found: "Sequence[InstalledStyle]") -> "Table":
    rows = [
        (
            s.name,
            f"styles: {', '.join(s.styles)}" if s.styles else "paints any picture you give",
            _size(s.bytes),
            s.speed_class,
            s.licence,
            _origin(s),
        )
        for s in found
    ]
    headings = ("painter", "what it plays", "size", "speed class", "licence", "from")
    return console.table(headings, rows)


def _table(found: "Sequence[InstalledStyle]") -> "Table":
    headings = ("style", "painting", "artist", "size", "speed class", "licence", "from")
    rows = [
        (
            s.name,
            s.title,
            s.artist,
            _size(s.bytes),
            "a picture" if s.is_picture else s.speed_class,
            s.licence,
            _origin(s),
        )
        for s in found
    ]
    return console.table(headings, rows)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.0f} kB"


def _origin(style: "InstalledStyle") -> str:
    from realtime_nst.runtime.style_folders import OWN

    return "you" if style.origin == OWN else style.origin or "the program"


def _draw(sheet: Path, on: list[Path], provider: str, overwrite: bool) -> None:
    from realtime_nst.look import Look
    from realtime_nst.media.sheet import contact_sheet
    from realtime_nst.paint import Paint
    from realtime_nst.runtime.networks import Networks
    from realtime_nst.runtime.styles import installed
    from realtime_nst.sinks.pictures import PictureSink, write_picture
    from realtime_nst.stream import Frame

    with PictureSink(sheet, overwrite=overwrite):
        pass  # an unusable target is an error before the work begins
    found, frames = installed(), [Frame(each, 0, Fraction(0), 0.0) for each in _pictures(on)]
    tiles = [("the source", frame.image) for frame in frames]
    with console.err.status("painting"):
        for style in found:
            painting = Paint(Look(style.name, stabilise="off"), Networks(provider))
            about = ", ".join(filter(None, (style.title, style.artist)))
            caption = f"{style.name}: {about}"
            tiles += [(caption, painting(frame).image) for frame in frames]
    columns = len(frames) if len(frames) > 1 else None
    write_picture(sheet, contact_sheet(tiles, columns), overwrite=overwrite)
    console.say(f"{sheet}: {console.counted(len(found), 'style')}")


def _pictures(paths: list[Path]) -> "list[Image]":
    from realtime_nst.media.pictures import read_picture
    from realtime_nst.sources.synthetic import SyntheticSource

    return [read_picture(path) for path in paths] or [SyntheticSource(frames=1).picture(0)]
