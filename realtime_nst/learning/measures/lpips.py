"""LPIPS, the learned perceptual distance between two pictures, in its SqueezeNet form."""

from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.errors import MissingPackage, TrainingError
from realtime_nst.learning.loss_networks.weights import Weights, read_weights

BACKBONE = "squeezenet1_1-b8a52dc0.pth"
"""torchvision's file of SqueezeNet 1.1, at https://download.pytorch.org/models/."""

_TAPS = (1, 4, 7, 9, 10, 11, 12)
"""The layers that are compared, by their places in torchvision's ``features``."""

_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""Of pictures in -1..1."""

_EPSILON = 1e-8


class Lpips:
    """Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
    equation 1, version 0.1, on SqueezeNet 1.1. 0 for equal pictures; lower is more alike.

    ``backbone`` holds SqueezeNet's weights under torchvision's names. Those of the linear layers
    come with the package ``torchmetrics``. Raises MissingPackage without it, TrainingError for
    other weights.
    """

    def __init__(self, backbone: Path, device: str = "cpu") -> None:
        self._layers = _squeezenet(read_weights(backbone), backbone).to(device)
        self._linear = [weight.to(device) for weight in _linear()]
        self._shift, self._scale = (
            torch.tensor(value, device=device).view(1, 3, 1, 1) for value in (_SHIFT, _SCALE)
        )

    @torch.no_grad()
    def __call__(self, photo: Tensor, result: Tensor) -> float:
        """The distance between two pictures of one size, ``[1, 3, H, W]`` in 0..1."""
        seen, made = self._features(photo), self._features(result)
        distances = [
            F.conv2d((a - b).square(), weight).mean()
            for a, b, weight in zip(seen, made, self._linear, strict=True)
        ]
        return float(sum(distances))

    def _features(self, picture: Tensor) -> list[Tensor]:
        x, found = (2 * picture - 1 - self._shift) / self._scale, []
        for place, layer in enumerate(self._layers):
            x = layer(x)
            if place in _TAPS:
                found.append(x / (x.square().sum(1, keepdim=True) + _EPSILON).sqrt())
        return found


class _Fire(nn.Module):
    """Iandola et al. 2016, figure 1: 1x1 to fewer channels, then 1x1 and 3x3 side by side."""

    def __init__(self, inputs: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.squeeze(x))
        return F.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], 1))


def _squeezenet(weights: Weights, path: Path) -> nn.Sequential:
    layers = nn.Sequential(
        *(nn.Conv2d(3, 64, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(_Fire(64, 16, 64), _Fire(128, 16, 64), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(_Fire(128, 32, 128), _Fire(256, 32, 128), nn.MaxPool2d(3, 2, ceil_mode=True)),
        *(_Fire(256, 48, 192), _Fire(384, 48, 192), _Fire(384, 64, 256), _Fire(512, 64, 256)),
    )
    try:
        named = {
            name.removeprefix("features."): weight.float()
            for name, weight in weights.items()
            if name.startswith("features.")
        }
        layers.load_state_dict(named)
    except (RuntimeError, AttributeError, TypeError) as error:
        raise TrainingError(
            f"{str(path)!r} does not hold the weights of SqueezeNet 1.1; give torchvision's "
            f"{BACKBONE}, from https://download.pytorch.org/models/"
        ) from error
    return layers.eval().requires_grad_(False)


def _linear() -> list[Tensor]:
    """The learned weights of each compared layer's channels, ``[1, C, 1, 1]``.

    The package is not imported: that would import torchvision, which fails beside a torch of
    another build.
    """
    found = find_spec("torchmetrics")
    if found is None or not found.submodule_search_locations:
        raise MissingPackage("torchmetrics", "bench", "LPIPS")
    folder = Path(found.submodule_search_locations[0], "functional", "image", "lpips_models")
    weights = torch.load(folder / "squeeze.pth", map_location="cpu", weights_only=True)
    return [weights[f"lin{number}.model.1.weight"] for number in range(len(_TAPS))]
