"""Measure enlarged paintings: against interpolation at full size, and shrunk again.

Usage: python tools/enlarger_quality.py PHOTOS STYLES [--weights FOLDER] [--photos N] [-o FOLDER]

PHOTOS is a folder of photos of about 1,080 lines, of which those named in
benchmarks/hd_held_out.txt are measured on; STYLES holds the pictures of the styles. For each style,
a line for bicubic interpolation and one for the enlarger: style and deep style of a square of 640
pixels in the middle, the style picture enlarged by the same factor; sharpness, the mean absolute
gradient over that of bicubic, in the whole square and where the painting's own gradient is above
its median (in the strokes); overshoot, the mean of grey levels beyond the darkest and brightest of
5x5 pixels of the small painting; the grid at 2, 4 and 8 pixels over bicubic's. Then content, style,
deep style and deep content of the full result shrunk to the painted size, over those of the
painting itself. --weights names a folder with VGG-19 and its student (default: the bundled loss
network). -o keeps the squares as pictures.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch

from realtime_nst.learning.data.pictures import find_photos, rescaled, to_tensor
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.loss_networks.load import bundled, load_loss_network
from realtime_nst.learning.losses.style_losses import style_terms
from realtime_nst.learning.losses.terms import LossInputs
from realtime_nst.learning.training.quality import Quality
from realtime_nst.media.pictures import read_picture
from realtime_nst.metrics.grid import grid
from realtime_nst.runtime.enlarge import enlarged_rgb
from realtime_nst.runtime.networks import Networks
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sinks.pictures import write_picture
from realtime_nst.sizes import STYLE_LINES, parse_brush
from realtime_nst.stream import Image

SIDE = 640
STYLE_SIZE = 512
"""Pixels of the longer side of a style picture, for paintings of STYLE_LINES lines."""

HELD_OUT = Path(__file__).resolve().parent.parent / "benchmarks" / "hd_held_out.txt"
LINES, LONGEST = 1080, 1920
STYLES = ("great_wave", "starry_night", "the_scream", "mosaic", "renoir_moulin")
PAINTINGS = {"mosaic": "mosaic_duck"}
"""Where the picture of a style is called otherwise."""

UNSEEN = ("renoir_moulin",)
"""Given to the network for any painting."""

LAYERS, DEEP = ("relu1_2", "relu2_2", "relu3_4"), ("relu4_4", "relu5_1")


@torch.no_grad()
def main() -> None:
    options = _options()
    names = set(HELD_OUT.read_text().split())
    photos = [photo_of(each) for each in find_photos(options.photos) if each.name in names]
    photos = photos[:: max(1, len(photos) // options.count)][: options.count]
    paths = [bundled()] if options.weights is None else sorted(options.weights.glob("vgg19*.safe*"))
    extractor = FeatureExtractor([load_loss_network(path, torch.bfloat16) for path in paths])
    networks = Networks()
    for style in STYLES:
        path = options.styles / f"{PAINTINGS.get(style, style)}.jpg"
        stylizer = Stylizer(str(path) if style in UNSEEN else style, networks=networks)
        rows: dict[str, list[list[float]]] = {}
        for number, photo in enumerate(photos):
            small = painted(photo, stylizer)
            size = photo.shape[1], photo.shape[0]
            results = {
                "bicubic": cv2.resize(small, size, interpolation=cv2.INTER_CUBIC),
                "enlarger": enlarged_rgb(small, size),
            }
            measure = _measure(extractor, read_picture(path), photo, small)
            for name, result in results.items():
                rows.setdefault(name, []).append(measure(np.asarray(result), results["bicubic"]))
                if options.out:
                    write_picture(options.out / f"{style}_{number}_{name}.png", _middle(result),
                                  overwrite=True)  # fmt: skip
            rows.setdefault("shrunk", []).append(
                _shrunk(extractor, path, photo, small, results["enlarger"])
            )
        _print(style, rows)


def photo_of(path: Path) -> Image:
    """The photo with LINES lines, its longer side cut to LONGEST, both multiples of 4."""
    image = read_picture(path)
    image = rescaled(image, LINES / min(image.shape[:2]))
    top, left = (max(0, (side - LONGEST) // 2) for side in image.shape[:2])
    height, width = (min(side, LONGEST) // 4 * 4 for side in image.shape[:2])
    return np.ascontiguousarray(image[top : top + height, left : left + width])


def painted(photo: Image, style: Stylizer) -> Image:
    """``photo`` painted with the brush auto, at the size that it is painted at."""
    size = parse_brush("auto").of(photo.shape[1], photo.shape[0])
    small: Image = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return style(small)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path)
    parser.add_argument("styles", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--photos", dest="count", type=int, default=24)
    parser.add_argument("-o", "--out", type=Path)
    return parser.parse_args()


def _measure(extractor: FeatureExtractor, painting: Image, photo: Image, small: Image):
    scale = min(photo.shape[:2]) / min(small.shape[:2])
    side = STYLE_SIZE * min(photo.shape[:2]) / STYLE_LINES
    features = extractor.features(to_tensor(rescaled(painting, side / max(painting.shape[:2]))))
    style, deep = style_terms(features, LAYERS, (1.0, 0.5, 0.25)), style_terms(features, DEEP)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb)[..., 0]
    size = photo.shape[1], photo.shape[0]
    around = np.ones((5, 5), np.uint8)
    least, most = (
        _middle(cv2.resize(change(grey, around), size, interpolation=cv2.INTER_LINEAR)).astype(int)
        for change in (cv2.erode, cv2.dilate)
    )
    assert scale > 1

    def measured(result: Image, plain: Image) -> list[float]:
        result, plain = _middle(result), _middle(plain)
        seen = extractor.features(to_tensor(result))
        inputs = LossInputs(seen, seen, lambda x: x)
        bright, before = (
            cv2.cvtColor(each, cv2.COLOR_RGB2YCrCb)[..., 0] for each in (result, plain)
        )
        slope, was = _slope(bright), _slope(before)
        strokes = cv2.GaussianBlur(was, (0, 0), 4)
        within = strokes > np.median(strokes)
        over = np.maximum(bright - most, 0) + np.maximum(least - bright, 0)
        grids = [grid(result, plain, period) for period in (2, 4, 8)]
        return [style(inputs).item(), deep(inputs).item(), slope.mean() / was.mean(),
                slope[within].mean() / was[within].mean(), over.mean(), *grids]  # fmt: skip

    return measured


def _shrunk(
    extractor: FeatureExtractor, path: Path, photo: Image, small: Image, result: Image
) -> list[float]:
    """The four losses of ``result`` at the painted size, over those of the painting itself."""
    quality = Quality(extractor, path)
    size = small.shape[1], small.shape[0]
    seen, again = (
        _multiple(np.asarray(cv2.resize(each, size, interpolation=cv2.INTER_AREA)))
        for each in (photo, result)
    )
    before = quality.between(to_tensor(seen), to_tensor(_multiple(small)))
    after = quality.between(to_tensor(seen), to_tensor(again))
    return [value for name in before for value in (before[name], after[name])]


def _multiple(image: Image) -> Image:
    height, width = (side // 16 * 16 for side in image.shape[:2])
    return np.ascontiguousarray(image[:height, :width])


def _middle(image) -> np.ndarray:
    top, left = ((side - SIDE) // 2 // 8 * 8 for side in image.shape[:2])
    return np.ascontiguousarray(image[top : top + SIDE, left : left + SIDE])


def _slope(grey: np.ndarray) -> np.ndarray:
    grey = grey.astype(np.float32)
    return np.abs(np.diff(grey, axis=0))[:, 1:] + np.abs(np.diff(grey, axis=1))[1:]


def _print(style: str, rows: dict[str, list[list[float]]]) -> None:
    for name in ("bicubic", "enlarger"):
        style_loss, deep, sharp, strokes, over, *grids = np.mean(rows[name], 0)
        print(
            f"{style:14s} {name:9s} style {style_loss:.3f} deep {deep:.3f} sharpness {sharp:.2f}, "
            f"in strokes {strokes:.2f} overshoot {over:.3f} grid",
            *(f"{each:.2f}" for each in grids),
        )
    means = np.mean(rows["shrunk"], 0)
    ratios = (means[1::2] / means[::2]).round(3)
    names = ("content", "style", "deep style", "deep content")
    print(f"{style:14s} shrunk, over the painting:", dict(zip(names, ratios.tolist(), strict=True)))


if __name__ == "__main__":
    main()
