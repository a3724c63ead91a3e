"""Training of one network of many styles: many paintings, many photos."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from realtime_nst.learning import networks
from realtime_nst.learning.data.pictures import read_image
from realtime_nst.learning.data.style_folder import Painting, PaintingInfo
from realtime_nst.learning.loss_networks.features import Features
from realtime_nst.learning.losses.terms import StyledInputs
from realtime_nst.learning.networks.conditional import ConditionalNet
from realtime_nst.learning.training.checkpoint import StyleInfo
from realtime_nst.learning.training.objective import build_many
from realtime_nst.learning.training.photos import PhotoTrainer
from realtime_nst.learning.training.quality import Quality, mean_of
from realtime_nst.learning.training.recipe import ManyRecipe
from realtime_nst.learning.training.samples import PairedSampleWriter
from realtime_nst.learning.training.start_from import Start


class ManyTrainer(PhotoTrainer):
    """Trains one ``recipe.network`` to paint ``content`` photos like each of ``paintings``; see
    :class:`Run`. Each photo of a step has one of the styles, all of them in turn, shuffled.

    ``start`` are weights a new run starts with. With ``frozen`` the styles ``start`` has stay, the
    paintings come behind them, and only what is the paintings' own is trained.
    """

    def __init__(
        self,
        paintings: Sequence[Painting],
        content: Path,
        folder: Path,
        loss_weights: Sequence[Path],
        recipe: ManyRecipe,
        style: StyleInfo,
        start: Start | None = None,
        frozen: bool = False,
        restart: bool = False,
        clips: Path | None = None,
    ) -> None:
        self._paintings = paintings
        kept = start.paintings if start and frozen else ()
        self._first, own = len(kept), [_with_digest(painting) for painting in paintings]
        style = replace(style, paintings=(*kept, *own))
        self._styles = len(style.paintings)
        super().__init__(content, folder, loss_weights, recipe, clips)
        if start:
            names = [painting.name for painting in style.paintings]
            start.give_to_many(self._network, recipe.network, names)
        if frozen:
            self._freeze()
        self._images = [read_image(each.path, recipe.style_size) for each in paintings]
        self._objective = build_many(
            recipe,
            self._extractor,
            [image.to(self._device.name) for image in self._images],
            [painting.info.style_weight for painting in paintings],
        )
        judges = tuple(path.name for path in loss_weights)
        self._begin(replace(style, loss_networks=judges), restart)

    def measure(self) -> dict[str, float]:
        """Quality on photos held out of training, mean over the styles; empty if there are no such
        photos. quality.csv gets a line for each style."""
        if not self.held_out:
            return {}
        rows = {
            painting.info.name: self._quality(painting.path, number)
            for number, painting in enumerate(self._paintings)
        }
        return mean_of(rows, self.folder / "quality.csv")

    def _quality(self, painting: Path, number: int) -> dict[str, float]:
        network, device = self._averaged.module.eval(), self._device.name
        quality = Quality(self._load_perception(torch.float32), painting, device)
        code = self._codes([number])
        return quality(lambda photo: network(photo, code), self.held_out)

    def _build(self) -> ConditionalNet:
        return networks.build_conditional(self.recipe.network, self._styles)

    def _samples(self) -> PairedSampleWriter:
        codes = self._codes(range(len(self._images))).split(1)
        return PairedSampleWriter(self.folder, self.held_out, self._images, codes)

    def _views(self, photo: Features, result: Features) -> StyledInputs:
        return StyledInputs(photo, result, self._apply, tuple(self._drawn()))

    def _apply(self, photos: Tensor) -> Tensor:
        """The pictures behind the batch's are its first, moved: painted alike."""
        codes = self._codes(self._drawn()).repeat(2, 1)[: len(photos)]
        with self._device.autocast():
            return self._network(photos, codes).float()

    def _drawn(self) -> list[int]:
        """The paintings of this step's photos: each comes once before any comes again."""
        count, batch = len(self._paintings), self.recipe.batch
        drawn = []
        for index in range(self.step * batch, (self.step + 1) * batch):
            turn, place = divmod(index, count)
            order = np.random.default_rng((self.recipe.seed, turn, 2)).permutation(count)
            drawn.append(int(order[place]))
        return drawn

    def _codes(self, numbers: Sequence[int]) -> Tensor:
        """Of paintings, by their ``numbers``: ``[N, styles]``."""
        which = torch.tensor(list(numbers), device=self._device.name) + self._first
        return F.one_hot(which, self._styles).float()

    def _freeze(self) -> None:
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(name == "styles")
        self._network.styles.register_hook(_zero_before(self._first))

    @property
    def _network(self) -> ConditionalNet:
        assert isinstance(self.network, ConditionalNet)
        return self.network


def _zero_before(row: int) -> Callable[[Tensor], Tensor]:
    """Adam does not move what has never had a slope."""
    return lambda slope: torch.cat([torch.zeros_like(slope[:row]), slope[row:]])


def _with_digest(painting: Painting) -> PaintingInfo:
    digest = hashlib.sha256(painting.path.read_bytes()).hexdigest()
    return replace(painting.info, sha256=digest)
