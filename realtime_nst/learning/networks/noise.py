"""Noise as an input of networks that paint one photo in many ways."""

import torch
from torch import Tensor, nn

_SIDE = 64
_SEED = 0


class Noise(nn.Module):
    """``channels`` of uniform noise in 0..1, as large as a map ``[N, C, h, w]``.

    New noise at each call in training. A trained network gets the same tile of 64x64 numbers side
    by side, so that a photo is painted alike each time and an engine needs no random numbers.
    """

    tile: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(_SEED)
        tile = torch.rand(1, channels, _SIDE, _SIDE, generator=generator)
        self.register_buffer("tile", tile, persistent=False)

    def forward(self, like: Tensor) -> Tensor:
        count, _, height, width = like.shape
        channels = self.tile.shape[1]
        if self.training:
            shape = (count, channels, height, width)
            return torch.rand(shape, device=like.device, dtype=like.dtype)
        down, across = height // _SIDE + 1, width // _SIDE + 1
        tiles = self.tile[:, :, None, :, None].expand(-1, -1, down, -1, across, -1)
        whole = tiles.reshape(1, channels, down * _SIDE, across * _SIDE)
        return whole[..., :height, :width].expand(count, -1, -1, -1).to(like.dtype)
