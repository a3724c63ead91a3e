"""Photos for training: found, split, cropped and handed over by worker processes."""

import gc
import hashlib
import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from realtime_nst.errors import TrainingError, UsageError

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
_JPEG = b"\xff\xd8"
_ZOOM = 1.4
_MOST_UNREADABLE = 16
_LEAST = 64


def read_image(path: Path, longest: int | None = None, shorter: int | None = None) -> Tensor:
    """``[1, 3, H, W]`` float in 0..1; what is transparent is laid on white.

    With ``longest`` the longer side gets that many pixels; with ``shorter`` the shorter side gets
    at most that many.

    Raises UsageError when the file is missing, TrainingError when it is no picture.
    """
    if not path.is_file():
        raise UsageError(f"no such picture: {str(path)!r}; check the name and the folder")
    image = decode(path)
    if image is None:
        raise TrainingError(
            f"{str(path)!r} is not a picture that can be read (JPEG, PNG, WebP, BMP)"
        )
    if longest:
        image = _resized(image, longest / max(image.shape[:2]))
    if shorter and min(image.shape[:2]) > shorter:
        image = _resized(image, shorter / min(image.shape[:2]))
    return torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255


def find_paintings(folder: Path, asked: str = "--paintings") -> list[Path]:
    """All pictures below ``folder``, which the option ``asked`` gave, sorted. Raises UsageError
    when there are none."""
    takes = f"{asked} takes a folder of"
    return files_below(
        folder, _SUFFIXES, "paintings", f"{takes} paintings", f"{takes} many paintings"
    )


def find_photos(folder: Path) -> list[Path]:
    """All pictures below ``folder``, sorted. Raises UsageError when there are none."""
    takes = "--content takes a folder of"
    return files_below(
        folder, _SUFFIXES, "photos", f"{takes} photos", f"{takes} a few hundred photos or more"
    )


def files_below(
    folder: Path, suffixes: set[str], things: str, remedy: str, remedy_when_empty: str
) -> list[Path]:
    """All files below ``folder`` of one of ``suffixes``, sorted. Raises UsageError without any."""
    if not folder.is_dir():
        raise UsageError(f"no such folder: {str(folder)!r}; {remedy}")
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in suffixes)
    if not found:
        looked_for = ", ".join(sorted(suffixes))
        raise UsageError(
            f"no {things} in {str(folder)!r} (looked for {looked_for}); {remedy_when_empty}"
        )
    return found


def measurable(pictures: list[Path], narrowest: float = math.inf) -> list[Path]:
    """Those that can be read, are large enough to measure on and not over ``narrowest`` times as
    long as wide."""
    images = ((path, decode(path)) for path in pictures)
    sides = ((path, sorted(image.shape[:2])) for path, image in images if image is not None)
    return [path for path, (a, b) in sides if a >= _LEAST and b <= narrowest * a]


def hold_out(photos: list[Path], count: int) -> tuple[list[Path], list[Path]]:
    """(training, held out): by a hash of the file name, so that adding photos moves few of them.

    At most a tenth of the photos is held out.
    """
    ranked = sorted(photos, key=lambda p: hashlib.sha256(p.name.encode()).digest())
    count = min(count, len(photos) // 10)
    return sorted(ranked[count:]), sorted(ranked[:count])


class Crops(Dataset[Tensor | TrainingError]):
    """Endless random square crops; sample ``i`` depends on ``seed`` and ``i`` alone.

    Every readable photo is seen before any is seen again. A crop is uint8 ``[3, crop, crop]``, from
    the photo at a random zoom, mirrored half of the time. For an unreadable photo the next one
    stands in; after too many in a row the sample is a TrainingError, which :func:`batches` raises.
    """

    def __init__(self, photos: list[Path], crop: int, seed: int) -> None:
        self._photos, self._crop, self._seed = photos, crop, seed

    def __getitem__(self, index: int) -> Tensor | TrainingError:
        image = self._photo(index)
        if isinstance(image, TrainingError):
            return image
        random = np.random.default_rng((self._seed, index))
        return torch.from_numpy(cut(image, self._crop, random)).permute(2, 0, 1)

    def _photo(self, index: int) -> np.ndarray | TrainingError:
        epoch, place = divmod(index, len(self._photos))
        order = np.random.default_rng((self._seed, epoch)).permutation(len(self._photos))
        tries = min(_MOST_UNREADABLE, len(order))
        for step in range(tries):
            image = decode(self._photos[order[(place + step) % len(order)]])
            if image is not None:
                return image
        return TrainingError(
            f"{tries} photos in a row cannot be read, the first of them "
            f"{str(self._photos[order[place]])!r}; check the folder given with --content"
        )


def cut(
    image: np.ndarray, crop: int, random: np.random.Generator, zoom: float = _ZOOM
) -> np.ndarray:
    """A random square of ``image`` ``[H, W, 3]``, mirrored half of the time.

    The image's shorter side is made ``crop`` to ``zoom`` times as long.
    """
    side = crop * random.uniform(1.0, zoom)
    image = _resized(image, side / min(image.shape[:2]), at_least=crop)
    top = random.integers(0, image.shape[0] - crop + 1)
    left = random.integers(0, image.shape[1] - crop + 1)
    square = image[top : top + crop, left : left + crop]
    return np.ascontiguousarray(square[:, ::-1] if random.random() < 0.5 else square)


def batches(
    crops: Dataset[Tensor | TrainingError], batch: int, steps: range, workers: int
) -> Iterator[Tensor]:
    """One float batch ``[batch, 3, crop, crop]`` in 0..1, channels last, for each of ``steps``.

    Raises TrainingError when too many photos cannot be read.
    """
    samples = range(steps.start * batch, steps.stop * batch)
    loader = DataLoader(
        crops,
        batch_size=batch,
        sampler=samples,
        num_workers=workers,
        worker_init_fn=begin_worker,
        collate_fn=_collated,
    )
    for images in loader:
        if isinstance(images, TrainingError):
            raise images
        yield (images.float() / 255).to(memory_format=torch.channels_last)


def _collated(samples: list[Tensor | TrainingError]) -> Tensor | TrainingError:
    """An error comes as a value: raised in a worker, it would arrive wrapped in a traceback."""
    errors = [sample for sample in samples if isinstance(sample, TrainingError)]
    return errors[0] if errors else torch.stack(samples)  # type: ignore[arg-type]


def begin_worker(_worker: int) -> None:
    """For a loader's workers: they share the cores with training, and what they inherited is left
    alone, for freeing a decoder waits for ever where its threads did not come along."""
    cv2.setNumThreads(0)
    gc.freeze()


def decode(path: Path) -> np.ndarray | None:
    """The picture, RGB uint8 ``[H, W, 3]``, what is transparent on white; None where it is none."""
    try:
        data = np.fromfile(path, np.uint8)
        image = _laid_on_white(data)
        if image is None:
            image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except (OSError, cv2.error):
        return None
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _laid_on_white(data: np.ndarray) -> np.ndarray | None:
    """BGR of a picture with transparency; None for any other."""
    if data[:2].tobytes() == _JPEG:  # never has transparency
        return None
    image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if image is None or image.shape[2:] != (4,) or image.dtype not in (np.uint8, np.uint16):
        return None
    white = 255 if image.dtype == np.uint8 else 65535
    alpha = image[..., 3:] / white
    return np.round(255 * (image[..., :3] / white * alpha + 1 - alpha)).astype(np.uint8)


def _resized(image: np.ndarray, scale: float, at_least: int = 1) -> np.ndarray:
    height, width = (max(at_least, round(n * scale)) for n in image.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, (width, height), interpolation=how)
