"""Random crops of photos, and batches of them from worker processes."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from realtime_nst.errors import TrainingError
from realtime_nst.learning.data.pictures import decode, rescaled

_ZOOM = 1.4
_MOST_UNREADABLE = 16


class Crops(Dataset[Tensor | TrainingError]):
    """Endless random square crops, uint8 ``[3, crop, crop]``. Sample ``i`` depends on ``seed`` and
    ``i`` alone.

    Every readable photo is seen once before any is seen again, at a random zoom and mirrored half
    of the time. An unreadable photo is replaced by the next one; after too many in a row the sample
    is a TrainingError, which :func:`batches` raises.
    """

    def __init__(self, photos: list[Path], crop: int, seed: int) -> None:
        self._photos, self._crop, self._seed = photos, crop, seed

    def __getitem__(self, index: int) -> Tensor | TrainingError:
        image = self._photo(index)
        if isinstance(image, TrainingError):
            return image
        random = np.random.default_rng((self._seed, index))
        return torch.from_numpy(crop_square(image, self._crop, random)).permute(2, 0, 1)

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
            f"{str(self._photos[order[place]])!r}; check the folder given with `content`"
        )


def crop_square(
    image: np.ndarray, crop: int, random: np.random.Generator, zoom: float = _ZOOM
) -> np.ndarray:
    """A random square of ``image`` ``[H, W, 3]``, mirrored half of the time. Before that, the
    image's shorter side is scaled to between 1 and ``zoom`` times ``crop``."""
    side = crop * random.uniform(1.0, zoom)
    image = rescaled(image, side / min(image.shape[:2]), at_least=crop)
    top = random.integers(0, image.shape[0] - crop + 1)
    left = random.integers(0, image.shape[1] - crop + 1)
    square = image[top : top + crop, left : left + crop]
    return np.ascontiguousarray(square[:, ::-1] if random.random() < 0.5 else square)


def batches(
    crops: Dataset[Tensor | TrainingError], batch: int, steps: range, workers: int
) -> Iterator[Tensor]:
    """One float batch ``[batch, 3, crop, crop]`` in 0..1, channels last, for each of ``steps``.

    Raises TrainingError if too many photos cannot be read.
    """
    samples = range(steps.start * batch, steps.stop * batch)
    loader = DataLoader(
        crops,
        batch_size=batch,
        sampler=samples,
        num_workers=workers,
        worker_init_fn=set_up_worker,
        collate_fn=_collated,
    )
    for images in started(loader):
        if isinstance(images, TrainingError):
            raise images
        yield (images.float() / 255).to(memory_format=torch.channels_last)


def _collated(samples: list[Tensor | TrainingError]) -> Tensor | TrainingError:
    """Errors are values here: raised in a worker, they would arrive wrapped in a traceback."""
    errors = [sample for sample in samples if isinstance(sample, TrainingError)]
    return errors[0] if errors else torch.stack(samples)  # type: ignore[arg-type]


def started(loader: DataLoader[Any]) -> Iterator[Any]:
    """The batches of ``loader``, whose workers never collect objects inherited from the parent.

    A worker has none of its parent's threads. Freeing a decoder that the parent left open would
    wait forever for that decoder's threads.
    """
    gc.freeze()
    try:
        return iter(loader)
    finally:
        gc.unfreeze()


def set_up_worker(_worker: int) -> None:
    """Set up a loader's worker. OpenCV uses one thread, because workers share the cores with
    training."""
    cv2.setNumThreads(0)
