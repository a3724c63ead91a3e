"""A contact sheet: pictures in a grid, each with a caption."""

import math
from collections.abc import Sequence

import cv2
import numpy as np

from realtime_nst.stream import Image

_WIDTH = 480
_GAP = 8
_CAPTION = 28
_PAPER, _INK = (255, 255, 255), (30, 30, 30)


def contact_sheet(tiles: Sequence[tuple[str, Image]], columns: int | None = None) -> Image:
    """One RGB picture of all ``tiles`` (caption, picture), each 480 pixels wide, on white.

    ``columns`` defaults to a number that makes the sheet about square.
    """
    columns = columns or math.ceil(math.sqrt(len(tiles)))
    drawn = [_tile(caption, picture) for caption, picture in tiles]
    height = max(tile.shape[0] for tile in drawn)
    rows = math.ceil(len(drawn) / columns)
    step = height + _GAP, _WIDTH + _GAP
    sheet = np.full((rows * step[0] + _GAP, columns * step[1] + _GAP, 3), 255, np.uint8)
    for number, tile in enumerate(drawn):
        top, left = (_GAP + n * s for n, s in zip(divmod(number, columns), step, strict=True))
        sheet[top : top + tile.shape[0], left : left + _WIDTH] = tile
    return sheet


def _tile(caption: str, picture: Image) -> Image:
    height = max(1, round(picture.shape[0] * _WIDTH / picture.shape[1]))
    shown = cv2.resize(picture, (_WIDTH, height), interpolation=cv2.INTER_AREA)
    tile = cv2.copyMakeBorder(shown, 0, _CAPTION, 0, 0, cv2.BORDER_CONSTANT, value=_PAPER)
    plain = caption.encode("ascii", "replace").decode()
    at = (2, height + 20)
    cv2.putText(tile, plain, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
    return np.asarray(tile, np.uint8)
