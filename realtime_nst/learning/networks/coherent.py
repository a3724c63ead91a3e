"""Chen's network form: a style network that composes its features with those of the frame before.

Chen et al., Coherent Online Video Style Transfer, ICCV 2017.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.errors import UsageError
from realtime_nst.learning.networks.fast import FastNet

_HIDDEN = 16


class CoherentNet(nn.Module):
    """``style``, cut open behind the first ``split`` residual blocks; a pure function

    ``(frame [N, 3, H, W], flow, keep, features) -> (image, next features)``, pictures in 0..1.

    Features are ``[N, C, H/f, W/f]``, f the style's ``size_multiple``. ``flow``,
    ``[N, 2, H/f, W/f]``, x then y, in pixels of the *frame*, points from each place of it back into
    the frame before, whose features are given. They are warped, and where a learnt mask has it they
    take the place of the new ones. ``keep`` ``[1]`` is 1, or 0 for a first frame: then the result
    is that of ``style`` alone, to the bit, whatever the (finite) features.

    The next features are the composed ones, so what is held may be many frames old. Deviations from
    Chen: the mask is that of what is held, 0 for all new, and the style is not trained further.
    Raises UsageError for a style without such blocks, or fewer.
    """

    def __init__(self, style: nn.Module, split: int) -> None:
        super().__init__()
        if not isinstance(style, FastNet):
            raise UsageError("a coherent network is made from one of fast, quality and tiny")
        blocks = list(style.transform.children())
        if split > len(blocks):
            raise UsageError(f"--split {split}: the network has {len(blocks)} residual blocks")
        self.size_multiple = style.size_multiple
        self.head = nn.Sequential(style.encode, *blocks[:split])
        self.tail = nn.Sequential(*blocks[split:], style.decode, nn.Sigmoid())
        self.width = style.width
        self.held = nn.Sequential(
            _padded(self.width, _HIDDEN), nn.ReLU(), _padded(_HIDDEN, _HIDDEN), nn.ReLU(),
            _padded(_HIDDEN, 1), nn.Sigmoid(),
        )  # fmt: skip

    def forward(
        self, frame: Tensor, flow: Tensor, keep: Tensor, features: Tensor
    ) -> tuple[Tensor, Tensor]:
        composed = self.compose(self.head(frame), flow, keep, features)
        return self.tail(composed), composed

    def compose(self, new: Tensor, flow: Tensor, keep: Tensor, features: Tensor) -> Tensor:
        change = _warped(features, flow / self.size_multiple) - new
        return new + keep.to(new.dtype) * self.held(change) * change


def _padded(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def _warped(features: Tensor, flow: Tensor) -> Tensor:
    """Bilinear; beyond the border the nearest feature."""
    height, width = flow.shape[-2:]
    x, y = torch.arange(width, device=flow.device), torch.arange(height, device=flow.device)
    column = (x + flow[:, 0]) * (2 / (width - 1)) - 1
    row = (y[:, None] + flow[:, 1]) * (2 / (height - 1)) - 1
    grid = torch.stack((column, row), dim=-1)
    moved = F.grid_sample(features.float(), grid.float(), "bilinear", "border", align_corners=True)
    return moved.to(features.dtype)
