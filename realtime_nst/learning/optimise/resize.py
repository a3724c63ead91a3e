"""Pictures and masks at another size."""

import torch.nn.functional as F
from torch import Tensor


def resized(image: Tensor, size: tuple[int, int]) -> Tensor:
    """``[N, C, *]`` at ``size`` (height, width), bilinear, without aliasing."""
    if tuple(image.shape[-2:]) == size:
        return image
    return F.interpolate(image, size, mode="bilinear", antialias=True, align_corners=False)


def halved(image: Tensor, times: int) -> Tensor:
    """``image`` with both sides halved ``times`` times over, at least one pixel."""
    height, width = (max(1, round(side / 2**times)) for side in image.shape[-2:])
    return resized(image, (height, width))
