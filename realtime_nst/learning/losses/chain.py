"""The shape that VGG-19 and its students share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence

import torch.nn.functional as F
from torch import Tensor

Pooling = Callable[[Tensor, int], Tensor]


class Chain(ABC):
    """3x3 convolutions in blocks, a ReLU behind each, the size halved before a block but the first.

    ``names``: of the convolutions, ``B_C``: block B, convolution C.
    """

    names: Sequence[str]
    pool: Pooling

    @property
    def layers(self) -> Sequence[str]:
        return [f"relu{name}" for name in self.names]

    @abstractmethod
    def enter(self, image: Tensor) -> Tensor:
        """``image`` ``[N, 3, H, W]`` in 0..1 as the first convolution takes it."""

    @abstractmethod
    def convolve(self, name: str, x: Tensor) -> Tensor:
        """The response before the ReLU; as large as ``x``."""

    def halved(self, name: str, x: Tensor) -> Tensor:
        """``x`` as the convolution ``name`` takes it: at half the size where a block begins."""
        return self.pool(x, 2) if name.endswith("_1") and name != "1_1" else x

    def features(self, image: Tensor) -> Iterator[tuple[str, Tensor]]:
        x = self.enter(image)
        for name in self.names:
            x = F.relu(self.convolve(name, self.halved(name, x)), inplace=True)
            yield f"relu{name}", x
