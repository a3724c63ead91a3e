"""The flexible solver (Puy and Pérez 2019, "A flexible convolutional solver for fast style
transfers"): descent on the objective of Gatys et al., unrolled into a network."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.learning.networks.fast import way_back
from realtime_nst.learning.networks.steered import ArbitraryNetwork
from realtime_nst.learning.networks.transformed import WholeFold
from realtime_nst.learning.tensors import gram

_FOLD = 4
_SLOPE = 0.2
"""Of leaky ReLUs. With plain ones a stage died, and the frame stayed as it was."""

_SMALL_STEP = 0.1
"""Of a stage at first. Where steps leave 0..1, nothing is learned."""

_LITTLE = 0.02
"""A gradient of this size is scaled to a half."""

_CELL = 4
"""Pixels; what is finer is an edge."""


class SolverNet(ArbitraryNetwork):
    """The frame is taken ``stages`` steps down the objective. Each step computes the gradients of
    its terms in a map of features as they are defined, and two convolutional networks of its own
    carry them back to the pixels, where descent would go back through VGG-19:

    x ← x - decode(style((G(f) - G) f) + ``content`` · same(f - f₀))

    G is the Gram matrix of the painting, f and f₀ the features of x and of the frame x₀. As the
    terms stay apart, their weights can be changed after training, and terms that training never saw
    can be added: ``edges`` is the weight of ‖H(x - x₀)‖² / 2, where H leaves what is finer than a
    few pixels, for results like a photo. It takes a proximal step, which is stable at any weight.

    Deviations: the features are of two light layers on the folded frame, trained with the rest,
    not of VGG-19; gradients of style are scaled as an optimiser scales them; steps start small.
    """

    size_multiple, size_minimum = _FOLD, 2 * _FOLD
    painting_minimum = 16

    def __init__(
        self,
        width: int = 64,
        stages: int = 3,
        detail: int = 16,
        content: float = 1.0,
        edges: float = 0.0,
    ) -> None:
        super().__init__()
        self._content, self._edges, self._width = content, edges, width
        self.fold = WholeFold(_FOLD)
        self.layers = nn.ModuleList(_convolution(n, width) for n in (3 * _FOLD**2, width))
        self.stages = nn.ModuleList(_Stage(width, detail, n > 0) for n in range(stages))
        self.code_size = len(self.layers) * width**2

    @property
    def feature_layer(self) -> nn.Module:
        return self.stages[-1]

    def encode_style(self, painting: Tensor) -> Tensor:
        return torch.cat([_energy(f).flatten(1) for f in self._features(painting)], 1)

    def paint(self, frame: Tensor, code: Tensor) -> Tensor:
        grams = code.unflatten(1, (-1, self._width, self._width)).unbind(1)
        x, known = frame, self._features(frame)
        for number, stage in enumerate(self.stages):
            found = self._features(x) if number else known
            style = [_gradient(f, wanted) for f, wanted in zip(found, grams, strict=True)]
            x = x - stage(_scaled(torch.cat(style, 1)), self._content * (found[-1] - known[-1]))
            if self._edges:
                x = x - self._edges / (1 + self._edges) * _fine(x - frame)
        shown = x.clamp(0, 1)
        return x + (shown - x).detach() if self.training else shown  # what is cut off learns, too

    def _features(self, picture: Tensor) -> Sequence[Tensor]:
        found, x = [], self.fold(picture)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), _SLOPE)
            found.append(x)
        return found


class _Stage(nn.Module):
    """From the gradients in features to a step in pixels. At first there is no ``same``, as the
    frame is where it begins."""

    def __init__(self, width: int, detail: int, same: bool) -> None:
        super().__init__()
        self.style = nn.Sequential(
            _convolution(2 * width, width), nn.LeakyReLU(_SLOPE), _convolution(width, width)
        )
        self.same = _convolution(width, width) if same else None
        self.decode = nn.Sequential(
            *(nn.LeakyReLU(_SLOPE) if isinstance(layer, nn.ReLU) else layer
              for layer in way_back(_FOLD, width, detail))
        )  # fmt: skip
        with torch.no_grad():
            self.decode[-1].weight.mul_(_SMALL_STEP)  # type: ignore[operator]

    def forward(self, style: Tensor, same: Tensor) -> Tensor:
        step = self.style(style)
        return self.decode(step if self.same is None else step + self.same(same))


def _convolution(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(inputs, outputs, 3))


def _energy(x: Tensor) -> Tensor:
    """The mean products of channels, ``[N, C, C]``, in float32."""
    return x.shape[1] * gram(x.float())


def _gradient(x: Tensor, wanted: Tensor) -> Tensor:
    """That of half the squared distance of the Gram matrix of ``x`` ``[N, C, h, w]`` to ``wanted``
    ``[N, C, C]`` at each place, relative to the sizes of both."""
    with torch.autocast(x.device.type, enabled=False):
        own = _energy(x)
        apart = (own - wanted) / (_size(own) + _size(wanted))
        return (apart @ x.float().flatten(2)).view_as(x).to(x.dtype)


def _scaled(gradient: Tensor) -> Tensor:
    """As an optimiser scales it: to a size of one, or less where there is little left to do."""
    with torch.autocast(gradient.device.type, enabled=False):
        size = gradient.float().square().mean((1, 2, 3), keepdim=True).add(1e-12).sqrt()
        return (gradient / (size + _LITTLE)).to(gradient.dtype)


def _size(matrix: Tensor) -> Tensor:
    return (matrix.square().mean((1, 2), keepdim=True) + 1e-12).sqrt()


def _fine(x: Tensor) -> Tensor:
    coarse = F.avg_pool2d(x, _CELL)
    return x - F.interpolate(coarse, scale_factor=float(_CELL), mode="bilinear")
