"""Pixel optimisation, and training, on the device that learning chooses."""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch
from PIL import Image

from gpu_rows.networks import PAINTING, SCENE, WEIGHTS, Painted, frame, subject
from gpu_rows.plan import Figures, Row
from gpu_rows.timing import Clock, captured
from realtime_nst.learning.data.pictures import read_image
from realtime_nst.learning.device import best_device
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.loss_networks.load import bundled, load_loss_network
from realtime_nst.learning.loss_networks.vgg import random_loss_network
from realtime_nst.learning.optimise.engine import optimise
from realtime_nst.learning.optimise.options import Optimisation
from realtime_nst.learning.optimise.style import Style
from realtime_nst.learning.training.checkpoint import StyleInfo
from realtime_nst.learning.training.recipe import Recipe
from realtime_nst.learning.training.single import single_style_run

_PHOTOS = 16
_UNTIMED = 0.3
"""The share of training steps that warm up."""


@dataclass(frozen=True)
class Learning:
    """``side``: pixels of the picture that is optimised, in ``steps``; ``crop`` and ``batch`` are
    those of ``trained`` training steps."""

    clock: Clock
    side: int
    steps: int
    crop: int
    batch: int
    trained: int

    def rows(self) -> list[Row]:
        where = f"{self.steps} steps at {self.side}"
        return [
            Row(f"Gatys, VGG-19 with random weights, {where}", self._through_vgg, 40),
            Row(f"Gatys, bundled loss network, {where}", self._through_bundled, 30),
            Row(f"training, {self.trained} steps of {self.batch} x {self.crop}", self._train, 60),
        ]

    def _through_vgg(self) -> Sequence[Figures]:
        device = best_device()
        return self._optimise(random_loss_network(0, device.dtype, device.name))

    def _through_bundled(self) -> Sequence[Figures]:
        device = best_device()
        return self._optimise(load_loss_network(bundled(WEIGHTS), device.dtype, device.name))

    def _optimise(self, network: object) -> Sequence[Figures]:
        """And how many times faster a network paints a picture of that size."""
        device = best_device().name
        options = Optimisation(steps=self.steps, longest=self.side, style_size=self.side)
        content = torch.from_numpy(frame(self.side, self.side)).permute(0, 3, 1, 2).float() / 255
        painting = read_image(PAINTING, self.side)
        at: list[float] = []
        began = time.perf_counter()
        optimise(
            content.to(device), [Style(painting.to(device))], FeatureExtractor([network]), options,
            lambda step: at.append(step.seconds),
        )  # fmt: skip
        self.clock.wait()
        seconds = time.perf_counter() - began
        paint = self._a_frame()
        return [
            {
                "seconds": seconds,
                "ms a step": 1000 * median(b - a for a, b in itertools.pairwise(at)),
                "fast ms": 1000 * paint,
                "times faster": seconds / paint,
            }
        ]

    @torch.no_grad()
    def _a_frame(self) -> float:
        """Seconds for one picture by `fast` in half precision, as a CUDA graph on a card."""
        module = Painted(subject("fast"), "f16").to(self.clock.device)
        picture = torch.from_numpy(frame(self.side, self.side)).to(self.clock.device)
        paint = captured(module, picture, self.clock) if self.clock.on_card else module
        return self.clock.seconds(lambda: paint(picture))

    def _train(self) -> Sequence[Figures]:
        """From files, with what decodes them, as in `realtime-nst train`."""
        at: list[float] = []
        with TemporaryDirectory() as name:
            folder = Path(name)
            _write_photos(folder / "photos", 2 * self.crop)
            recipe = Recipe(steps=self.trained, crop=self.crop, batch=self.batch)
            run = single_style_run(
                PAINTING, folder / "photos", folder / "run", [bundled(WEIGHTS)], recipe,
                StyleInfo("check", "Check", "nobody", "MIT", "copies of one photo"),
            )  # fmt: skip
            run.train(lambda step: at.append(time.perf_counter()))
        steps = [b - a for a, b in itertools.pairwise(at)]
        timed = steps[int(_UNTIMED * len(steps)) :]
        return [{"seconds a step": median(timed), "steps timed": len(timed)}]


def _write_photos(folder: Path, side: int) -> None:
    folder.mkdir()
    with Image.open(SCENE) as scene:
        photo = scene.convert("RGB").resize((side * 4 // 3, side))
    for number in range(_PHOTOS):
        photo.rotate(number, expand=True).save(folder / f"{number}.jpg")
