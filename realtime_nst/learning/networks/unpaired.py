"""Generators and discriminators that are trained together, on photos and paintings that are no
pairs."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from realtime_nst.learning.networks.blocks import PaintingNetwork, StyleNetwork
from realtime_nst.learning.networks.discriminators import FeatureDiscriminator, PatchDiscriminator
from realtime_nst.learning.networks.steered import StyledNetwork


class UnpairedNet(PaintingNetwork):
    """``painter`` is what is kept. ``back`` makes photos of paintings; None if the painter itself
    does, whose last style is then that of photos. ``judges`` are the discriminators, of paintings
    and of photos, or one for both."""

    judges: nn.ModuleList

    def __init__(
        self,
        painter: StyleNetwork | StyledNetwork,
        back: StyleNetwork | None,
        judges: list[PatchDiscriminator] | list[FeatureDiscriminator],
    ) -> None:
        super().__init__()
        self.size_multiple, self.size_minimum = painter.size_multiple, painter.size_minimum
        self.painter, self.back, self.judges = painter, back, nn.ModuleList(judges)

    @property
    def feature_layer(self) -> nn.Module:
        return self.painter.feature_layer

    def to_paintings(self, photos: Tensor, domains: Tensor) -> Tensor:
        """``photos`` ``[N, 3, H, W]`` in 0..1, each painted like its own of ``domains`` ``[N]``."""
        if isinstance(self.painter, StyledNetwork):
            return self.painter(photos, self._code(domains))
        return self.painter(photos)

    def to_photos(self, paintings: Tensor) -> Tensor:
        if self.back is not None:
            return self.back(paintings)
        return self.painter(paintings, self._code(self.photos_of(paintings)))

    def photos_of(self, pictures: Tensor) -> Tensor:
        """The domain of photos, for each of ``pictures``."""
        assert isinstance(self.painter, StyledNetwork)
        last = self.painter.code_size - 1
        return torch.full((len(pictures),), last, device=pictures.device)

    def forward(self, frame: Tensor, code: Tensor | None = None) -> Tensor:
        return self.painter(frame) if code is None else self.painter(frame, code)

    def _code(self, domains: Tensor) -> Tensor:
        assert isinstance(self.painter, StyledNetwork)
        return F.one_hot(domains, self.painter.code_size).float()
