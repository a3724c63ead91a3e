"""The device that torch runs on, and its fastest precision."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from realtime_nst import memory


@dataclass(frozen=True)
class Device:
    """``dtype`` is bfloat16 if the hardware multiplies it faster than float32."""

    name: str
    dtype: torch.dtype

    def autocast(self) -> AbstractContextManager[None]:
        return torch.autocast(self.name, self.dtype, enabled=self.dtype != torch.float32)


def best_device() -> Device:
    """A CUDA device if there is one, else the CPU."""
    if torch.cuda.is_available():
        half = torch.cuda.is_bf16_supported(including_emulation=False)
        return Device("cuda", torch.bfloat16 if half else torch.float32)
    cpu = torch.cpu.get_capabilities()
    half = bool(cpu.get("amx_bf16") or cpu.get("avx512_bf16"))
    return Device("cpu", torch.bfloat16 if half else torch.float32)


def require_memory(needed: float, work: str, remedy: str) -> None:
    """Raises UsageError if ``work`` needs more bytes than are free; see :mod:`realtime_nst.memory`.

    A GPU has memory of its own, whose end it reports itself.
    """
    if best_device().name == "cpu":
        memory.require(needed, work, remedy)
