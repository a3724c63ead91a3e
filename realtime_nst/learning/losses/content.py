"""Content (feature reconstruction) loss."""

from torch import Tensor


def content_loss(result: Tensor, photo: Tensor) -> Tensor:
    """Mean squared feature difference over the mean square of the photo's; a scalar, 0 is best.

    Johnson et al. 2016, equation 2. Deviation: divided by the photo's mean square, so that the
    figure does not depend on the layer's scale (1 is as far away as no features at all).
    """
    wanted = photo.detach().float()
    return (result.float() - wanted).pow(2).mean() / wanted.pow(2).mean().clamp_min(1e-12)
