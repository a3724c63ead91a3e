"""What the temporal losses of training look at: two results, and the motion between them."""

from dataclasses import dataclass, replace

import torch.nn.functional as F
from torch import Tensor

from realtime_nst.learning.losses.warp import warp


@dataclass(frozen=True)
class Motion:
    """From an earlier to a later picture, on the grid of the later one.

    ``flow``: ``[N, 2, H, W]``, x then y, pixels, pointing back into the earlier picture;
    ``visible``: ``[N, 1, H, W]``, 1 where what the later one shows can be seen in the earlier one,
    else 0; ``lighting``: ``[N, 1, H, W]``, by how much the scene's luminance (0..1) changed.
    """

    flow: Tensor
    visible: Tensor
    lighting: Tensor

    def at(self, size: tuple[int, int]) -> "Motion":
        """The same on a smaller grid; a cell is visible where all of it is."""
        if size == tuple(self.flow.shape[-2:]):
            return self
        flow, visible, lighting = (
            F.interpolate(each, size, mode="area")
            for each in (self.flow, self.visible, self.lighting)
        )
        ratio = flow.new_tensor([size[1] / self.flow.shape[-1], size[0] / self.flow.shape[-2]])
        return Motion(flow * ratio.view(1, 2, 1, 1), (visible > 0.999).to(visible), lighting)

    def to(self, device: str) -> "Motion":
        return replace(self, **{name: part.to(device) for name, part in vars(self).items()})


@dataclass(frozen=True)
class Moved:
    """A network's results ``earlier``, ``later``, ``[N, C, H, W]``, and ``motion``; or its
    features, at the size they have."""

    earlier: Tensor
    later: Tensor
    motion: Motion

    def difference(self) -> tuple[Tensor, Motion]:
        """The later minus the earlier one, moved along the flow, and the motion at this size."""
        motion = self.motion.at((self.later.shape[-2], self.later.shape[-1]))
        return self.later - warp(self.earlier, motion.flow), motion


@dataclass(frozen=True)
class Repainted:
    """A network's two runs: ``results``, and the ``features`` of a layer inside it."""

    results: Moved
    features: Moved


def mean_where(values: Tensor, visible: Tensor) -> Tensor:
    """The mean of ``values`` over channels and visible places; 0 where nothing is visible."""
    counted = visible.sum() * values.shape[1]
    return (values * visible).sum() / counted.clamp(min=1)
