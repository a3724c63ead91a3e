"""Small tensor operations that several rooms share. Pictures and features are ``[N, C, H, W]``."""

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

_EPSILON = 1e-5
"""Added to variances, as normalisation layers do: the root has no finite slope at 0."""


def statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel, each ``[N, C, 1, 1]``, in float32."""
    x = x.float()
    mean = x.mean((2, 3), keepdim=True)
    variance = (x - mean).square().mean((2, 3), keepdim=True)
    return mean, (variance + _EPSILON).sqrt()


def normalised(x: Tensor) -> Tensor:
    """``x`` in float32, each channel with mean 0 and deviation 1."""
    return F.instance_norm(x.float(), eps=_EPSILON)


def gram(features: Tensor) -> Tensor:
    """``[N, C, h, w]`` to float32 ``[N, C, C]``: products of channels averaged over places, over C.

    Johnson et al. 2016, equation 3. The products are summed in the features' own type.
    """
    if features.requires_grad and not torch.compiler.is_compiling():
        return cast(Tensor, _Gram.apply(features))
    return _gram_of(_flat(features))


class _Gram(torch.autograd.Function):
    """The derivative that torch finds multiplies twice and copies the features into another layout;
    since the matrix is symmetric, one product in the layout of the features (channels last) is
    enough. A sixth of the time for 64 channels in bfloat16, which is a tenth of a training step."""

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        flat = _flat(features)
        ctx.save_for_backward(flat)
        ctx.shape = features.shape
        return _gram_of(flat)

    @staticmethod
    def backward(ctx: Any, given: Tensor) -> Tensor:
        (flat,) = ctx.saved_tensors
        n, c, h, w = ctx.shape
        both = (given + given.transpose(1, 2)) / (c * h * w)
        return torch.bmm(flat, both.to(flat.dtype)).view(n, h, w, c).permute(0, 3, 1, 2)


def _flat(features: Tensor) -> Tensor:
    """``[N, h w, C]``."""
    return features.permute(0, 2, 3, 1).flatten(1, 2)


def _gram_of(flat: Tensor) -> Tensor:
    return (flat.transpose(1, 2) @ flat).float() / (flat.shape[1] * flat.shape[2])


def reflect_pad(x: Tensor) -> Tensor:
    """``x`` padded by one place on each side, by reflection."""
    return F.pad(x, (1,) * 4, mode="reflect")


def patches(x: Tensor) -> Tensor:
    """``[N, C, h, w]`` to the 3x3 patch around each place, row by row: ``[N, 9 C, h, w]``. The
    border is reflected. Slices of a padded map, as every engine has them."""
    padded = reflect_pad(x)
    return torch.cat([window(padded, n) for n in range(9)], 1)


def window(padded: Tensor, place: int) -> Tensor:
    """``padded`` without a border of one, shifted to one of the nine places of a patch."""
    rows, columns = (slice(n, n - 2 or None) for n in divmod(place, 3))
    return padded[:, :, rows, columns]


def luminance(image: Tensor) -> Tensor:
    """``[N, 1, H, W]`` of RGB ``[N, 3, H, W]``, with the weights of ITU-R BT.709."""
    red, green, blue = image.split(1, dim=1)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def resized(image: Tensor, size: tuple[int, int]) -> Tensor:
    """``image`` at ``size`` (height, width), bilinear and antialiased."""
    if tuple(image.shape[-2:]) == size:
        return image
    return F.interpolate(image, size, mode="bilinear", antialias=True, align_corners=False)


def halved(image: Tensor, times: int) -> Tensor:
    """``image`` with both sides halved ``times`` times, each at least one pixel."""
    height, width = (max(1, round(side / 2**times)) for side in image.shape[-2:])
    return resized(image, (height, width))
