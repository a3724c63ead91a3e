"""Losses of pretraining: features that hold what a loss network sees and decode to the picture."""

import torch
from torch import Tensor

from realtime_nst.learning.loss_networks.features import Features

LAYER = "relu3_1"
"""The first layer of the loss network at a quarter of the picture's size, as the features are."""

_RIDGE = 1e-3
"""Added to each feature's variance, as a share of their mean variance."""

_TINY = 1e-9
_REBUILT_WEIGHT = 5.0


def reconstruction_losses(
    features: Tensor, rebuilt: Tensor, picture: Features
) -> tuple[dict[str, Tensor], Tensor]:
    """(each loss; their weighted sum) of the ``features`` of ``picture``, and of ``rebuilt``,
    ``[N, 3, H, W]`` in 0..1, which they decode to.

    Whitening and colouring (Li et al. 2017) and style swap (Chen and Schmidt 2016) ask the same of
    a decoder and take VGG-19 as the encoder. Here a light encoder learns to hold what VGG-19 sees,
    so that the statistics of its features tell paintings apart.
    """
    unseen = unexplained(features, picture.layer(LAYER))
    losses, total = rebuilt_losses(rebuilt, picture.image)
    return {"unexplained": unseen, **losses}, unseen + total


def rebuilt_losses(rebuilt: Tensor, picture: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """({the mean absolute difference of the two}; the same, weighted)."""
    difference = (rebuilt - picture).abs().mean()
    return {"rebuilt": difference}, _REBUILT_WEIGHT * difference


def unexplained(features: Tensor, wanted: Tensor) -> Tensor:
    """The share, 0 to 1, of the variance of ``wanted`` ``[N, D, h, w]`` that no affine map of
    ``features`` ``[N, C, h, w]`` explains: the residual of ridge regression with its penalty, in
    closed form."""
    x, y = _centred(features), _centred(wanted)
    variance, covariance = x.T @ x, x.T @ y
    least = _RIDGE * variance.diagonal().mean().clamp_min(_TINY)
    ridge = least * torch.eye(len(variance), device=x.device)
    explained = (covariance * torch.linalg.solve(variance + ridge, covariance)).sum()
    return 1 - explained / y.square().sum().clamp_min(_TINY)


def _centred(x: Tensor) -> Tensor:
    """``[places, channels]`` in float32, each channel with mean 0."""
    x = x.float().movedim(1, 3).flatten(0, 2)
    return x - x.mean(0)
