"""The evaluation form: every measure of a painting that needs its photo, and its style's picture.

A painting is measured in pairs of pictures, whoever painted it, so that any two systems can be held
beside each other.
"""

from pathlib import Path

import torch
from torch import Tensor

from realtime_nst.learning.data.pictures import to_image
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.losses.terms import LossInputs
from realtime_nst.learning.measures.cfsd import LAYER, cfsd
from realtime_nst.learning.measures.lpips import Lpips
from realtime_nst.learning.training.quality import DEEPEST, Quality
from realtime_nst.metrics.grid import PERIODS, grid
from realtime_nst.stream import Image

HIGHER_IS_BETTER = ("SSIM",)
"""Of all other measures, lower is better."""

LOSSES = {
    "content loss": "content",
    "style loss": "style",
    "deep style loss": "deep_style",
    "deep content loss": "deep_content",
}
"""By measure, the figure's name on a model card and in :class:`Quality`."""

_SEEN_AT = {name: DEEPEST[loss] for name, loss in LOSSES.items()} | {"CFSD": LAYER}
"""By measure, the deepest layer that it looks at."""


class Form:
    """What is not given is left out: losses and CFSD need ``networks``, style losses a
    ``painting``, LPIPS its own network. Needs the packages of the extras "train" and "bench".
    """

    def __init__(
        self,
        networks: FeatureExtractor | None = None,
        painting: Path | None = None,
        lpips: Lpips | None = None,
        device: str = "cpu",
    ) -> None:
        self._networks, self._lpips, self._device = networks, lpips, device
        self._quality = Quality(networks, painting, device) if networks else None

    def __call__(self, photo: Tensor, result: Tensor) -> dict[str, float]:
        """Each measure by its heading: ``photo`` and ``result`` are ``[1, 3, H, W]`` in 0..1, of
        one size, at least 64x64."""
        image, shown = to_image(photo), to_image(result)
        photo, result = photo.to(self._device), result.to(self._device)
        found = self._through_networks(photo, result)
        if self._lpips:
            found["LPIPS"] = self._lpips(photo, result)
        found["SSIM"] = ssim(image, shown)
        return found | {f"grid/{period}": grid(shown, image, period) for period in PERIODS}

    @torch.no_grad()
    def _through_networks(self, photo: Tensor, result: Tensor) -> dict[str, float]:
        if self._networks is None or self._quality is None:
            return {}
        seen, made = self._networks.features(photo), self._networks.features(result)
        losses = self._quality.of(LossInputs(seen, made, lambda x: x))
        found = {name: losses[loss] for name, loss in LOSSES.items() if loss in losses}
        if LAYER in self._networks.layers:
            found["CFSD"] = cfsd(seen.layer(LAYER), made.layer(LAYER))
        return {heading(name, self._networks): value for name, value in found.items()}


def heading(measure: str, networks: FeatureExtractor) -> str:
    """``measure``, with what stands in for VGG-19 where that is not itself: "deep style loss
    (student)"."""
    layer = _SEEN_AT.get(measure, "")
    other = networks.owner(layer).stand_in(layer) if layer in networks.layers else ""
    return f"{measure} ({other})" if other else measure


def measure_of(heading: str) -> str:
    """The measure's name without what stands in for VGG-19."""
    return heading.partition(" (")[0]


def ssim(photo: Image, result: Image) -> float:
    """The structural similarity of two RGB uint8 pictures of one size: 1 if they are equal.

    Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity",
    equation 13 under a Gaussian window of 11 pixels, averaged over pixels and colours.
    """
    from skimage.metrics import structural_similarity

    return float(
        structural_similarity(
            photo,
            result,
            channel_axis=2,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )
