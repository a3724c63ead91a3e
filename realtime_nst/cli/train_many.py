"""The paintings that ``realtime-nst train`` makes many styles of."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from realtime_nst.cli import console
from realtime_nst.errors import UsageError
from realtime_nst.learning.data.style_folder import Painting, find_styles, painting
from realtime_nst.learning.training.checkpoint import StyleInfo
from realtime_nst.learning.training.start_from import Start


def paintings_of(
    styles: Path | None, add_style: Path | None, start: Start | None, title: str, artist: str
) -> list[Painting]:
    """Those of the folder ``styles``, or ``add_style`` alone, or none.

    Raises UsageError where ``add_style`` has nothing to be added to, or has a name that is there.
    """
    if styles:
        return find_styles(styles)
    if not add_style:
        return []
    if not (start and start.paintings):
        raise UsageError(
            "--add-style adds to a network of many styles; name its checkpoint.pt or .onnx file "
            "with --start-from"
        )
    added = painting(add_style, title, artist)
    if added.info.name in (each.name for each in start.paintings):
        raise UsageError(
            f"there is a style {added.info.name!r} in --start-from already; rename {add_style}"
        )
    return [added]


def described(style: StyleInfo, paintings: Sequence[Painting], grown: Start | None) -> StyleInfo:
    """``style``, where it is not told, titled by how many ``paintings`` there are, and by all who
    painted them. Those added to ``grown`` are what is told of instead."""
    infos = [*(grown.paintings if grown else ()), *(each.info for each in paintings)]
    title = console.counted(len(infos), "style")
    artist = ", ".join(dict.fromkeys(each.artist for each in infos))
    if grown:
        return replace(style, title=title, artist=artist)
    return replace(style, title=style.title or title, artist=style.artist or artist)
