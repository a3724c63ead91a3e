"""The networks that are timed: those of installed styles as torch modules, one of each kind, the HD
way, and the network of Johnson et al.; and what their ONNX files paint on the CPU."""

from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gpu_rows.hd import HdWay
from realtime_nst.learning.data.pictures import read_image, rescaled
from realtime_nst.learning.export.graph import to_bytes
from realtime_nst.learning.networks import build
from realtime_nst.learning.networks.blocks import (
    NearestConv,
    in_half_precision,
    in_standard_layers,
)
from realtime_nst.learning.networks.steered import ArbitraryNetwork, SteeredNetwork
from realtime_nst.learning.training.start_from import network_in
from realtime_nst.media.pictures import read_picture
from realtime_nst.runtime.kinds import CODE, INPUT, OUTPUT, STRENGTH

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"
SCENE, PAINTING = WEIGHTS / "scene.jpg", WEIGHTS / "great_wave.jpg"

STYLES = {
    "fast": "great_wave",
    "tiny": "great_wave_tiny",
    "quality": "great_wave_quality",
    "any": "any",
    "eight": "eight",
}
"""By kind of network, an installed style that has it."""

HD, JOHNSON = "HD way", "johnson-transposed"

_SMALL = 96, 128
"""Height and width at which onnx's reference, which takes a second for these, paints."""

PRECISIONS = {"f16": torch.float16, "f32": torch.float32}


@dataclass(frozen=True)
class Subject:
    """``network`` in float32 on the CPU, and the code that it paints by, ``[1, K]``. ``file`` is
    None where no ONNX file paints the same."""

    name: str
    network: nn.Module
    file: Path | None = None
    code: Tensor | None = None
    _painted: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)

    def wanted(self, height: int, width: int) -> np.ndarray:
        """What the ONNX file paints on the CPU in float32, uint8 ``[1, height, width, 3]``.

        Without the file it is what torch paints; without ONNX Runtime as well, once torch agrees
        with onnx's reference on a small picture. Kept, for every precision and way of running is
        compared with it.
        """
        size = height, width
        if size not in self._painted:
            run = _engine(self.file) if self.file else None
            self._painted[size] = self._by(run, frame(*size)) if run else self._by_torch(size)
        return self._painted[size]

    @torch.no_grad()
    def _by_torch(self, size: tuple[int, int]) -> np.ndarray:
        from onnx.reference import ReferenceEvaluator

        module = Painted(self, "f32")
        if self.file and not self._painted:
            there = self._by(ReferenceEvaluator(str(self.file)).run, frame(*_SMALL))
            mean, _ = apart(module(torch.from_numpy(frame(*_SMALL))).numpy(), there)
            if mean > 1:
                raise RuntimeError(f"torch differs from {self.file} by {mean:.2f} grey levels")
        return module(torch.from_numpy(frame(*size))).numpy()

    def _by(self, run: Any, picture: np.ndarray) -> np.ndarray:
        given = {INPUT: picture}
        if self.code is not None:
            given |= {CODE: self.code.numpy(), STRENGTH: np.ones(1, np.float32)}
        return run([OUTPUT], given)[0]


class Painted(nn.Module):
    """uint8 ``[1, H, W, 3]`` to the painted picture of the same kind, as in an ONNX file, at full
    strength. Kernels of upsampling are computed beforehand."""

    def __init__(self, subject: Subject, precision: str) -> None:
        super().__init__()
        self.dtype = PRECISIONS[precision]
        network = in_standard_layers(deepcopy(subject.network), (NearestConv,)).eval()
        if precision == "f16":
            in_half_precision(network)
        self.network = network.to(memory_format=torch.channels_last)
        self.code: Tensor | None
        self.register_buffer("code", subject.code)
        self.requires_grad_(False)

    def forward(self, picture: Tensor) -> Tensor:
        planes = picture.permute(0, 3, 1, 2).to(self.dtype) / 255
        given = self.network(planes) if self.code is None else self.network.paint(planes, self.code)
        return to_bytes(given.permute(0, 2, 3, 1).float())


@cache
def subject(name: str) -> Subject:
    """One of STYLES, HD, or JOHNSON."""
    if name == HD:
        return Subject(name, HdWay(subject("fast").network))
    if name == JOHNSON:
        torch.manual_seed(0)
        return Subject(name, build(name).eval())
    file = WEIGHTS / f"{STYLES[name]}.onnx"
    network = network_in(file)
    return Subject(name, network, file, _code(network))


@torch.no_grad()
def _code(network: nn.Module) -> Tensor | None:
    if isinstance(network, ArbitraryNetwork):
        return network.encode_style(read_image(PAINTING))
    return torch.eye(network.code_size)[:1] if isinstance(network, SteeredNetwork) else None


@cache
def frame(height: int, width: int) -> np.ndarray:
    """A photo at that size: uint8 ``[1, height, width, 3]``."""
    photo = read_picture(SCENE)
    filling = rescaled(photo, max(height / photo.shape[0], width / photo.shape[1]) + 1e-3)
    return np.ascontiguousarray(filling[None, :height, :width])


def apart(one: np.ndarray, other: np.ndarray) -> tuple[float, int]:
    """The mean and the largest difference in grey levels."""
    off = np.abs(one.astype(np.int16) - other)
    return float(off.mean()), int(off.max())


@cache
def _engine(file: Path) -> Any:
    """``run`` of ONNX Runtime on the CPU; None without it."""
    try:
        import onnxruntime
    except ImportError:
        return None
    return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"]).run
