"""What of a picture is, around each place, an affine function of the photo's colours."""

import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_nst.learning.losses.terms import LossInputs

_SIDE, _PLACES = 3, 9
_EPSILON = 1e-7
_LEAST = 1e-6


class LocalColours:
    """The windows of 3x3 places of a ``photo`` ``[1, 3, H, W]`` in 0..1, and what they explain of
    other pictures of its size (Levin et al. 2008, "A closed-form solution to natural image
    matting").

    In each window a picture is fitted by an affine function of the photo's colours, with the ridge
    1e-7. The matting Laplacian L and the affinity W = D - L, which other programs build as sparse
    matrices, are sums over these fits, so box filters are enough. In float64.
    """

    def __init__(self, photo: Tensor) -> None:
        self._photo = photo.detach().double()
        self._mean = _means(self._photo)
        products = self._photo[:, :, None] * self._photo[:, None]
        covariance = _means(products.flatten(1, 2)).unflatten(1, (3, 3))
        covariance = covariance - self._mean[:, :, None] * self._mean[:, None]
        ridge = _EPSILON / _PLACES * torch.eye(3, dtype=torch.float64, device=photo.device)
        self._variance = covariance.diagonal(dim1=1, dim2=2).sum()
        self._inverse = torch.linalg.inv(covariance.permute(0, 3, 4, 1, 2) + ridge)
        self.windows = _spread(torch.ones_like(self._mean[:, :1]))

    def unexplained(self, picture: Tensor) -> Tensor:
        """xᵀ L x of ``picture`` x ``[1, C, H, W]``, over 9 times the photo's variance within
        windows: the scale does not matter, and 1 is as much contrast as the photo has."""
        x = picture.double()
        slopes, mean, covariance = self._fit(x)
        left = _means(x.square()) - mean.square() - (slopes * covariance).sum(2)
        return left.sum() / self._variance.clamp_min(_LEAST)

    def explained(self, picture: Tensor) -> Tensor:
        """W x of ``picture`` x ``[1, C, H, W]``: at each place the sum of the fits of the windows
        around it, as in a guided filter (He et al. 2013)."""
        slopes, mean, _ = self._fit(picture)
        offset = mean - (slopes * self._mean[:, None]).sum(2)
        spread = _spread(slopes.flatten(1, 2)).unflatten(1, (-1, 3))
        return (spread * self._photo[:, None]).sum(2) + _spread(offset)

    def _fit(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """By window: slopes ``[1, C, 3, h, w]``, the mean of ``x``, its covariance with colours."""
        mean = _means(x)
        products = (x[:, :, None] * self._photo[:, None]).flatten(1, 2)
        covariance = _means(products).unflatten(1, (-1, 3)) - mean[:, :, None] * self._mean[:, None]
        slopes = torch.einsum("nhwij,ncjhw->ncihw", self._inverse, covariance)
        return slopes, mean, covariance


class Matting:
    """What of the result is not, around each place, an affine function of the photo's colours
    (Luan et al. 2017, equation 2): with it a painting keeps the photo's edges and no strokes.

    Deviation: divided by the photo's own local variance; see :meth:`LocalColours.unexplained`.
    """

    def __init__(self) -> None:
        self._photo, self._colours = torch.empty(0), list[LocalColours]()

    def __call__(self, inputs: LossInputs) -> Tensor:
        photo, result = inputs.photo.image, inputs.result.image
        if photo is not self._photo:
            self._photo, self._colours = photo, [LocalColours(each) for each in photo.split(1)]
        pairs = zip(self._colours, result.split(1), strict=True)
        return torch.stack([own.unexplained(each) for own, each in pairs]).mean().float()


def _means(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, _SIDE, 1)


def _spread(windows: Tensor) -> Tensor:
    """For each place, the sum of the windows that it is in."""
    return _PLACES * F.avg_pool2d(F.pad(windows, (_SIDE - 1,) * 4), _SIDE, 1)
