"""Many styles in one network, which differ in their normalisations alone."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.learning.networks.blocks import Fold, InstanceNorm
from realtime_nst.learning.networks.fast import FastNet, way_back
from realtime_nst.learning.networks.steered import AdaptiveNorm, AdaptiveResidual, StyledNetwork


class ConditionalNet(StyledNetwork):
    """FastNet with a scale and a shift for each style in every normalisation (Dumoulin et al.
    2017).

    A code holds the blend weights of the styles: the normalisations take the weighted sum of the
    styles' parameters. A row of ``styles`` holds those of one style: ``[norms, 2, width]``, flat.
    """

    def __init__(
        self,
        styles: int,
        fold: int = 4,
        width: int = 64,
        blocks: int = 4,
        detail: int = 16,
        first: str = "shuffle",
    ) -> None:
        of_a_style = (1 + 2 * blocks, 2, width)
        plain = torch.tensor([1.0, 0.0])[:, None].expand(of_a_style)
        super().__init__(plain.flatten().repeat(styles, 1))
        self._of_a_style = of_a_style
        self.size_multiple, self.size_minimum = fold, 2 * fold
        self.encode = nn.Sequential(
            Fold(fold), nn.ReflectionPad2d(1), nn.Conv2d(3 * fold**2, width, 3)
        )
        self.norm = AdaptiveNorm()
        self.transform = nn.ModuleList(AdaptiveResidual(width) for _ in range(blocks))
        self.decode = way_back(fold, width, detail, first)

    @property
    def feature_layer(self) -> nn.Module:
        return self.transform[-1] if len(self.transform) else self.norm

    def paint(self, frame: Tensor, code: Tensor) -> Tensor:
        given = self.of_styles(code).view(-1, *self._of_a_style)
        x = F.relu(self.norm(self.encode(frame), given[:, 0]))
        for n, block in enumerate(self.transform):
            x = block(x, given[:, 2 * n + 1 : 2 * n + 3])
        return torch.sigmoid(self.decode(x))

    @torch.no_grad()
    def start_as(self, single: FastNet) -> None:
        """Take over the convolutions of ``single``, and its normalisations for every style."""
        for own, given in zip(_convolutions(self), _convolutions(single), strict=True):
            own.load_state_dict(given.state_dict())
        norms = (norm for norm in single.modules() if isinstance(norm, InstanceNorm))
        self.styles.copy_(torch.cat([part for n in norms for part in (n.weight, n.bias)]))


def _convolutions(network: nn.Module) -> Iterator[nn.Conv2d]:
    return (module for module in network.modules() if isinstance(module, nn.Conv2d))
