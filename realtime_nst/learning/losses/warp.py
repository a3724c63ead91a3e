"""Moving results and features along a flow, in torch: gradients flow through."""

import torch
import torch.nn.functional as F
from torch import Tensor


def warp(image: Tensor, flow: Tensor, mode: str = "bicubic", padding: str = "border") -> Tensor:
    """``result[n, :, y, x] = image[n, :, y + v, x + u]`` with ``(u, v) = flow[n, :, y, x]``.

    ``image``: ``[N, C, H, W]``; ``flow``: ``[N, 2, H, W]`` in pixels. Between pixels as ``mode``
    says, beyond the border as ``padding`` does (see torch's ``grid_sample``). Bicubic, because what
    bilinear blurs a network would learn to blur too.
    """
    height, width = flow.shape[-2:]
    x, y = torch.arange(width, device=flow.device), torch.arange(height, device=flow.device)
    column = (x + flow[:, 0]) * (2 / max(width - 1, 1)) - 1
    row = (y[:, None] + flow[:, 1]) * (2 / max(height - 1, 1)) - 1
    grid = torch.stack((column, row), dim=-1)
    return F.grid_sample(image.contiguous(), grid, mode, padding, align_corners=True)
