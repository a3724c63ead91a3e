"""What a result was measured with: code, machine, settings, and the files behind them."""

import hashlib
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from realtime_nst import __version__
from realtime_nst.bench.settings import SIZES, Settings
from realtime_nst.errors import UsageError
from realtime_nst.runtime import doctor
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.player import contents, find_player
from realtime_nst.runtime.providers import choose, suitable
from realtime_nst.runtime.styles import read_installed
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sizes import parse_size

_PACKAGE = Path(__file__).resolve().parent.parent
_PRECISIONS = {"tensorrt": "f16", "coreml": "mixed", "openvino-gpu": "f16"}
_NOISE = re.compile(r"\((r|tm)\)|@.*|\b(intel|amd|cpu|processor|\d+-core)\b", re.IGNORECASE)
"""The parts of a processor's name that do not tell it from others."""


def precision(provider: str) -> str:
    """What a provider in use computes in: "bf16" for "openvino-bf16", "f32" for "cpu"."""
    return _PRECISIONS.get(provider) or provider.partition("-")[2] or "f32"


@dataclass(frozen=True)
class Code:
    """``commit`` is that of the checkout and ends in "-dirty" if files differ from it; it is empty
    without a checkout. ``digest`` changes with every change of the sources."""

    version: str
    commit: str
    digest: str


@dataclass(frozen=True)
class Machine:
    """``cores`` are those this process may use, ``memory`` is in GiB. ``precisions`` are those with
    fast instructions here, ``packages`` the versions of the packages installed."""

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


@dataclass(frozen=True)
class Conditions:
    """What must be equal for two units to belong to one result.

    ``providers`` maps each provider asked for to the one in use, ``styles`` each style to the
    digests of its files, ``inputs`` each input's path to its digest.
    """

    code: Code
    machine: Machine
    settings: Settings
    providers: Mapping[str, str]
    styles: Mapping[str, str]
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """The stem of the result's files: "realtime_nst-0.1.0-bf16-openvino-xeon_2c"."""
        used = next(iter(self.providers.values()), "none")
        provider = used.partition("-")[0]
        parts = ["realtime_nst", self.code.version, precision(used), provider, self.machine.label]
        return "-".join([*parts, "quick"] if self.settings.quick else parts)

    def equal(self, other: "Conditions") -> bool:
        """Whether the figures of both may stand in one table. Another commit of the same sources
        makes no difference."""
        code = replace(self.code, commit=other.code.commit)
        return replace(self, code=code) == other


def conditions_for(
    styles: Sequence[str] | None = None,
    providers: Sequence[str] | None = None,
    sizes: Sequence[str] | None = None,
    *,
    painter: str = "",
    quick: bool = False,
    inputs: Mapping[str, Any] | None = None,
) -> Conditions:
    """The conditions of a run, checked and looked up before anything is measured.

    By default all styles of the program are measured, on each provider that suits the first. A
    ``quick`` run takes the first style, the automatic provider and fewer sizes. ``sizes`` are
    "640x480"; ``inputs`` are those of :class:`Settings`.

    Raises UsageError, ModelError, MediaError or ProviderError for what cannot be used.
    """
    by_style = _styles(styles, painter, quick)
    used = _providers(providers, next(iter(by_style)), painter, quick)
    texts = sizes or SIZES[: 3 if quick else None]
    given: Any = {n: tuple(v) if isinstance(v, list) else v for n, v in (inputs or {}).items()}
    settings = Settings(
        styles=tuple(by_style),
        providers=tuple(used),
        sizes=tuple(dict.fromkeys(map(_size, texts))),
        painter=painter,
        quick=quick,
        **given,
    )
    return Conditions(_code(), _machine(), settings, used, by_style, settings.digests())


def _styles(names: Sequence[str] | None, painter: str, quick: bool) -> dict[str, str]:
    """By name, the digests of the network and of the paintings it is to paint like."""
    shipped = [entry.name for entry in read_installed().styles if not entry.origin]
    wanted = names or shipped[: 1 if quick else None]
    if not wanted:
        raise UsageError("no styles are installed; give one: `style` FILE.onnx")
    found = {name: contents(find_player(name, painter)) for name in wanted}
    return {name: "+".join(digest[:12] for digest in each) for name, each in found.items()}


def _providers(
    names: Sequence[str] | None, style: str, painter: str, quick: bool
) -> dict[str, str]:
    """The provider in use, by the one asked for. By default each one in use appears once."""
    present = [row.name for row in suitable(read_model(find_player(style, painter).network))]
    wanted = names or ([choose().name] if quick else present) or [choose().name]
    used = {name: Stylizer(style, name, painter=painter).provider for name in wanted}
    if names:
        return used
    first = {in_use: name for name, in_use in reversed(used.items())}
    return {name: in_use for name, in_use in used.items() if first[in_use] == name}


def _size(text: str) -> tuple[int, int]:
    size = parse_size(text)
    if size.shorter:
        raise UsageError(f"`size` {text!r} is one side; give width x height, as 640x480")
    return size.width, size.height


def _code() -> Code:
    return Code(__version__, _commit(_PACKAGE.parent), _sources_digest(_PACKAGE.rglob("*.py")))


def _commit(folder: Path) -> str:
    if not (folder / ".git").exists():
        return ""
    command = ("git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    try:
        described = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return described.stdout.strip()


def _sources_digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(_PACKAGE)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _machine() -> Machine:
    import psutil  # type: ignore[import-untyped]

    computer = doctor.computer()
    return Machine(
        computer.processor,
        computer.usable_cores,
        float(round(psutil.virtual_memory().total / 2**30, 1)),
        f"{platform.system()} {platform.release()} {platform.machine()}",
        platform.python_version(),
        computer.precisions,
        {package.name: package.version for package in doctor.packages() if package.version},
    )
