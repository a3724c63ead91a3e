"""The computer a result was measured on, in the words the report prints."""

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass

from realtime_nst.runtime import doctor

_NOISE = re.compile(r"\((r|tm)\)|@.*|\b(intel|amd|cpu|processor|\d+-core)\b", re.IGNORECASE)
"""What a processor's name holds beside its name."""


@dataclass(frozen=True)
class Machine:
    """``cores`` are those this process may use, ``memory`` is in GiB; ``precisions`` are those
    computed fast here, ``packages`` the versions of what is installed."""

    processor: str
    cores: int
    memory: float
    system: str
    python: str
    precisions: tuple[str, ...]
    packages: Mapping[str, str]

    @property
    def label(self) -> str:
        """For file names: "xeon_2c"."""
        words = re.findall(r"[a-z0-9]+", _NOISE.sub(" ", self.processor).lower())
        return "_".join([*(words or ["unknown"]), f"{self.cores}c"])


def this_machine() -> Machine:
    computer = doctor.computer()
    return Machine(
        computer.processor,
        computer.usable_cores,
        _memory(),
        f"{platform.system()} {platform.release()} {platform.machine()}",
        platform.python_version(),
        computer.precisions,
        {package.name: package.version for package in doctor.packages() if package.version},
    )


def _memory() -> float:
    import psutil  # type: ignore[import-untyped]

    return float(round(psutil.virtual_memory().total / 2**30, 1))
