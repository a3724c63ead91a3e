"""Temporal losses: what moves keeps its paint. Results are ``[N, 3, H, W]`` in 0..1."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_nst.learning.flow import Motion, warp

_STROKE = 4
"""Side of the cells that are averaged before contrast is measured; strokes remain."""


@dataclass(frozen=True)
class MotionPair:
    """What a network made of an ``earlier`` and a ``later`` picture, ``[N, C, H, W]``, and the
    ``motion`` between the two. Either results or features of a layer, at their own size."""

    earlier: Tensor
    later: Tensor
    motion: Motion

    def difference(self) -> tuple[Tensor, Motion]:
        """(later minus earlier, the earlier one warped along the flow; the motion at this size)."""
        motion = self.motion.at((self.later.shape[-2], self.later.shape[-1]))
        return self.later - warp(self.earlier, motion.flow), motion


@dataclass(frozen=True)
class TemporalInputs:
    """What the temporal terms of an objective may look at: ``results`` of the network, and the
    ``features`` of a layer inside it."""

    results: MotionPair
    features: MotionPair


def temporal_output(results: MotionPair) -> Tensor:
    """Mean squared difference of the later result to the warped earlier one, over visible places.

    Chen et al. 2017, eq. 3 (the square of e_stab). For places that were hidden, Chen compares with
    the network run on the frame alone; a network without memory is that network, so the term is
    zero. Deviations: both results get a gradient, as one network paints both; the mean is over
    visible places, so that a pair counts the same however much it hides.
    """
    difference, motion = results.difference()
    return masked_mean(difference.square(), motion.visible)


def temporal_features(features: MotionPair) -> Tensor:
    """As :func:`temporal_output`, on a layer of the style network (Gao et al. 2018, eq. 8).

    Relative to the mean square of the later features: scaling them down gains nothing.
    """
    difference, motion = features.difference()
    scale = features.later.detach().square().mean()
    return masked_mean(difference.square(), motion.visible) / scale


def temporal_luminance(results: MotionPair) -> Tensor:
    """As :func:`temporal_output`, but each colour of the result should change as the luminance of
    the scene did: ReCoNet's output-level loss (Gao et al. 2018, eq. 6).

    Deviation: ``motion.lighting`` is the change of light alone if it is known. The difference
    between the frames would ask the result to repeat their noise.
    """
    difference, motion = results.difference()
    return masked_mean((difference - motion.lighting).square(), motion.visible)


def temporal_relative(results: MotionPair) -> Tensor:
    """:func:`temporal_output` over the mean squared gradient of both results, taken at a quarter of
    their size and summed over x and y. Sides are at least 8 pixels.

    Paler paint changes less from frame to frame without being steadier; here it gains nothing.
    Neither does a fine hatch that moves along: at full size it is the cheapest contrast, and long
    training covers the picture with it. Softer paint within 4 pixels does gain. Gradients flow
    through the contrast too. 0 if both results are one flat colour.
    """
    pictures = F.avg_pool2d(torch.cat([results.earlier, results.later]), _STROKE)
    gradients = (pictures.diff(dim=axis).square().mean() for axis in (-2, -1))
    return temporal_output(results) / sum(gradients, pictures.new_tensor(1e-6))


def temporal_loss(result: Tensor, warped_previous: Tensor, visible: Tensor) -> Tensor:
    """Mean squared difference to the warped earlier result, which gets no gradient.

    For the optimisation of pixels (Ruder et al. 2016). ``visible``: bool or 0..1, ``[H, W]`` or
    ``[N, 1, H, W]``; hidden pixels count as 0 and the mean is over all.
    """
    difference = result - warped_previous.detach()
    return (difference.pow(2) * visible.to(difference.dtype)).mean()


def masked_mean(values: Tensor, visible: Tensor) -> Tensor:
    """The mean of ``values`` over channels and visible places; 0 if nothing is visible."""
    counted = visible.sum() * values.shape[1]
    return (values * visible).sum() / counted.clamp(min=1)
