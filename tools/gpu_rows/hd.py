"""The HD way as one module: painted small, then enlarged, all on the card."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.learning.tensors import resized
from realtime_nst.sizes import STYLE_LINES

_LUMA = (0.299, 0.587, 0.114)
_WEAVE, _CONTRAST, _BLUR = 2 / 255, 1.25, 0.67
_MOST_FACTOR, _STEP = 3.0, 2.25
"""As in ``runtime.enlarge``, which says why."""


class HdWay(nn.Module):
    """Planes ``[1, 3, H, W]`` in 0..1 of a frame to those of the picture, H and W multiples of 4.

    ``network`` paints at STYLE_LINES, or two thirds of a frame that has not many more; strokes
    get clean borders as in ``runtime.enlarge``. Resizing is in float32. Deviations from
    there: frames shrink by an antialiased filter, not by area, and nothing is rounded to bytes.
    """

    luma: Tensor
    blur: Tensor
    bell: Tensor

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("luma", torch.tensor(_LUMA).view(1, 3, 1, 1))
        row = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer("blur", torch.outer(row, row)[None, None])
        bell = torch.exp(-torch.arange(-2, 3).square() / (2 * _BLUR**2))
        self.register_buffer("bell", (torch.outer(bell, bell) / bell.sum().square())[None, None])

    def forward(self, planes: Tensor) -> Tensor:
        height, width = planes.shape[-2:]
        small = _multiple(min(STYLE_LINES, height * 2 / 3)), 0
        small = small[0], _multiple(width * small[0] / height)
        painted = self.network(resized(planes.float(), small).to(planes.dtype))
        y = self._brightness(painted)
        colours = (painted - y).float()
        while y.shape[-2] < height:
            across, down = y.shape[-1], y.shape[-2]
            near = height / down <= _MOST_FACTOR
            size = (height, width) if near else (_multiple(down * _STEP), _multiple(across * _STEP))
            y = self._once(y, size)
        return y + _stretched(colours, (height, width), "bilinear").to(y.dtype)

    def _brightness(self, planes: Tensor) -> Tensor:
        return (planes * self.luma).sum(1, keepdim=True)

    def _once(self, y: Tensor, size: tuple[int, int]) -> Tensor:
        smooth = F.conv2d(F.pad(y, (1,) * 4, mode="reflect"), self.blur)
        y = smooth + F.softshrink(y - smooth, _WEAVE)
        blurred = F.conv2d(F.pad(y, (2,) * 4, mode="reflect"), self.bell)
        strokes = _stretched(y + _CONTRAST * (y - blurred), size, "bicubic")
        most = _stretched(F.max_pool2d(y, 5, 1, 2), size, "bilinear")
        least = -_stretched(F.max_pool2d(-y, 5, 1, 2), size, "bilinear")
        return torch.maximum(torch.minimum(strokes, most), least).to(y.dtype)


def _stretched(planes: Tensor, size: tuple[int, int], mode: str) -> Tensor:
    return F.interpolate(planes.float(), size, mode=mode)


def _multiple(side: float) -> int:
    return round(side / 4) * 4
