"""Make the bundled loss network, and write its card beside it.

Usage: python tools/distil_loss_network.py OUT.safetensors --photos DIR --paintings DIR --vgg19 FILE
--student FILE [--steps N] [--trained-on TEXT] The teachers are VGG-19 through relu3_4, no deeper,
and a student of it through relu5_1. Every convolution is fitted in closed form, then all are
trained together, on photos, paintings, and photos painted by the installed network for any
painting; some have noise. Photos that training holds out are not used.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import count
from pathlib import Path

import numpy as np
import torch
from distillation import Refining, fit, refine
from safetensors.torch import save_file
from torch import Tensor

from realtime_nst.learning.data.crops import Crops
from realtime_nst.learning.data.pictures import (
    find_paintings,
    find_photos,
    hold_out,
    to_image,
    to_tensor,
)
from realtime_nst.learning.device import best_device
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.loss_networks.load import load_loss_network
from realtime_nst.learning.loss_networks.low_rank import BundledNetwork
from realtime_nst.learning.loss_networks.vgg import Chain
from realtime_nst.runtime.stylizer import Stylizer

TOLD_EVERY = 25
HELD_OUT = 24
CROP, BATCH, FITTED_ON = 192, 4, 100
PAINTED_BY, PAINTED_ALIKE = "any", 40
NOISE, NOISY = 0.15, 6
LICENCE = (
    "MIT; adapted from VGG-19 (Visual Geometry Group, Oxford; CC BY 4.0) and a student of it "
    "(Collaborative Distillation; MIT): of low rank, trained on"
)
TEACHERS = [
    "VGG-19 through relu3_4 (Simonyan and Zisserman, Oxford; CC BY 4.0)",
    "a student of VGG-19 from relu4_1 on (Wang et al., Collaborative Distillation, CVPR 2020; MIT)",
]


def main() -> None:
    asked = arguments()
    photos = hold_out(find_photos(asked.photos), HELD_OUT)[0]
    paintings = find_paintings(asked.paintings)
    torch.manual_seed(0)
    shown = pictures(photos, paintings)
    if "relu4_1" in load_loss_network(asked.vgg19).layers:
        sys.exit(f"--vgg19 {asked.vgg19} goes deeper than relu3_4, which the student is to teach")
    network = BundledNetwork()
    fitted_on = [next(shown) for _ in range(FITTED_ON)]
    for tower, path in ((network.shallow, asked.vgg19), (network.deep, asked.student)):
        fit(tower, chain(path), fitted_on, tell_layer)
    device, chosen = best_device(), Refining(steps=asked.steps)
    teacher = FeatureExtractor(
        [load_loss_network(p, device.dtype, device.name) for p in (asked.vgg19, asked.student)]
    )
    batches = (torch.cat([next(shown) for _ in range(BATCH)]) for _ in count())
    refine(network, teacher, batches, chosen, tell)
    write(asked.out, network, {
        "what": "VGG-19 through relu3_4 and a student of it from relu4_1 on, their convolutions of "
        "low rank, fitted to the teachers' responses and trained on",
        "licence": LICENCE,
        "trained_on": f"{len(photos)} photos, {len(paintings)} paintings, and photos painted like "
        f"them: {asked.trained_on}",
        "teachers": TEACHERS,
        "fitted_on": FITTED_ON,
        "refining": {**asdict(chosen), "batch": BATCH, "crop": CROP},
    })  # fmt: skip


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    for name in ("photos", "paintings", "vgg19", "student"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=Refining.steps)
    parser.add_argument("--trained-on", default="unspecified", help="their source, for the card")
    return parser.parse_args()


def chain(path: Path) -> Chain:
    network = load_loss_network(path)
    assert isinstance(network, Chain)
    return network


def pictures(photos: list[Path], paintings: list[Path]) -> Iterator[Tensor]:
    """Endless ``[1, 3, CROP, CROP]`` in 0..1: a photo, a painting and a painted photo in turn."""
    random = np.random.default_rng(0)
    of_photos, of_paintings = Crops(photos, CROP, 0), Crops(paintings, CROP, 1)
    painter = Stylizer(paintings[0], painter=PAINTED_BY)
    for turn in count():
        image = (of_photos, of_paintings, of_photos)[turn % 3][turn].float()[None] / 255
        if turn % 3 == 2:
            if turn // 3 % PAINTED_ALIKE == 0:
                painter.set_style(paintings[random.integers(len(paintings))])
            image = to_tensor(painter(to_image(image)))
        if turn % NOISY == 0:
            image = (image + torch.randn_like(image) * random.uniform(0, NOISE)).clamp(0, 1)
        yield image


def write(path: Path, network: BundledNetwork, card: dict[str, object]) -> None:
    weights = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    save_file(weights, path)
    data = path.read_bytes()
    identity = {"file": path.name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    path.with_suffix(".json").write_text(json.dumps({**identity, **card}, indent=1) + "\n")


def tell_layer(name: str, error: float) -> None:
    print(name, f"{error:.4f}", flush=True)


def tell(step: int, errors: dict[str, float]) -> None:
    if step % TOLD_EVERY == 0:
        print(step, *(f"{k} {v:.4f}" for k, v in errors.items()), flush=True)


if __name__ == "__main__":
    main()
