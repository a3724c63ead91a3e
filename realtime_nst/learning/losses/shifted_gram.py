"""Gram matrices between features and their shifted copies: structure over distances."""

import torch
import torch.nn.functional as F
from torch import Tensor

_OFFSETS = (1, 4, 16)


class ShiftedGramLoss:
    """The Gram loss between features and their copies shifted in x and in y, mean over the shifts.

    ``style``: the painting's features ``[1, C, h, w]``. Berger and Memisevic 2017; shifts of 0 (the
    plain Gram matrix), 1, 4 and 16 cells of the layer, as far as both pictures reach. Deviation:
    each is divided by the squared norm of the painting's matrix, as in GramLoss.
    """

    def __init__(self, style: Tensor) -> None:
        self._targets = _shifted_grams(style.detach())

    def __call__(self, result: Tensor) -> Tensor:
        grams = _shifted_grams(result)
        shared = [shift for shift in grams if shift in self._targets]
        distances = [_distance(grams[shift], self._targets[shift]) for shift in shared]
        return torch.stack(distances).mean()


def _distance(result: Tensor, target: Tensor) -> Tensor:
    norm = target.pow(2).sum().clamp_min(torch.finfo(torch.float32).tiny)
    return (result - target).pow(2).sum(dim=(1, 2)).mean() / norm


def _shifted_grams(features: Tensor) -> dict[tuple[int, int], Tensor]:
    """By shift (down, across): float32 ``[N, C, C]``, averaged over the places both copies cover.

    Rows are parted by zeros, so that a shift of the flat features is one of the picture.
    """
    _, channels, height, width = features.shape
    shifts = [(0, 0)] + [(n, 0) for n in _OFFSETS if n < height]
    shifts += [(0, n) for n in _OFFSETS if n < width]
    pitch = width + max(across for _, across in shifts)
    flat = F.pad(features, (0, pitch - width)).permute(0, 2, 3, 1).flatten(1, 2)
    grams = {}
    for down, across in shifts:
        offset = down * pitch + across
        products = flat[:, : flat.shape[1] - offset].transpose(1, 2) @ flat[:, offset:]
        places = (height - down) * (width - across)
        grams[down, across] = products.float() / (channels * places)
    return grams
