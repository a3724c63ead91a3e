"""What the card can do at most, measured, and what a network needs of it at least."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch._subclasses import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from gpu_rows.networks import PRECISIONS, Painted, Subject
from gpu_rows.plan import Figures
from gpu_rows.timing import Clock

_COPY = "copy on the device"


@dataclass
class Roof:
    """``rates``: FLOP/s of a large matrix product by precision, bytes/s of copies."""

    clock: Clock
    side: int
    mebibytes: int
    rates: dict[str, float] = field(default_factory=dict)

    def measure(self) -> Sequence[Figures]:
        device, side = self.clock.device, self.side
        for precision, dtype in {**PRECISIONS, "bf16": torch.bfloat16}.items():
            one, other = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
            seconds = self.clock.seconds(lambda one=one, other=other: one @ other)
            self.rates[precision] = 2 * side**3 / seconds
        size = self.mebibytes * 2**20
        there, back = (torch.ones(size, dtype=torch.uint8, device=device) for _ in range(2))
        here = self.clock.pinned(torch.ones(size, dtype=torch.uint8))
        self.rates[_COPY] = 2 * size / self.clock.seconds(lambda: back.copy_(there))
        self.rates["copy to the device"] = size / self.clock.seconds(lambda: there.copy_(here))
        self.rates["copy from the device"] = size / self.clock.seconds(lambda: here.copy_(there))
        return [
            {"of": name, "G/s": rate / 1e9, "unit": "bytes" if "copy" in name else "FLOP"}
            for name, rate in self.rates.items()
        ]

    def shares(self, subject: Subject, precision: str, size: tuple[int, int], ms: float) -> Figures:
        """In percent, how near ``ms`` a frame comes to each rate, and the larger of them: no
        network of these convolutions can be faster than 100 %."""
        if not self.rates:
            return {}
        needed = Needs(subject, precision, size)
        matrix = 1e5 * needed.operations / self.rates[precision] / ms
        copy = 1e5 * needed.bytes / self.rates[_COPY] / ms
        return {
            "of the matrix rate %": matrix,
            "of the copy rate %": copy,
            "of the roof %": max(matrix, copy),
        }


class Needs(TorchDispatchMode):
    """The arithmetic of a network's convolutions for one frame of ``size`` (height, width), and the
    bytes they move at least: each reads its input and its kernel and writes its output once.

    Nothing is computed: tensors have shapes alone.
    """

    def __init__(self, subject: Subject, precision: str, size: tuple[int, int]) -> None:
        super().__init__()
        self.operations, self.bytes = 0, 2 * 3 * size[0] * size[1]
        painted = Painted(subject, precision)
        with FakeTensorMode(allow_non_fake_inputs=True), self, torch.no_grad():
            painted(torch.empty(1, *size, 3, dtype=torch.uint8))

    def __torch_dispatch__(
        self, function: Any, types: Any, given: Any = (), named: Any = None
    ) -> Any:
        made = function(*given, **(named or {}))
        if function is torch.ops.aten.convolution.default:
            x, kernel, transposed = given[0], given[1], given[6]
            places = x if transposed else made
            self.operations += 2 * places.numel() * kernel[0].numel()
            self.bytes += x.nbytes + kernel.nbytes + made.nbytes
        return made
