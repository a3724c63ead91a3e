"""The network that gives an enlarged painting the detail of its strokes."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FOLD = 4
"""Pixels a side of the blocks that it works on: at full size, memory traffic would be the cost."""

_CELLS = FOLD * FOLD
_RADIUS = 4
"""Pixels: how far a filter reaches in one convolution over blocks."""

_GUIDE_BLUR = 1.5
_BASE_BLURS, _BASE_SCALE = (1.2, 2.2), 2.0
"""Deviations of Gaussians in pixels. Of the frame, all that the first takes away is detail. Of the
painting, only what lies between the other two: finer still is the weave that networks leave."""

_START = (0.5, 2.0)
"""The gains at which training starts."""

_CONTRAST = 4.0
"""By how much differences within a block are raised: they are small beside the means."""


class EnlargerNet(nn.Module):
    """Detail for the brightness of a painting that was enlarged by interpolation.

    ``(base [N, 1, H, W], guide [N, 1, H, W]) -> detail [N, 1, H, W]``, brightness in 0..1, H and W
    multiples of FOLD. ``base`` is the enlarged painting, ``guide`` the frame that was painted. The
    detail is a local mixture of two bands, the edges of strokes from ``base`` and the texture of
    things from ``guide``, each times a gain. Convolutions over blocks of FOLD x FOLD predict the
    gains of each block, which are interpolated between blocks; compare the bilateral guided
    upsampling of Chen et al. 2016 and HDRnet (Gharbi et al. 2017). Gains leave no grid of blocks,
    as a network does that paints the pixels of a block itself (measured: 4 to 12 times the energy
    at 4 pixels). There is no normalisation: what is painted in one place depends on no other.
    """

    bands: Tensor
    spread: Tensor
    contrast: Tensor

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.first = nn.Conv2d(2 * (_CELLS + 1), width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.gains = nn.Conv2d(width, 2, 3, padding=1)
        nn.init.normal_(self.gains.weight, std=0.01)
        assert self.gains.bias is not None
        self.gains.bias.data = torch.tensor(_START)
        fine, coarse = map(_gaussian, _BASE_BLURS)
        bands = (_BASE_SCALE * (fine - coarse), _gaussian(0) - _gaussian(_GUIDE_BLUR))
        self.register_buffer("bands", _apart([_over_blocks(band) for band in bands]), False)
        self.register_buffer("spread", _apart([_bilinear(), _bilinear()]), False)
        self.register_buffer("contrast", torch.block_diag(_means_apart(), _means_apart()), False)

    def forward(self, base: Tensor, guide: Tensor) -> Tensor:
        blocks = (F.pixel_unshuffle(each, FOLD) for each in (base, guide))
        return F.pixel_shuffle(self.over_blocks(torch.cat([*blocks], 1), self.kernel()), FOLD)

    def kernel(self) -> Tensor:
        """The kernel of the first convolution, over blocks as they are. It is trained over the mean
        of each block and what differs from it, raised, for that is small beside the mean."""
        return torch.einsum("oiyx,ij->ojyx", self.first.weight, self.contrast)

    def over_blocks(self, blocks: Tensor, kernel: Tensor) -> Tensor:
        """The same, folded: ``[N, 2 FOLD², h, w]``, base and guide, to ``[N, FOLD², h, w]``.
        ``kernel`` is what :meth:`kernel` gives."""
        seen = F.conv2d(blocks - 0.5, kernel, self.first.bias, padding=1).relu()
        gains = F.conv2d(self.gains(self.second(seen).relu()), self.spread, padding=1)
        detail = F.conv2d(blocks, self.bands, padding=1) * gains
        both = torch.eye(_CELLS, device=detail.device, dtype=detail.dtype).repeat(1, 2)
        return F.conv2d(detail, both[..., None, None])


def _means_apart() -> Tensor:
    """``[FOLD² + 1, FOLD²]``: a block's raised differences from its mean, then the mean."""
    mean = torch.full((1, _CELLS), 1 / _CELLS)
    return torch.cat([_CONTRAST * (torch.eye(_CELLS) - mean), mean])


def _gaussian(deviation: float) -> Tensor:
    """A filter ``[2 _RADIUS + 1, 2 _RADIUS + 1]`` whose sum is 1; without deviation, the picture
    itself."""
    offsets = torch.arange(-_RADIUS, _RADIUS + 1)
    if deviation == 0:
        return (offsets == 0).float().outer((offsets == 0).float())
    bell = torch.exp(-offsets.square() / (2 * deviation**2))
    return torch.outer(bell, bell) / bell.sum().square()


def _over_blocks(kernel: Tensor) -> Tensor:
    """The filter ``kernel`` of pixels as a convolution ``[FOLD², FOLD², 3, 3]`` over blocks."""
    folded = torch.zeros(_CELLS, _CELLS, 3, 3)
    reach = range(-_RADIUS, _RADIUS + 1)
    for y, x in _places():
        for dy in reach:
            for dx in reach:
                (down, row), (right, column) = divmod(y + dy, FOLD), divmod(x + dx, FOLD)
                weight = kernel[dy + _RADIUS, dx + _RADIUS]
                folded[y * FOLD + x, row * FOLD + column, 1 + down, 1 + right] += weight
    return folded


def _bilinear() -> Tensor:
    """One number a block, interpolated to its pixels, as a convolution ``[FOLD², 1, 3, 3]``."""
    spread = torch.zeros(_CELLS, 1, 3, 3)
    for y, x in _places():
        spread[y * FOLD + x, 0] = torch.outer(_shares(y), _shares(x))
    return spread


def _shares(place: int) -> Tensor:
    """Of the block before, this one and the one after, at a pixel's ``place`` in its block."""
    away = (place + 0.5) / FOLD - 0.5
    return torch.tensor([max(-away, 0.0), 1 - abs(away), max(away, 0.0)])


def _places() -> list[tuple[int, int]]:
    return [(y, x) for y in range(FOLD) for x in range(FOLD)]


def _apart(kernels: list[Tensor]) -> Tensor:
    """Convolutions side by side, each on input channels of its own."""
    outputs, inputs = (sum(kernel.shape[axis] for kernel in kernels) for axis in (0, 1))
    together = torch.zeros(outputs, inputs, 3, 3)
    out = into = 0
    for kernel in kernels:
        together[out : out + kernel.shape[0], into : into + kernel.shape[1]] = kernel
        out, into = out + kernel.shape[0], into + kernel.shape[1]
    return together
