"""The NVIDIA card that CUDA uses here, as its driver describes it."""

import ctypes
import sys
from ctypes import byref, c_int, create_string_buffer
from dataclasses import dataclass
from functools import cache as once
from typing import Any

_MAJOR, _MINOR = 75, 76
"""CUDA's numbers of the attributes that make up a card's compute capability."""

_LONGEST = 128
"""Bytes of a name or version."""


@dataclass(frozen=True)
class Card:
    """``capability`` says what instructions the card has, as "9.0"; ``driver`` is a version, empty
    if it is not known."""

    name: str
    capability: str
    driver: str

    def __str__(self) -> str:
        return f"{self.name}, driver {self.driver or 'of unknown version'}"


@once
def card() -> Card | None:
    """The first card that this process may use; None without one, or without a driver."""
    cuda, device = _library("nvcuda.dll", "libcuda.so.1"), c_int()
    if cuda is None or cuda.cuInit(0) or cuda.cuDeviceGet(byref(device), 0):
        return None
    name = create_string_buffer(_LONGEST)
    cuda.cuDeviceGetName(name, _LONGEST, device)
    capability = (_attribute(cuda, number, device) for number in (_MAJOR, _MINOR))
    return Card(_text(name), ".".join(map(str, capability)), _driver())


def _attribute(cuda: Any, number: int, device: c_int) -> int:
    value = c_int()
    cuda.cuDeviceGetAttribute(byref(value), number, device)
    return value.value


def _driver() -> str:
    """CUDA itself knows only which version of CUDA the driver is for."""
    management = _library("nvml.dll", "libnvidia-ml.so.1")
    if management is None or management.nvmlInit_v2():
        return ""
    version = create_string_buffer(_LONGEST)
    failed = management.nvmlSystemGetDriverVersion(version, _LONGEST)
    management.nvmlShutdown()
    return "" if failed else _text(version)


def _text(buffer: "ctypes.Array[ctypes.c_char]") -> str:
    return buffer.value.decode(errors="replace")


def _library(on_windows: str, elsewhere: str) -> Any:
    try:
        return ctypes.CDLL(on_windows if sys.platform == "win32" else elsewhere)
    except OSError:
        return None
