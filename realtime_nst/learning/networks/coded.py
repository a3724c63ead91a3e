"""A network for one painting that begins as the network for any painting, with that one's code."""

from typing import Self

import torch
from torch import Tensor, nn

from realtime_nst.learning.networks.arbitrary import ArbitraryNet
from realtime_nst.learning.networks.blocks import StyleNetwork


class CodedNet(StyleNetwork):
    """ArbitraryNet without its encoder. The code is a weight like all others, so that what
    ArbitraryNet makes of a painting is where training for that painting starts.

    MetaNet (Shen et al. 2018) has a network make the weights of another from a painting. Deviation:
    only those of the normalisations come from the painting; the others start alike for all.
    """

    size_multiple, size_minimum = ArbitraryNet.size_multiple, ArbitraryNet.size_minimum

    def __init__(self) -> None:
        super().__init__()
        self.painter = ArbitraryNet()
        del self.painter.style
        self.code = nn.Parameter(torch.zeros(1, self.painter.code_size))

    @property
    def feature_layer(self) -> nn.Module:
        return self.painter.feature_layer

    def forward(self, x: Tensor) -> Tensor:
        return self.painter.paint(x, self.code.expand(len(x), -1))

    @torch.no_grad()
    def start_as(self, network: ArbitraryNet, painting: Tensor) -> Self:
        """Take the weights of ``network``, and its code of ``painting`` ``[1, 3, H, W]``."""
        weights = network.state_dict()
        self.painter.load_state_dict({name: weights[name] for name in self.painter.state_dict()})
        self.code.copy_(network.encode_style(painting))
        return self
