"""Adaptive instance normalisation."""

import torch
from torch import Tensor

from realtime_nst.learning.tensors import normalised, statistics
from realtime_nst.learning.transforms.transform import Transform


class AdaIN(Transform):
    """The mean and deviation of each channel become the painting's (Huang and Belongie 2017).

    The code holds C means and C deviations.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.code_size = 2 * channels

    def code(self, style: Tensor) -> Tensor:
        return torch.cat(statistics(style), 1).flatten(1)

    def forward(self, content: Tensor, code: Tensor) -> Tensor:
        mean, deviation = code[..., None, None].chunk(2, 1)
        return (normalised(content) * deviation + mean).to(content.dtype)
