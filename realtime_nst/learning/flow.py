"""Optical flow on tensors: the motion between two pictures, and warping along it."""

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Motion:
    """The motion from an earlier to a later picture, on the grid of the later one.

    ``flow``: ``[N, 2, H, W]``, x then y, in pixels, pointing back into the earlier picture.
    ``visible``: ``[N, 1, H, W]``, 1 where the content of the later picture is visible in the
    earlier one, else 0. ``lighting``: ``[N, 1, H, W]``, the change of the scene's luminance (0..1).
    """

    flow: Tensor
    visible: Tensor
    lighting: Tensor

    def at(self, size: tuple[int, int]) -> "Motion":
        """This motion on a smaller grid (height, width). A cell is visible if all of it is."""
        if size == tuple(self.flow.shape[-2:]):
            return self
        flow, visible, lighting = (
            F.interpolate(each, size, mode="area")
            for each in (self.flow, self.visible, self.lighting)
        )
        ratio = flow.new_tensor([size[1] / self.flow.shape[-1], size[0] / self.flow.shape[-2]])
        return Motion(flow * ratio.view(1, 2, 1, 1), (visible > 0.999).to(visible), lighting)

    def to(self, device: str) -> "Motion":
        return replace(self, **{name: part.to(device) for name, part in vars(self).items()})


def warp(image: Tensor, flow: Tensor, mode: str = "bicubic", padding: str = "border") -> Tensor:
    """``result[n, :, y, x] = image[n, :, y + v, x + u]`` with ``(u, v) = flow[n, :, y, x]``.

    ``image``: ``[N, C, H, W]``; ``flow``: ``[N, 2, H, W]`` in pixels. ``mode`` and ``padding`` are
    those of ``grid_sample``. Bicubic by default: a network trained against bilinear warping would
    learn to blur as it does. Gradients flow through ``image``.
    """
    height, width = flow.shape[-2:]
    x, y = torch.arange(width, device=flow.device), torch.arange(height, device=flow.device)
    # Not max(width - 1, 1): exported, that would be an operator that TensorRT may not know.
    columns, rows = (side - 1 if side > 1 else 1 for side in (width, height))
    column = (x + flow[:, 0]) * (2 / columns) - 1
    row = (y[:, None] + flow[:, 1]) * (2 / rows) - 1
    grid = torch.stack((column, row), dim=-1)
    return F.grid_sample(image.contiguous(), grid, mode, padding, align_corners=True)
