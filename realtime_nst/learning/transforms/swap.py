"""Style swap."""

import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_nst.learning.tensors import patches, window
from realtime_nst.learning.transforms.transform import Transform

_SIDE = 3
_GRID = 16


class StyleSwap(Transform):
    """Each 3x3 patch is replaced by the painting's most similar one, by normalised correlation.
    Overlapping patches are averaged (Chen and Schmidt 2016).

    The code holds 256 patches on a regular grid, ``[C, 3, 3]`` each (the paper takes all). Patches
    are laid out by slices and compared by one matrix product. The paper convolves with them, but
    engines do not take kernels that are inputs. The choice has no gradient, so the encoder learns
    from the painting's features alone.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.code_size = _GRID**2 * channels * _SIDE**2

    def code(self, style: Tensor) -> Tensor:
        found = patches(style.float())
        for axis in (2, 3):
            found = found.index_select(axis, _grid(found, axis))
        return found.flatten(1)

    def forward(self, content: Tensor, code: Tensor) -> Tensor:
        store = code.to(content.dtype).unflatten(1, (-1, _GRID**2))
        similarity = _of_one_length(store).mT @ patches(content).flatten(2)
        best = similarity.argmax(1)
        chosen = [own.index_select(1, places) for own, places in zip(store, best, strict=True)]
        laid = torch.stack(chosen).unflatten(2, content.shape[2:])
        return _overlapped(laid) / _overlapped(torch.ones_like(laid[:, : _SIDE**2]))


def _of_one_length(patches: Tensor) -> Tensor:
    """``patches`` ``[N, 9 C, P]`` scaled to the same norm."""
    return patches / (patches.square().mean(1, keepdim=True) + 1e-12).sqrt()


def _grid(x: Tensor, axis: int) -> Tensor:
    """The middles of equal parts of ``axis``, rounded down. Exact, so that engines agree."""
    middles = torch.arange(_GRID, device=x.device) + 0.5
    return (middles * x.shape[axis] / _GRID).long()


def _overlapped(patches: Tensor) -> Tensor:
    """The sum, at each place, of the values that the patches over it have there: C channels."""
    parts = F.pad(patches, (1,) * 4).chunk(_SIDE**2, 1)
    first, *others = (window(part, _SIDE**2 - 1 - n) for n, part in enumerate(parts))
    return sum(others, first)
