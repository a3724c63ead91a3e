"""Picture files for training: found, held out, read, and converted from and to tensors."""

import csv
import hashlib
import math
from collections.abc import Collection
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from realtime_nst.errors import MediaError, TrainingError, UsageError
from realtime_nst.learning.tensors import resized
from realtime_nst.media.pictures import SUFFIXES, read_picture
from realtime_nst.stream import Image

INDEX = "INDEX.csv"
"""A table beside paintings: the columns are "file" and any of "artist", "title", "style_weight"."""

_LEAST = 64
"""Pixels a side of a picture to measure on: the deepest losses need them."""

_MISSHAPEN = 0.06
"""How much the ratio of sides may differ: networks cut to multiples of 4 or 16 pixels."""


def find_photos(folder: Path) -> list[Path]:
    """All pictures below ``folder``, sorted. Raises UsageError if there are none."""
    return files_below(
        folder, SUFFIXES, "photos", "`content` takes a folder of a few hundred photos or more"
    )


def find_paintings(folder: Path, option: str = "`paintings`") -> list[Path]:
    """All pictures below ``folder``, sorted. Raises UsageError, which names ``option``, if there
    are none."""
    return files_below(folder, SUFFIXES, "paintings", f"{option} takes a folder of paintings")


def files_below(folder: Path, suffixes: Collection[str], things: str, remedy: str) -> list[Path]:
    """All files below ``folder`` with one of ``suffixes``, sorted. Raises UsageError if there are
    none."""
    if not folder.is_dir():
        raise UsageError(f"no such folder: {str(folder)!r}; {remedy}")
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in suffixes)
    if not found:
        looked_for = ", ".join(sorted(suffixes))
        raise UsageError(f"no {things} in {str(folder)!r} (looked for {looked_for}); {remedy}")
    return found


def read_index(folder: Path, *columns: str) -> dict[str, dict[str, str]]:
    """The rows of the INDEX.csv in ``folder`` by file name, empty if there is none.

    Raises TrainingError if it cannot be read or lacks the column "file" or one of ``columns``.
    """
    index = folder / INDEX
    if not index.is_file():
        return {}
    try:
        with index.open(encoding="utf-8", newline="") as file:
            rows = {row["file"]: row for row in csv.DictReader(file)}
        for row in rows.values():
            [row[column] for column in columns]
    except (OSError, ValueError, KeyError, csv.Error) as error:
        wanted = " and ".join(("file", *columns))
        raise TrainingError(
            f"{str(index)!r} cannot be read ({error}); give it the columns {wanted} in UTF-8, or "
            "remove it"
        ) from error
    return rows


def hold_out(files: list[Path], count: int) -> tuple[list[Path], list[Path]]:
    """(training, held out), by a hash of the file name, so that adding files moves few of them.

    At most a tenth is held out.
    """
    ranked = sorted(files, key=lambda p: hashlib.sha256(p.name.encode()).digest())
    count = min(count, len(files) // 10)
    return sorted(ranked[count:]), sorted(ranked[:count])


def measurable(pictures: list[Path], longest_ratio: float = math.inf) -> list[Path]:
    """The pictures that can be read, are large enough to measure on, and are at most
    ``longest_ratio`` times as long as wide."""
    images = ((path, decode(path)) for path in pictures)
    sides = ((path, sorted(image.shape[:2])) for path, image in images if image is not None)
    return [path for path, (a, b) in sides if a >= _LEAST and b <= longest_ratio * a]


def read_image(path: Path, longest: int | None = None, shorter: int | None = None) -> Tensor:
    """The picture as ``[1, 3, H, W]`` in 0..1, transparency on white.

    With ``longest`` the longer side gets that many pixels; with ``shorter`` the shorter side gets
    at most that many. Raises UsageError if the file is missing, MediaError if it is no picture.
    """
    if not path.is_file():
        raise UsageError(f"no such picture: {str(path)!r}; check the name and the folder")
    image = read_picture(path)
    if longest:
        image = rescaled(image, longest / max(image.shape[:2]))
    if shorter and min(image.shape[:2]) > shorter:
        image = rescaled(image, shorter / min(image.shape[:2]))
    return to_tensor(image)


def read_painted(result: Path, photo: Path, image: Tensor) -> Tensor:
    """``result``, which was painted from all of ``photo``, at the size of that one's ``image``.

    Raises MediaError if their shapes differ by more than a few pixels.
    """
    shown, (height, width) = read_image(result), image.shape[-2:]
    if abs(shown.shape[-1] / shown.shape[-2] * height / width - 1) > _MISSHAPEN:
        raise MediaError(
            f"{str(result)!r} has {shown.shape[-1]}x{shown.shape[-2]} pixels, another shape than "
            f"its photo {str(photo)!r}; paint all of the photo"
        )
    return resized(shown, (height, width))


def decode(path: Path) -> Image | None:
    """The picture, or None if it cannot be read."""
    try:
        return read_picture(path)
    except MediaError:
        return None


def rescaled(image: Image, scale: float, at_least: int = 1) -> Image:
    """``image`` times ``scale``, each side ``at_least`` that many pixels."""
    height, width = (max(at_least, round(n * scale)) for n in image.shape[:2])
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width, height), interpolation=interpolation), np.uint8)


def to_tensor(image: Image, longest: int | None = None) -> Tensor:
    """RGB uint8 ``[H, W, 3]`` to ``[1, 3, h, w]`` in 0..1, the longer side at most ``longest``."""
    if longest and longest < max(image.shape[:2]):
        image = rescaled(image, longest / max(image.shape[:2]))
    return torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float() / 255


def to_image(picture: Tensor) -> Image:
    """``[1, 3, H, W]`` in 0..1 to RGB uint8 ``[H, W, 3]``."""
    pixels = picture.detach()[0].permute(1, 2, 0).float().cpu().mul(255).round().clamp(0, 255)
    return np.ascontiguousarray(pixels.numpy().astype(np.uint8))
