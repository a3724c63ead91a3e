"""Pictures in and out of tensors."""

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from realtime_nst.errors import UsageError
from realtime_nst.learning.data import read_image

_LEAST_MASS = 1e-3
_ASPECT = 1.05


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


def read_mask(path: Path, of: Path | None = None) -> Tensor:
    """``[1, 1, H, W]`` in 0..1, white is the region, for the picture ``of``.

    Raises UsageError when it is missing, nearly all black, or of another shape than ``of``;
    TrainingError when it is no picture.
    """
    mask = read_image(path).mean(1, keepdim=True)
    if mask.mean() < _LEAST_MASS:
        raise UsageError(
            f"the mask {str(path)!r} is black (nearly) everywhere; paint its region white"
        )
    if of is not None:
        _check_shape(path, mask, of, read_image(of))
    return mask


def _check_shape(path: Path, mask: Tensor, of: Path, picture: Tensor) -> None:
    ratio = (mask.shape[-1] * picture.shape[-2]) / (mask.shape[-2] * picture.shape[-1])
    if not 1 / _ASPECT < ratio < _ASPECT:
        raise UsageError(
            f"the mask {str(path)!r} ({mask.shape[-1]}x{mask.shape[-2]}) has another shape than "
            f"its picture {str(of)!r} ({picture.shape[-1]}x{picture.shape[-2]}); draw it over that"
        )
