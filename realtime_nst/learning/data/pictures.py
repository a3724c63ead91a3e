"""Pictures for training: found, held out, read, and converted from and to tensors."""

import hashlib
import math
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from realtime_nst.errors import TrainingError, UsageError

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
_JPEG = b"\xff\xd8"
_LEAST = 64


def read_image(path: Path, longest: int | None = None, shorter: int | None = None) -> Tensor:
    """``[1, 3, H, W]`` float in 0..1; what is transparent is laid on white.

    With ``longest`` the longer side gets that many pixels; with ``shorter`` the shorter side gets
    at most that many.

    Raises UsageError when the file is missing, TrainingError when it is no picture.
    """
    if not path.is_file():
        raise UsageError(f"no such picture: {str(path)!r}; check the name and the folder")
    image = decode(path)
    if image is None:
        raise TrainingError(
            f"{str(path)!r} is not a picture that can be read (JPEG, PNG, WebP, BMP)"
        )
    if longest:
        image = rescaled(image, longest / max(image.shape[:2]))
    if shorter and min(image.shape[:2]) > shorter:
        image = rescaled(image, shorter / min(image.shape[:2]))
    return torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255


def find_paintings(folder: Path, asked: str = "--paintings") -> list[Path]:
    """All pictures below ``folder``, which the option ``asked`` gave, sorted. Raises UsageError
    when there are none."""
    takes = f"{asked} takes a folder of"
    return files_below(
        folder, _SUFFIXES, "paintings", f"{takes} paintings", f"{takes} many paintings"
    )


def find_photos(folder: Path) -> list[Path]:
    """All pictures below ``folder``, sorted. Raises UsageError when there are none."""
    takes = "--content takes a folder of"
    return files_below(
        folder, _SUFFIXES, "photos", f"{takes} photos", f"{takes} a few hundred photos or more"
    )


def files_below(
    folder: Path, suffixes: set[str], things: str, remedy: str, remedy_when_empty: str
) -> list[Path]:
    """All files below ``folder`` of one of ``suffixes``, sorted. Raises UsageError without any."""
    if not folder.is_dir():
        raise UsageError(f"no such folder: {str(folder)!r}; {remedy}")
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in suffixes)
    if not found:
        looked_for = ", ".join(sorted(suffixes))
        raise UsageError(
            f"no {things} in {str(folder)!r} (looked for {looked_for}); {remedy_when_empty}"
        )
    return found


def measurable(pictures: list[Path], narrowest: float = math.inf) -> list[Path]:
    """Those that can be read, are large enough to measure on and not over ``narrowest`` times as
    long as wide."""
    images = ((path, decode(path)) for path in pictures)
    sides = ((path, sorted(image.shape[:2])) for path, image in images if image is not None)
    return [path for path, (a, b) in sides if a >= _LEAST and b <= narrowest * a]


def hold_out(photos: list[Path], count: int) -> tuple[list[Path], list[Path]]:
    """(training, held out): by a hash of the file name, so that adding photos moves few of them.

    At most a tenth of the photos is held out.
    """
    ranked = sorted(photos, key=lambda p: hashlib.sha256(p.name.encode()).digest())
    count = min(count, len(photos) // 10)
    return sorted(ranked[count:]), sorted(ranked[:count])


def decode(path: Path) -> np.ndarray | None:
    """The picture, RGB uint8 ``[H, W, 3]``, what is transparent on white; None where it is none."""
    try:
        data = np.fromfile(path, np.uint8)
        image = _laid_on_white(data)
        if image is None:
            image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        return None
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _laid_on_white(data: np.ndarray) -> np.ndarray | None:
    """BGR of a picture with transparency; None for any other."""
    if data[:2].tobytes() == _JPEG:  # never has transparency
        return None
    image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if image is None or image.shape[2:] != (4,) or image.dtype not in (np.uint8, np.uint16):
        return None
    white = 255 if image.dtype == np.uint8 else 65535
    alpha = image[..., 3:] / white
    return np.round(255 * (image[..., :3] / white * alpha + 1 - alpha)).astype(np.uint8)


def rescaled(image: np.ndarray, scale: float, at_least: int = 1) -> np.ndarray:
    height, width = (max(at_least, round(n * scale)) for n in image.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, (width, height), interpolation=how)


def to_tensor(image: NDArray[np.uint8], longest: int | None = None) -> Tensor:
    """RGB uint8 HWC to float ``[1, 3, h, w]`` in 0..1, the longer side at most ``longest``."""
    scale = longest / max(image.shape[:2]) if longest else 1
    if scale < 1:
        height, width = (max(1, round(side * scale)) for side in image.shape[:2])
        image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))
    return torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float() / 255


def to_image(picture: Tensor) -> NDArray[np.uint8]:
    """``[1, 3, H, W]`` in 0..1 to RGB uint8 HWC."""
    pixels = picture.detach()[0].permute(1, 2, 0).float().cpu().mul(255).round().clamp(0, 255)
    return np.ascontiguousarray(pixels.numpy().astype(np.uint8))
