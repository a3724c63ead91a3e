"""A style network that combines its features with those of the previous frame.

Chen et al., Coherent Online Video Style Transfer, ICCV 2017.
"""

from torch import Tensor, nn

from realtime_nst.errors import UsageError
from realtime_nst.learning.flow import warp
from realtime_nst.learning.networks.blocks import PaintingNetwork
from realtime_nst.learning.networks.fast import FastNet

_HIDDEN = 16


class CoherentNet(PaintingNetwork):
    """``style`` with a place between its residual blocks, after the first ``split`` of them, where
    features are combined. A pure function

    ``(frame [N, 3, H, W], flow, keep, features) -> (image, next features)``, pictures in 0..1.

    Features are ``[N, C, H/f, W/f]``, where f is the style's ``size_multiple``. ``flow``
    ``[N, 2, H/f, W/f]``, x then y, in pixels of the *frame*, points back into the previous frame,
    whose features are given. They are warped, and a learnt mask says where they replace the new
    ones. ``keep`` ``[1]`` is 1, or 0 for a first frame: the result is then exactly that of
    ``style`` alone, whatever the (finite) features.

    The next features are the combined ones, so features that are kept may be many frames old.
    Deviations from Chen: the mask is 1 where features are kept, and the style is not trained
    further. Raises UsageError for a style without enough such blocks.
    """

    def __init__(self, style: nn.Module, split: int) -> None:
        super().__init__()
        if not isinstance(style, FastNet):
            raise UsageError(
                "a coherent network is made from fast, quality or tiny; give the checkpoint of "
                "one of them"
            )
        blocks = list(style.transform.children())
        if split > len(blocks):
            raise UsageError(
                f"`split` {split} is out of range; the network has {len(blocks)} residual blocks"
            )
        self.size_multiple, self.size_minimum = style.size_multiple, style.size_minimum
        self.head = nn.Sequential(style.encode, *blocks[:split])
        self.tail = nn.Sequential(*blocks[split:], style.decode, nn.Sigmoid())
        self.width = style.width
        self.held = nn.Sequential(
            _padded(self.width, _HIDDEN), nn.ReLU(), _padded(_HIDDEN, _HIDDEN), nn.ReLU(),
            _padded(_HIDDEN, 1), nn.Sigmoid(),
        )  # fmt: skip

    @property
    def feature_layer(self) -> nn.Module:
        return self.head

    def forward(
        self, frame: Tensor, flow: Tensor, keep: Tensor, features: Tensor
    ) -> tuple[Tensor, Tensor]:
        composed = self.compose(self.head(frame), flow, keep, features)
        return self.tail(composed), composed

    def compose(self, new: Tensor, flow: Tensor, keep: Tensor, features: Tensor) -> Tensor:
        kept = warp(features.float(), flow.float() / self.size_multiple, "bilinear")
        change = kept.to(features.dtype) - new
        return new + keep.to(new.dtype) * self.held(change) * change


def _padded(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)
