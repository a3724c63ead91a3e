"""A network for any painting: an encoder turns a painting into a code, which steers the paint."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.learning.networks.blocks import ConvNorm, Fold
from realtime_nst.learning.networks.fast import way_back
from realtime_nst.learning.networks.steered import (
    AdaptiveNorm,
    AdaptiveResidual,
    ArbitraryNetwork,
)
from realtime_nst.learning.tensors import reflect_pad, statistics

_FOLD = 4


class StyleEncoder(nn.Module):
    """A painting ``[N, 3, H, W]`` in 0..1, at least 32x32, to a code ``[N, size]``.

    Six convolutions, each at half the size of the one before; the means and standard deviations of
    their channels go through two layers (MicroAST, Wang et al. 2023, modulates by such statistics
    too). The last convolution sees 65 pixels of the painting, so that large shapes count. The
    statistics and the layers after them are in float32.
    """

    def __init__(self, size: int, widths: tuple[int, ...], hidden: int) -> None:
        super().__init__()
        inputs = (3, *widths)
        self.levels = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=2 if n else 1)
            for n, (a, b) in enumerate(zip(inputs, widths, strict=False))
        )
        self.hidden = nn.Conv2d(2 * sum(widths), hidden, 1)
        self.code = nn.Conv2d(hidden, size, 1)
        for layer in (*self.levels, self.hidden):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

    def forward(self, painting: Tensor) -> Tensor:
        x, found = painting * 2 - 1, list[Tensor]()
        for level in self.levels:
            x = F.relu(level(reflect_pad(x)))
            found += statistics(x)
        with torch.autocast(x.device.type, enabled=False):
            hidden = F.leaky_relu(self.hidden(torch.cat(found, 1)), 0.2)
            return self.code(hidden).flatten(1)


class ArbitraryNet(ArbitraryNetwork):
    """A light network for any painting.

    As FastNet, it works on a folded frame and returns to full size without a grid. Its residual
    blocks, and a last normalisation before the way back, take scale and shift from the code, as in
    conditional instance normalisation (Dumoulin et al. 2017) and in MicroAST's decoder.
    """

    size_multiple, size_minimum = _FOLD, 2 * _FOLD
    painting_minimum = 32
    _plain: Tensor

    def __init__(
        self, width: int = 64, blocks: int = 6, detail: int = 16, hidden: int = 128
    ) -> None:
        super().__init__()
        self._norms, self._width = 2 * blocks + 1, width
        self.code_size = self._norms * 2 * width
        self.encode = nn.Sequential(Fold(_FOLD), ConvNorm(3 * _FOLD**2, width))
        self.transform = nn.ModuleList(AdaptiveResidual(width) for _ in range(blocks))
        self.norm = AdaptiveNorm()
        self.decode = way_back(_FOLD, width, detail)
        self.style = StyleEncoder(self.code_size, (16, 32, 48, 64, 80, 96), hidden)
        self._start_plain()

    @property
    def feature_layer(self) -> nn.Module:
        return self.transform[-1] if len(self.transform) else self.encode

    def encode_style(self, painting: Tensor) -> Tensor:
        """Codes are differences from plain normalisation: 0 is scale 1 and shift 0."""
        return self.style(painting)

    def paint(self, frame: Tensor, code: Tensor) -> Tensor:
        given = code.view(-1, self._norms, 2, self._width) + self._plain
        x = self.encode(frame)
        for n, block in enumerate(self.transform):
            x = block(x, given[:, 2 * n : 2 * n + 2])
        x = F.relu(self.norm(x, given[:, -1]))
        return torch.sigmoid(self.decode(x))

    def _start_plain(self) -> None:
        """Start near plain normalisation, so that the first steps give a picture for any
        painting."""
        plain = torch.tensor([1.0, 0.0]).view(1, 1, 2, 1)
        self.register_buffer("_plain", plain, persistent=False)
        with torch.no_grad():
            self.style.code.weight.mul_(0.1)
            assert self.style.code.bias is not None
            self.style.code.bias.zero_()
