"""Keeping the photo's colours (Gatys et al. 2016, "Preserving color in neural artistic style
transfer"): paint the luminance alone, or give the painting the photo's colours first."""

import torch
from torch import Tensor

from realtime_nst.learning.tensors import resized

_LUMA = (0.299, 0.587, 0.114)
_LEAST_VARIANCE = 1e-5


def luminance(image: Tensor) -> Tensor:
    """``[N, 3, H, W]`` to ``[N, 1, H, W]``: the Y of YIQ."""
    weights = torch.tensor(_LUMA, device=image.device).view(1, 3, 1, 1)
    return (image * weights).sum(1, keepdim=True)


def grey(image: Tensor) -> Tensor:
    """``[N, 3, H, W]``: the luminance in all three channels."""
    return luminance(image).expand(-1, 3, -1, -1).contiguous()


def with_luminance_of(image: Tensor, photo: Tensor) -> Tensor:
    """The luminance of ``image`` and the chroma of ``photo``.

    Deviation: the luminance is limited to what the photo's chroma can be shown with, so that
    clipping at black and white does not change colours.
    """
    photo = resized(photo, (image.shape[-2], image.shape[-1])).clamp(0, 1)
    chroma = photo - luminance(photo)
    darkest, brightest = -chroma.amin(1, keepdim=True), 1 - chroma.amax(1, keepdim=True)
    return chroma + luminance(image).clamp(darkest, brightest)


def matched(painting: Tensor, photo: Tensor) -> Tensor:
    """``painting``, mapped linearly in colour space so that mean and covariance are the photo's.

    The symmetric transform of section 3 ("image analogies"), clipped to 0..1. For grey pictures
    this is the luminance matching of section 4.
    """
    source, wanted = (image[0].flatten(1).double() for image in (painting, photo))
    turn = _root(torch.cov(wanted)) @ _root(torch.cov(source), inverse=True)
    moved = turn @ (source - source.mean(1, keepdim=True)) + wanted.mean(1, keepdim=True)
    return moved.to(painting.dtype).view_as(painting).clamp(0, 1)


def _root(covariance: Tensor, inverse: bool = False) -> Tensor:
    """The symmetric square root, or its inverse, in which directions without variance are 0."""
    values, vectors = torch.linalg.eigh(covariance)
    values = values.clamp_min(0)
    roots = values.sqrt()
    if inverse:
        roots = torch.where(values > _LEAST_VARIANCE, 1 / roots.clamp_min(1e-9), 0)
    return vectors @ torch.diag(roots) @ vectors.T
