"""Sample pictures and loss curves, for a person to look at during training."""

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from realtime_nst.learning.data.pictures import read_image, to_image

_PHOTOS = 3
_HEIGHT = 288


class SampleWriter:
    """Writes samples/step_NNNNNN.jpg (photos above, results below), losses.csv and losses.png."""

    def __init__(self, folder: Path, photos: list[Path]) -> None:
        self._folder = folder
        self._photos = [_square(read_image(p)) for p in photos[:_PHOTOS]]
        (folder / "samples").mkdir(parents=True, exist_ok=True)

    @torch.no_grad()
    def write(self, step: int, network: nn.Module, history: list[dict[str, float]]) -> None:
        network.eval()
        columns = [torch.cat([p, *self._painted(network, p)], dim=2) for p in self._photos]
        if columns:
            _write_picture(self._folder / "samples" / f"step_{step:06d}.jpg", torch.cat(columns, 3))
        if history:
            self._write_csv(history)
            self._write_plot(history)

    def _painted(self, network: nn.Module, photo: Tensor) -> list[Tensor]:
        """The pictures below ``photo``."""
        device = next(network.parameters()).device
        return [network(photo.to(device)).cpu()]

    def _write_csv(self, history: list[dict[str, float]]) -> None:
        with (self._folder / "losses.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=_names(history))
            writer.writeheader()
            writer.writerows(history)

    def _write_plot(self, history: list[dict[str, float]]) -> None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8, 5), layout="constrained")
        axes = figure.subplots()
        for name in _names(history)[1:]:
            rows = [row for row in history if name in row]
            values = [row[name] for row in rows]
            axes.plot([row["step"] for row in rows], _smooth(values), label=name)
        axes.set(xlabel="step", ylabel="loss (unweighted, smoothed)", yscale="log")
        axes.grid(alpha=0.3)
        figure.legend(loc="outside right upper")  # beside the curves, never on them
        figure.savefig(self._folder / "losses.png", dpi=100)


class PairedSampleWriter(SampleWriter):
    """As :class:`SampleWriter`, with a row for each of ``paintings``, which are shown at the left.

    The network takes a photo ``[1, 3, H, W]`` in 0..1 and the item of ``given`` for the painting,
    by default the painting itself.
    """

    def __init__(
        self,
        folder: Path,
        photos: list[Path],
        paintings: Sequence[Tensor],
        given: Sequence[Tensor] = (),
    ) -> None:
        super().__init__(folder, photos)
        self._paintings, self._given = paintings, given or paintings
        if self._photos:
            blank = torch.ones(1, 3, _HEIGHT, _HEIGHT)
            self._photos.insert(0, blank)

    def _painted(self, network: nn.Module, photo: Tensor) -> list[Tensor]:
        if photo is self._photos[0]:
            return [_square(painting) for painting in self._paintings]
        device = next(network.parameters()).device
        return [network(photo.to(device), each.to(device)).cpu() for each in self._given]


def _names(history: list[dict[str, float]]) -> list[str]:
    """The step, and the losses of all steps."""
    return list(dict.fromkeys(name for row in history for name in row))


def _square(photo: Tensor) -> Tensor:
    """The square in the middle, ``_HEIGHT`` pixels a side."""
    side = min(photo.shape[-2:])
    top, left = ((n - side) // 2 for n in photo.shape[-2:])
    square = photo[..., top : top + side, left : left + side]
    return torch.nn.functional.interpolate(square, (_HEIGHT, _HEIGHT), mode="area")


def _smooth(values: list[float], window: int = 20) -> np.ndarray:
    window = min(window, len(values))
    padded = np.concatenate([np.full(window - 1, values[0]), values])
    return np.convolve(padded, np.ones(window) / window, mode="valid")


def _write_picture(path: Path, picture: Tensor) -> None:
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(to_image(picture), cv2.COLOR_RGB2BGR))
    path.write_bytes(encoded.tobytes())
