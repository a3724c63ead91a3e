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
from realtime_nst.learning.networks.style_encoder import StyleEncoder

_FOLD = 4


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
        self,
        width: int = 64,
        blocks: int = 6,
        detail: int = 16,
        hidden: int = 128,
        hidden_fixed: int = 192,
    ) -> None:
        super().__init__()
        self._norms, self._width = 2 * blocks + 1, width
        self.code_size = self._norms * 2 * width
        self.encode = nn.Sequential(Fold(_FOLD), ConvNorm(3 * _FOLD**2, width))
        self.transform = nn.ModuleList(AdaptiveResidual(width) for _ in range(blocks))
        self.norm = AdaptiveNorm()
        self.decode = way_back(_FOLD, width, detail)
        self.style = StyleEncoder(self.code_size, (16, 32, 48, 64, 80, 96), hidden, hidden_fixed)
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
            for layer in (self.style.own.code, self.style.code):
                layer.weight.mul_(0.1)
            assert self.style.own.code.bias is not None
            self.style.own.code.bias.zero_()
