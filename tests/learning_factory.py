"""Tiny photos, a painting and loss networks for the learning tests, all seeded."""

from pathlib import Path

import cv2
import numpy as np
import torch

_BLOCKS = ((1, 2), (2, 2), (3, 4), (4, 4), (5, 4))


def vgg19_weights(deepest: str = "3_4", channels: int = 4) -> dict[str, torch.Tensor]:
    """Random weights under the Oxford key names, through ``deepest``."""
    generator, weights, inputs = torch.Generator().manual_seed(0), {}, 3
    for name in (f"{b}_{c}" for b, n in _BLOCKS for c in range(1, n + 1)):
        scale = (2 / (9 * inputs)) ** 0.5
        weights[f"conv{name}.weight"] = (
            torch.randn(channels, inputs, 3, 3, generator=generator) * scale
        )
        weights[f"conv{name}.bias"] = torch.zeros(channels)
        inputs = channels
        if name == deepest:
            return weights
    raise ValueError(deepest)


def write_vgg19(path: Path, deepest: str = "5_1") -> Path:
    from safetensors.torch import save_file

    save_file(vgg19_weights(deepest), path)
    return path


def write_photos(folder: Path, count: int = 12, size: tuple[int, int] = (64, 80)) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        random = np.random.default_rng(index)
        coarse = random.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"photo{index:02}.png"), cv2.resize(coarse, size[::-1]))
    return folder


def write_painting(path: Path) -> Path:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[::4], stripes[:, ::8] = (40, 90, 200), (220, 220, 30)
    cv2.imwrite(str(path), stripes)
    return path


def write_clip(folder: Path) -> Path:
    """A folder with a clip of stripes that move by a pixel a frame."""
    import av

    folder.mkdir(parents=True, exist_ok=True)
    with av.open(str(folder / "clip.mp4"), "w") as file:
        stream = file.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for step in range(6):
            image = np.roll(np.mgrid[:48, :64][1] * 4 % 256, step, 1).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(np.dstack([image] * 3), "rgb24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return folder


def write_media(folder):
    """What a Trainer learns from: a painting, photos, and a random loss network."""
    return {
        "painting": write_painting(folder / "painting.png"),
        "content": write_photos(folder / "photos"),
        "loss_weights": [write_vgg19(folder / "vgg.safetensors")],
    }
