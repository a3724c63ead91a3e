"""Train the network that enlarges paintings, measure it, and put it into weights/.

Usage: python tools/train_enlarger.py PHOTOS STYLES -o FOLDER [--steps N] [--install]

PHOTOS is a folder of photos of about 1,080 lines; those named in benchmarks/hd_held_out.txt are
kept out of training and measured on. STYLES holds the pictures of the installed styles, named as in
PAINTINGS below, and others for the network for any painting. FOLDER gets the paintings that
training needs, which are made first (some minutes), enlarger.pt and enlarger.onnx.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch

from realtime_nst.files import digest
from realtime_nst.learning.data.pictures import find_photos, rescaled
from realtime_nst.learning.export.enlarger import export_enlarger
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.loss_networks.load import bundled, load_loss_network
from realtime_nst.learning.networks.enlarger import FOLD, EnlargerNet
from realtime_nst.learning.training.enlarger import EnlargerRecipe, Example, train_enlarger
from realtime_nst.media.pictures import read_picture
from realtime_nst.runtime.card import ModelCard
from realtime_nst.runtime.kinds import ENLARGER
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sizes import parse_brush
from realtime_nst.stream import Image

ROOT = Path(__file__).resolve().parent.parent
HELD_OUT = ROOT / "benchmarks" / "hd_held_out.txt"
LINES, LONGEST = 1080, 1920

PAINTINGS = {
    "great_wave": "great_wave", "starry_night": "starry_night", "udnie": "udnie",
    "the_scream": "the_scream", "composition_vii": "composition_vii",
    "grande_jatte": "seurat_grande_jatte", "woman_with_a_parasol": "monet_parasol",
    "mosaic": "mosaic_duck", "great_wave_quality": "great_wave",
    "starry_night_quality": "starry_night", "great_wave_tiny": "great_wave",
}  # fmt: skip
"""The styles trained with, and their pictures."""

UNSEEN = (
    "renoir_moulin", "matisse_woman_hat", "shipwreck_minotaur", "edtaonisl", "signac_la_rochelle",
    "monet_b",
)  # fmt: skip
"""Pictures given to the network for any painting."""


def main() -> None:
    options = _options()
    folder = options.out
    folder.mkdir(parents=True, exist_ok=True)
    held_out = set(HELD_OUT.read_text().split())
    photos = [each for each in find_photos(options.photos) if each.name not in held_out]
    styles = [*PAINTINGS.items(), *((str(options.styles / f"{n}.jpg"), n) for n in UNSEEN)]
    _paint(photos, [style for style, _ in styles], folder)
    recipe = EnlargerRecipe(steps=options.steps, seed=options.seed)
    pictures = [read_picture(options.styles / f"{name}.jpg") for _, name in styles]
    extractor = FeatureExtractor([load_loss_network(bundled(), torch.bfloat16)])
    network = train_enlarger(recipe, _drawn(len(photos), len(styles), recipe.batch, folder),
                             pictures, extractor, _report)  # fmt: skip
    torch.save(network.state_dict(), folder / "enlarger.pt")
    path = folder / "enlarger.onnx"
    export_enlarger(network, _card(network, recipe, len(photos)), path)
    if options.install:
        _install(path)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("styles", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=EnlargerRecipe.steps)
    parser.add_argument("--seed", type=int, default=EnlargerRecipe.seed)
    parser.add_argument("--install", action="store_true")
    return parser.parse_args()


def photo_of(path: Path) -> Image:
    """The photo with LINES lines, its longer side cut to LONGEST, both multiples of FOLD."""
    image = read_picture(path)
    image = rescaled(image, LINES / min(image.shape[:2]))
    top, left = (max(0, (side - LONGEST) // 2) for side in image.shape[:2])
    height, width = (min(side, LONGEST) // FOLD * FOLD for side in image.shape[:2])
    return np.ascontiguousarray(image[top : top + height, left : left + width])


def painted(photo: Image, style: Stylizer) -> Image:
    """``photo`` painted with the brush auto, at the size that it is painted at."""
    size = parse_brush("auto").of(photo.shape[1], photo.shape[0])
    small: Image = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return style(small)


def _paint(photos: Sequence[Path], styles: Sequence[str], folder: Path) -> None:
    for number, path in enumerate(photos):
        if not (place := folder / f"photo_{number}.npy").exists():
            np.save(place, photo_of(path))
    for style, name in enumerate(styles):
        missing = [n for n in range(len(photos)) if not _place(folder, n, style).exists()]
        stylizer = Stylizer(name) if missing else None
        for number in missing:
            assert stylizer is not None
            photo = np.load(folder / f"photo_{number}.npy")
            np.save(_place(folder, number, style), painted(photo, stylizer))
        print(f"painted {len(photos)} photos: {Path(name).stem}", flush=True)


def _place(folder: Path, number: int, style: int) -> Path:
    return folder / f"painting_{number}_{style}.npy"


def _drawn(photos: int, styles: int, batch: int, folder: Path):
    load = lru_cache(maxsize=64)(np.load)

    def draw(random: np.random.Generator) -> list[Example]:
        style = int(random.integers(styles))
        numbers = [int(random.integers(photos)) for _ in range(batch)]
        return [
            Example(load(folder / f"photo_{n}.npy"), load(_place(folder, n, style)), style)
            for n in numbers
        ]

    return draw


def _report(step: int, losses: dict[str, float]) -> None:
    if step % 10 == 0:
        print(step, *(f"{name} {loss:.4f}" for name, loss in losses.items()), flush=True)


def _card(network: EnlargerNet, recipe: EnlargerRecipe, photos: int) -> ModelCard:
    facts = {**asdict(recipe), "trained_on": f"{photos} photos of 1,080 lines and their paintings"}
    return ModelCard("enlarger", "Enlarger of paintings", "", "enlarger", "MIT", FOLD, FOLD,
                     ENLARGER, recipe=facts)  # fmt: skip


def _install(path: Path) -> None:
    target = ROOT / "weights" / "enlarger.onnx"
    target.write_bytes(path.read_bytes())
    facts = {
        "file": target.name, "sha256": digest(target), "bytes": target.stat().st_size,
        "what": "how much detail of the frame and of its own each place of an enlarged painting "
        "gets", "licence": "MIT",
    }  # fmt: skip
    target.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
