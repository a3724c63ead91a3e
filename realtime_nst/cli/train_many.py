"""The paintings of ``realtime-nst train --styles`` and ``--add-style``."""

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
    """The paintings in the folder ``styles``, or ``add_style`` alone, or none.

    Raises UsageError if ``add_style`` has no styles to be added to, or the name of one of them.
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
            f"--start-from already has a style {added.info.name!r}; rename {add_style}"
        )
    return [added]


def described(style: StyleInfo, paintings: Sequence[Painting], grown: Start | None) -> StyleInfo:
    """``style``, by default with the number of ``paintings`` as its title and all their painters as
    its artist. If they are added to ``grown``, title and artist are those of all styles."""
    infos = [*(grown.paintings if grown else ()), *(each.info for each in paintings)]
    title = console.counted(len(infos), "style")
    artist = ", ".join(dict.fromkeys(each.artist for each in infos))
    if grown:
        return replace(style, title=title, artist=artist)
    return replace(style, title=style.title or title, artist=style.artist or artist)
