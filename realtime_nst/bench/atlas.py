"""The page of the atlas: a wall of pictures, two under a slider, a table, and plots."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
from jinja2 import Environment, PackageLoader, StrictUndefined

from realtime_nst.bench.case import Row
from realtime_nst.bench.rows import number
from realtime_nst.media.pictures import read_picture
from realtime_nst.stream import Image

SHOWN = 4
"""Photos on the page."""

_SIDE, _QUALITY = 360, 82
_WORDS = ("paper", "less")


def pictures_of(folder: Path) -> Path:
    """Where the pictures of the atlas in ``folder`` are: FAMILY-PHOTO.jpg."""
    return folder / "pictures"


def page(
    folder: Path, photos: Sequence[Path], rows: Sequence[Row], left_out: Mapping[str, str]
) -> str:
    """One HTML file that needs no other and no network. ``left_out``: why a family has no row."""
    figures = [_numbers(row) for row in rows]
    families = [
        {
            "name": row.key["family"],
            **{name: row.key.get(name) or row.figures.get(name) or "" for name in _WORDS},
            "figures": measured,
            "shown": {name: number(value) for name, value in measured.items()},
            "pictures": [_of(folder, row.key["family"], photo) for photo in photos],
        }
        for row, measured in zip(rows, figures, strict=True)
    ]
    environment = Environment(
        loader=PackageLoader("realtime_nst", "bench"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    data = {
        "photos": [{"name": each.stem, "picture": _packed(read_picture(each))} for each in photos],
        "families": families,
        "columns": list(dict.fromkeys(name for each in figures for name in each)),
    }
    return environment.get_template("atlas.html.j2").render(data=data, left_out=left_out)


def _numbers(row: Row) -> dict[str, int | float]:
    return {n: v for n, v in row.figures.items() if isinstance(v, int | float)}


def _of(folder: Path, family: str, photo: Path) -> str:
    path = pictures_of(folder) / f"{family}-{photo.stem}.jpg"
    return _packed(read_picture(path)) if path.is_file() else ""


def _packed(image: Image) -> str:
    """``image`` as a URI that holds a JPEG file, at most 360 pixels wide or high."""
    scale = min(1.0, _SIDE / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    flags = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    _, data = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), flags)
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
