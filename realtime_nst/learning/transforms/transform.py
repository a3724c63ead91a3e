"""The contract of feature transforms."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Transform(nn.Module, ABC):
    """Gives features the style of a painting's features.

    Features are ``[N, C, h, w]`` of any range, with h and w at least 2; those of a frame and of a
    painting may differ in size. A weighted mean of codes is a code.
    """

    code_size: int

    @abstractmethod
    def code(self, style: Tensor) -> Tensor:
        """The code of a painting's features, ``[N, code_size]``, float32. Run once a painting."""

    @abstractmethod
    def forward(self, content: Tensor, code: Tensor) -> Tensor:
        """``content`` in the style of ``code``, in the same shape and type. Run for every frame."""
