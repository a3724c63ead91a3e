"""Networks on ONNX Runtime, whichever of its execution providers."""

import ctypes
import importlib.util
import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from functools import cache as once
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from realtime_nst.errors import MissingPackage, ModelError, ProviderError
from realtime_nst.runtime import cache, hardware
from realtime_nst.runtime.kinds import CODE, INPUT, OUTPUT, PAINTING, STRENGTH, Port
from realtime_nst.runtime.model import Model
from realtime_nst.runtime.session import Code, Compile, Encoder, Runner, Session
from realtime_nst.stream import Image

Options = Callable[[Model], Mapping[str, str]]
"""The provider's own options, by the names ONNX Runtime's documentation gives them."""


@dataclass(frozen=True)
class Graph:
    """A network that need not be one of ours: ``run`` takes the first of ``inputs``, which is to be
    the only one, and gives the first output."""

    inputs: list[Port]
    run: Callable[[NDArray[Any]], NDArray[Any]]


_FATAL = 4
"""ONNX Runtime's log severity at which it prints nothing of warnings and errors it also raises."""


def no_options(model: Model) -> Mapping[str, str]:
    return {}


def tensorrt_options(model: Model) -> Mapping[str, str]:
    """Half precision, normalisation excepted; engines take minutes to build, so they are kept."""
    options = {"trt_fp16_enable": "True", "trt_layer_norm_fp32_fallback": "True"}
    folder = cache.folder("tensorrt", model.digest[:16])
    if folder is not None:
        options |= {
            "trt_engine_cache_enable": "True",
            "trt_engine_cache_path": str(folder),
            "trt_timing_cache_enable": "True",
            "trt_timing_cache_path": str(folder),
        }
    return options


def absence(provider: str) -> str:
    """Why ONNX Runtime's ``provider`` cannot be used here; empty when it can."""
    try:
        built_in = _onnxruntime().get_available_providers()
    except MissingPackage:
        return "the package onnxruntime is not installed"
    if provider not in built_in:
        return "the installed build of onnxruntime does not hold it"
    return ""


def nvidia_absence(provider: str) -> str:
    """As :func:`absence`; the build for NVIDIA lists its providers on computers without one too."""
    return absence(provider) or ("" if _nvidia_driver() else "there is no NVIDIA driver and GPU")


def tensorrt_absence(provider: str) -> str:
    """As :func:`nvidia_absence`; TensorRT itself is a package of its own."""
    return nvidia_absence(provider) or missing("tensorrt")


def missing(package: str) -> str:
    """That a provider's ``package`` is; empty when it is there."""
    there = importlib.util.find_spec(package) is not None
    return "" if there else f"the package {package} is missing"


def open_session(model: Model, name: str, provider: str, options: Options = no_options) -> Session:
    """Raises :class:`ProviderError` when ONNX Runtime would use another provider than ``provider``,
    :class:`ModelError` when it cannot read the graph, or it is not a style's."""
    session = create(model.path, provider, options(model))
    used = session.get_providers()[0]
    if used != provider:
        raise ProviderError(
            f"{name} was asked for, but ONNX Runtime would use {used}: a driver or library that "
            f"{provider} needs is missing; see realtime-nst doctor, or choose another --provider"
        )
    code_size = check(model, session)
    return Session(name, model, compiler(session), code_size)


def open_encoder(model: Model) -> Encoder:
    """In float32 on the CPU, for paintings of any size. Raises :class:`ModelError` as
    :func:`open_session` does."""
    session = create(model.path, "CPUExecutionProvider", {})
    check(model, session)

    def encode(painting: Image) -> Code:
        code: Code = session.run([CODE], {PAINTING: painting[np.newaxis]})[0]
        return code

    return encode


def open_graph(path: Path) -> Graph:
    """Any network, in float32 on the CPU. Raises :class:`ModelError` when it cannot be read."""
    session = create(path, "CPUExecutionProvider", {})
    inputs = _ports(session.get_inputs())

    def run(given: NDArray[Any]) -> NDArray[Any]:
        result: NDArray[Any] = session.run(None, {inputs[0].name: given})[0]
        return result

    return Graph(inputs, run)


def check(model: Model, session: Any) -> int:
    """How many numbers a code of the network has; raises :class:`ModelError` where it is not a
    style's."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    return model.kind.check(model.path, _ports(inputs), _ports(outputs))


def create(
    path: Path, provider: str, options: Mapping[str, str], graph: bytes | None = None
) -> Any:
    """ONNX Runtime's session for the file, or for the ``graph`` made of it; raises
    :class:`ModelError` where ``provider`` cannot run it."""
    runtime = _onnxruntime()
    if provider.startswith(("CUDA", "Tensorrt")):
        _load_nvidia_libraries(runtime)
    try:
        with warnings.catch_warnings(action="ignore"):
            return runtime.InferenceSession(
                graph or str(path),
                _settings(runtime, provider),
                [(provider, dict(options)), *_helpers(provider)],
                enable_fallback=0,
            )
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"{str(path)!r} is damaged, or {provider} cannot run it: {reason}; "
            "export it again, or choose another --provider"
        ) from error


def _helpers(provider: str) -> list[str]:
    """Providers for the operators that ``provider`` lacks, besides the CPU."""
    return ["CUDAExecutionProvider"] if provider.startswith("Tensorrt") else []


def _settings(runtime: ModuleType, provider: str) -> Any:
    """Threads that wait do not spin: decoder and encoder need the cores meanwhile."""
    settings = runtime.SessionOptions()
    settings.log_severity_level = _FATAL
    settings.intra_op_num_threads = hardware.thread_limit() or 0
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    settings.enable_mem_pattern = provider != "DmlExecutionProvider"
    return settings


def compiler(session: Any) -> Compile:
    """Buffers for one size; the engine itself takes any."""

    def compile(height: int, width: int) -> Runner:
        output = np.empty((1, height, width, 3), np.uint8)
        binding = session.io_binding()
        binding.bind_output(OUTPUT, "cpu", 0, np.uint8, output.shape, output.ctypes.data)
        full = np.ones(1, np.float32)

        def run(image: Image, code: Code | None) -> Image:
            binding.bind_cpu_input(INPUT, image[np.newaxis])
            if code is not None:
                binding.bind_cpu_input(CODE, code)
                binding.bind_cpu_input(STRENGTH, full)
            session.run_with_iobinding(binding)
            result: Image = output[0]
            return result

        return run

    return compile


def _ports(nodes: list[Any]) -> list[Port]:
    return [
        Port(
            node.name,
            _dtype(node.type),
            tuple(size if isinstance(size, int) else None for size in node.shape),
        )
        for node in nodes
    ]


def _dtype(kind: str) -> str:
    """By the name NumPy has for it."""
    name = kind.removeprefix("tensor(").removesuffix(")")
    return {"float": "float32", "double": "float64"}.get(name, name)


def _load_nvidia_libraries(runtime: ModuleType) -> None:
    """CUDA, cuDNN and TensorRT installed by pip are not on the loader's path, so they are loaded
    first. What is missing shows in the provider that results."""
    with redirect_stdout(StringIO()):
        runtime.preload_dlls()
    with suppress(ImportError):
        importlib.import_module("tensorrt")


@once
def _nvidia_driver() -> bool:
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return bool(driver.cuInit(0) == 0)


@once
def _onnxruntime() -> Any:
    """ONNX Runtime, printing nothing and reporting nothing."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingPackage("onnxruntime", "cpu", "this provider") from error
    onnxruntime.set_default_logger_severity(_FATAL)
    onnxruntime.disable_telemetry_events()
    return onnxruntime
