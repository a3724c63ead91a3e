"""What this computer can do with this program, as data: what is here, how fast, what is missing."""

import os
import platform
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median

import numpy as np

from realtime_nst.errors import MissingPackage, RealtimeNstError
from realtime_nst.runtime import host, nvidia, openvino_session
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.player import contents, find_player
from realtime_nst.runtime.providers import PROVIDERS, available, open_automatic
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sizes import parse_brush

_PACKAGES = {
    "numpy": "",
    "opencv-python": "",
    "av": "",
    "openvino": "cpu",
    "onnxruntime": "cpu",
    "onnxruntime-gpu": "gpu",
    "torch": "train",
    "onnx": "train",
}
"""Packages, each with the extra of realtime_nst that installs it."""

_ENCODERS = {
    "H.264": ("libx264", "libopenh264"),
    "HEVC": ("libx265",),
    "AV1": ("libsvtav1", "libaom-av1"),
    "VP9": ("libvpx-vp9",),
    "ProRes": ("prores_ks", "prores"),
    "AAC": ("aac",),
    "Opus": ("libopus", "opus"),
}
"""Software encoders only: FFmpeg lists hardware encoders even if the hardware is missing."""

_FILMS = (640, 480), (1280, 720), (1920, 1080), (3840, 2160)

_PRECISIONS = {"FP32", "FP16", "BF16", "INT8"}


@dataclass(frozen=True)
class ProviderStatus:
    """``absence`` says why it cannot be used, empty if it can; ``install`` says how to get it."""

    name: str
    description: str
    absence: str
    install: str


@dataclass(frozen=True)
class Timing:
    """The median milliseconds a frame on provider ``name``, or the ``error`` if it failed. ``used``
    is the provider in use, including the precision."""

    name: str
    used: str = ""
    milliseconds: float = float("nan")
    error: str = ""


@dataclass(frozen=True)
class Computer:
    """This process may use ``usable_cores`` of ``cores``. ``precisions`` are those that OpenVINO
    computes fast here, empty without OpenVINO. ``card`` is the NVIDIA card and its driver, empty
    without one."""

    system: str
    processor: str
    cores: int
    usable_cores: int
    precisions: tuple[str, ...]
    card: str = ""


@dataclass(frozen=True)
class Package:
    """``version`` is empty if the package is not installed. ``extra`` installs it, or realtime_nst
    itself if that is empty."""

    name: str
    version: str
    extra: str

    @property
    def install(self) -> str:
        """The command that installs it."""
        return (
            f'pip install "realtime_nst[{self.extra}]"'
            if self.extra
            else "pip install realtime_nst"
        )


def providers() -> list[ProviderStatus]:
    """Every row of the provider table."""
    return [
        ProviderStatus(row.name, row.description, row.absence(), row.install)
        for row in PROVIDERS.values()
    ]


def automatic(style: str | Path) -> tuple[str, str]:
    """The provider that "auto" uses for ``style``, by its name in the table, and the reason.

    Raises the errors of :class:`Stylizer`.
    """
    model = read_model(find_player(style).network)
    session, reasons = open_automatic(model)
    if PROVIDERS[session.provider].engine == "openvino":
        reasons.append(openvino_session.choose(model)[1])
    return session.provider, "; ".join(reasons) or "it is the first of the table that is present"


def measure(
    style: str | Path,
    names: Iterable[str] | None = None,
    size: tuple[int, int] = (640, 480),
    repetitions: int = 7,
) -> list[Timing]:
    """Time ``style`` at ``size`` (width, height) on the providers ``names`` (default: all present).

    After a warm-up the providers take turns, so that other work on the computer affects all of them
    alike. The error of a provider is returned; that of a style or painting that cannot be read is
    raised.
    """
    contents(find_player(style))
    wanted = list(names) if names is not None else [row.name for row in available()]
    ready, failed = _prepare(style, wanted, size)
    seconds = _take_turns(ready, size, repetitions)
    return [
        Timing(name, error=failed[name])
        if name in failed
        else Timing(name, ready[name].provider, median(seconds[name]) * 1000)
        for name in wanted
    ]


def painted_at() -> dict[tuple[int, int], tuple[int, int]]:
    """By usual sizes of films, the size that the brush auto paints them at; width first."""
    auto = parse_brush("auto")
    return {size: auto.of(*size) for size in _FILMS}


def computer() -> Computer:
    try:
        precisions = tuple(sorted(set(openvino_session.capabilities()) & _PRECISIONS))
    except MissingPackage:
        precisions = ()
    return Computer(
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        _processor(),
        os.cpu_count() or 1,
        host.usable_cores(),
        precisions,
        str(nvidia.card() or ""),
    )


def packages() -> list[Package]:
    """The versions of the packages that matter, including those that are absent."""
    return [Package(name, _version(name), extra) for name, extra in _PACKAGES.items()]


def encoders() -> dict[str, list[str]]:
    """By format, the encoders of the installed FFmpeg; an empty list if it has none."""
    import av

    known = av.codecs_available
    return {
        label: [name for name in names if name in known and _encodes(name)]
        for label, names in _ENCODERS.items()
    }


def _encodes(name: str) -> bool:
    import av

    try:
        return av.Codec(name, "w").is_encoder
    except ValueError:
        return False


def _prepare(
    style: str | Path, names: Iterable[str], size: tuple[int, int]
) -> tuple[dict[str, Stylizer], dict[str, str]]:
    """By provider, the stylizers, warmed up, and the messages of those that failed."""
    ready: dict[str, Stylizer] = {}
    failed: dict[str, str] = {}
    for name in names:
        try:
            stylizer = Stylizer(style, name)
            stylizer.warm_up(*size)
            ready[name] = stylizer
        except RealtimeNstError as error:
            failed[name] = str(error)
    return ready, failed


def _take_turns(
    ready: dict[str, Stylizer], size: tuple[int, int], repetitions: int
) -> dict[str, list[float]]:
    width, height = size
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    seconds: dict[str, list[float]] = {name: [] for name in ready}
    for _ in range(repetitions):
        for name, stylizer in ready.items():
            began = time.perf_counter()
            stylizer(image)
            seconds[name].append(time.perf_counter() - began)
    return seconds


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _processor() -> str:
    """Its name, and the instructions that OpenVINO was limited to, as its figures depend on them:
    so one processor stands in for another."""
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "")
    return f"{_name()}, limited to {limit}" if limit else _name()


def _name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
