"""A loss against painting a photo in one way alone."""

import torch
from torch import Tensor

from realtime_nst.learning.losses.terms import LossInputs

_LEAST = 1e-3
"""A difference that counts as none: at 0 the logarithm is not finite."""


def diversity(inputs: LossInputs) -> Tensor:
    """Minus the logarithm of how much two results of a photo with other noise differ: the mean
    absolute difference of their pixels over the deviation of these; 0 if they differ as much as
    two unrelated pictures.

    Ulyanov et al. 2017, equation 8: with it, the results of a generator are spread as evenly as the
    style allows (Kozachenko-Leonenko estimate of the entropy). Deviations: the nearest other result
    of a batch is that of the same photo with other noise, since batches hold different photos.
    Li et al. 2017 ("Diversified texture synthesis") subtract the difference itself, at relu4_2.
    """
    result = inputs.result.image
    difference = (inputs.network(inputs.photo.image) - result).abs().mean()
    return -torch.log(difference / (result.detach().std() + _LEAST) + _LEAST)
