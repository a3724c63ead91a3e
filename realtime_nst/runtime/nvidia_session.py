"""Networks on NVIDIA cards: ONNX Runtime's execution providers for CUDA and TensorRT.

TensorRT builds an engine for each network, which takes minutes and holds for one card, driver and
version alone. Engines are kept in folders of their own by all of these: ONNX Runtime names an
engine after the graph, which styles of one architecture share. How fast kernels were is kept by
card, driver and version, so that the next network is built sooner.
"""

import importlib
import re
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from dataclasses import dataclass
from functools import cache as once
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from math import ceil
from pathlib import Path
from threading import Event, Thread
from typing import Any

from realtime_nst.errors import ModelError, ProviderWarning
from realtime_nst.runtime import compiled as compiled_files
from realtime_nst.runtime import host, nvidia
from realtime_nst.runtime import onnxruntime_session as ort
from realtime_nst.runtime.card import ModelCard
from realtime_nst.runtime.kinds import INPUT
from realtime_nst.runtime.model import Model
from realtime_nst.runtime.session import Runner, Session
from realtime_nst.runtime.time_limit import limited

CUDA, TENSORRT = "CUDAExecutionProvider", "TensorrtExecutionProvider"

_HELD_ON = "cuda"
"""ONNX Runtime's name of the device where inputs are kept between frames."""

_TUNED, _LARGEST = (720, 1280), (2160, 3840)
"""Height and width that the usual engine is fastest at, and the largest that it takes."""

_EVERY, _BUILDING = 30.0, 3600.0
"""Seconds between two lines that say that an engine is still being built, and after which it is
given up. Ctrl-C gives it up at once."""


@dataclass(frozen=True)
class Profile:
    """The sizes (height, width) that an engine is built for."""

    least: tuple[int, int]
    tuned: tuple[int, int]
    largest: tuple[int, int]

    @classmethod
    def usual(cls, card: ModelCard) -> "Profile":
        """Nearly all sizes in one, since each engine takes minutes."""

        def allowed(height: int, width: int) -> tuple[int, int]:
            step = card.size_multiple
            up, across = (ceil(max(n, card.size_minimum) / step) * step for n in (height, width))
            return up, across

        return cls(allowed(1, 1), allowed(*_TUNED), allowed(*_LARGEST))

    @classmethod
    def only(cls, height: int, width: int) -> "Profile":
        return cls(*3 * ((height, width),))

    def holds(self, height: int, width: int) -> bool:
        (low, left), (high, right) = self.least, self.largest
        return low <= height <= high and left <= width <= right

    @property
    def label(self) -> str:
        """For the name of a folder."""
        return "-".join(f"{width}x{height}" for height, width in (self.least, self.largest))

    def options(self) -> dict[str, str]:
        shapes = {"min": self.least, "opt": self.tuned, "max": self.largest}
        return {
            f"trt_profile_{end}_shapes": f"{INPUT}:1x{height}x{width}x3"
            for end, (height, width) in shapes.items()
        }


def absence(provider: str) -> str:
    """Why ONNX Runtime's ``provider`` cannot be used here, empty if it can. The driver is asked
    too: the build for NVIDIA lists its providers even without a card."""
    return ort.absence(provider) or ("" if nvidia.card() else "there is no NVIDIA driver and GPU")


def tensorrt_absence() -> str:
    """Like :func:`absence`. TensorRT itself is another package."""
    return absence(TENSORRT) or ort.missing("tensorrt")


def open_cuda(model: Model, name: str = "cuda") -> Session:
    """Raises the errors of :func:`~realtime_nst.runtime.onnxruntime_session.open_session`."""
    _load_libraries()
    session = ort.create_on(model, name, CUDA, {})
    return Session(name, model, ort.compiler(session, _HELD_ON), ort.check(model, session))


def open_tensorrt(model: Model, name: str = "tensorrt") -> Session:
    """Half precision except in normalisation. Says with :class:`ProviderWarning` that an engine is
    built. Raises the errors of :func:`open_cuda`."""
    _load_libraries()
    usual = Profile.usual(model.card)
    session = _engine(model, name, usual)

    def compile(height: int, width: int) -> Runner:
        fits = usual.holds(height, width)
        engine = session if fits else _engine(model, name, Profile.only(height, width))
        return ort.compiler(engine, _HELD_ON)(height, width)

    return Session(name, model, compile, ort.check(model, session))


def _engine(model: Model, name: str, profile: Profile) -> Any:
    """ONNX Runtime's session. If that fails, once more with nothing from the cache and without the
    profile: an engine is then built for each size when it comes."""
    try:
        return _built(model, name, profile.label, profile.options())
    except ModelError as error:
        session = _built(model, name, "any", {}, afresh=True)
        warnings.warn(
            f"TensorRT built no engine of {model.card.name!r} for {profile.label}, so each new "
            f"size takes minutes: {error}",
            ProviderWarning,
            stacklevel=2,
        )
        return session


def _built(
    model: Model, name: str, label: str, profile: Mapping[str, str], *, afresh: bool = False
) -> Any:
    shared = machine_folder()
    folder = host.cache_folder("tensorrt", f"{machine()}/{model.digest[:16]}/{label}")
    if folder is not None and afresh:
        for path in (*folder.iterdir(), *(shared or folder).glob("*.timing")):
            path.unlink(missing_ok=True)
    if folder is not None:
        compiled_files.drop_damaged(folder)
    kept = folder is not None and any(folder.glob("*.engine"))
    with nullcontext() if kept else _told(model, folder):
        options = {**_options(folder, shared), **profile}
        session = limited(
            lambda: ort.create_on(model, name, TENSORRT, options),
            _BUILDING,
            f"building an engine of {str(model.path)!r}",
        )
    if folder is not None:
        compiled_files.record(folder)
    return session


def _options(folder: Path | None, shared: Path | None) -> dict[str, str]:
    options = {"trt_fp16_enable": "True", "trt_layer_norm_fp32_fallback": "True"}
    if folder is not None:
        options |= {"trt_engine_cache_enable": "True", "trt_engine_cache_path": str(folder)}
    if shared is not None:
        options |= {"trt_timing_cache_enable": "True", "trt_timing_cache_path": str(shared)}
    return options


def machine() -> str:
    """What an engine is bound to beside its network, as a name of a folder."""
    card = nvidia.card()
    engine = f"trt {_version('tensorrt')} ort {_version('onnxruntime-gpu')}"
    text = f"{card.name} sm {card.capability} driver {card.driver}" if card else "no card"
    return re.sub(r"[^a-z0-9.]+", "_", f"{text} {engine}".lower())


def machine_folder() -> Path | None:
    """Where the times of kernels are kept; None if no folder can be written to."""
    return host.cache_folder("tensorrt", machine())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


@contextmanager
def _told(model: Model, folder: Path | None) -> Iterator[None]:
    """Says that an engine is being built, again while it lasts, and how long it took."""
    kept = f"kept in {str(folder)!r}" if folder else "not kept: no cache folder can be written to"
    _say(f"TensorRT builds an engine of {model.card.name!r}, which takes minutes; it is {kept}")
    began, done = time.monotonic(), Event()

    def repeat() -> None:
        while not done.wait(_EVERY):
            _say(f"TensorRT has been building for {time.monotonic() - began:.0f} s")

    worker = Thread(target=repeat, name="realtime_nst-building", daemon=True)
    worker.start()
    try:
        yield
    finally:
        done.set()
        worker.join()
    _say(f"TensorRT has built the engine in {time.monotonic() - began:.0f} s")


def _say(text: str) -> None:
    warnings.warn(text, ProviderWarning, stacklevel=2)


@once
def _load_libraries() -> None:
    """Load CUDA, cuDNN and TensorRT as installed by pip, which are not on the loader's path.

    If one is missing, ONNX Runtime falls back to another provider, and the caller raises. The
    loader prints its failures to standard output, which is hidden for a moment.
    """
    with redirect_stdout(StringIO()):
        ort.engine().preload_dlls()
    with suppress(ImportError):
        importlib.import_module("tensorrt")
