"""What all feature transforms share."""

from abc import ABC, abstractmethod

from torch import Tensor, nn


class Transform(nn.Module, ABC):
    """Gives features the style of a painting's.

    All features are ``[N, C, h, w]``, of any range, h and w at least 2; a frame's and a painting's
    may differ in size. A weighted mean of codes is a code.
    """

    code_size: int

    @abstractmethod
    def code(self, style: Tensor) -> Tensor:
        """What is kept of a painting's features: ``[N, code_size]``, float32. Run once."""

    @abstractmethod
    def forward(self, content: Tensor, code: Tensor) -> Tensor:
        """``content`` in the style of ``code``, of its shape and type. Run for every frame."""
