"""Networks on ONNX Runtime, on any of its execution providers."""

import ctypes
import importlib.util
import sys
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

from realtime_nst.errors import MissingPackage, ModelError, ProviderError, one_line
from realtime_nst.runtime import host
from realtime_nst.runtime.kinds import CODE, INPUT, OUTPUT, PAINTING, STRENGTH, Port
from realtime_nst.runtime.model import Model
from realtime_nst.runtime.session import Code, Compile, Encoder, Runner, Session
from realtime_nst.stream import Image

Options = Callable[[Model], Mapping[str, str]]
"""The provider's own options for a model, by their names in ONNX Runtime's documentation."""


@dataclass(frozen=True)
class Graph:
    """A network that need not carry a card: ``run`` takes its only input and returns its first
    output."""

    inputs: list[Port]
    run: Callable[[NDArray[Any]], NDArray[Any]]


_FATAL = 4
"""ONNX Runtime's log severity at which it does not print the errors that it also raises."""


def no_options(model: Model) -> Mapping[str, str]:
    return {}


def tensorrt_options(model: Model) -> Mapping[str, str]:
    """Half precision except in normalisation. Engines take minutes to build, so they are cached."""
    options = {"trt_fp16_enable": "True", "trt_layer_norm_fp32_fallback": "True"}
    folder = host.cache_folder("tensorrt", model.digest[:16])
    if folder is not None:
        options |= {
            "trt_engine_cache_enable": "True",
            "trt_engine_cache_path": str(folder),
            "trt_timing_cache_enable": "True",
            "trt_timing_cache_path": str(folder),
        }
    return options


def absence(provider: str) -> str:
    """Why ONNX Runtime's ``provider`` cannot be used here; empty if it can."""
    try:
        built_in = _onnxruntime().get_available_providers()
    except MissingPackage:
        return "the package onnxruntime is not installed"
    if provider not in built_in:
        return "the installed build of onnxruntime does not have it"
    return ""


def nvidia_absence(provider: str) -> str:
    """Like :func:`absence`, and asks the driver too: the build for NVIDIA lists its providers even
    without a GPU."""
    return absence(provider) or ("" if _nvidia_driver() else "there is no NVIDIA driver and GPU")


def tensorrt_absence(provider: str) -> str:
    """Like :func:`nvidia_absence`. TensorRT itself is another package."""
    return nvidia_absence(provider) or missing("tensorrt")


def missing(package: str) -> str:
    """Why a provider cannot be used: its ``package`` is missing. Empty if it is installed."""
    there = importlib.util.find_spec(package) is not None
    return "" if there else f"the package {package} is missing"


def open_session(model: Model, name: str, provider: str, options: Options = no_options) -> Session:
    """Raises :class:`ProviderError` if ONNX Runtime would use another provider than ``provider``,
    :class:`ModelError` if it cannot read the graph, or its ports are wrong."""
    session = create(model.path, provider, options(model))
    used = session.get_providers()[0]
    if used != provider:
        raise ProviderError(
            f"{name} was asked for, but ONNX Runtime would use {used}: a driver or library that "
            f"{provider} needs is missing; see realtime-nst doctor, or choose another `provider`"
        )
    code_size = check(model, session)
    return Session(name, model, compiler(session), code_size)


def open_encoder(model: Model) -> Encoder:
    """An encoder in float32 on the CPU, for paintings of any size.

    Raises :class:`ModelError` if ONNX Runtime cannot read the graph, or its ports are wrong.
    """
    session = create(model.path, "CPUExecutionProvider", {})
    check(model, session)

    def encode(painting: Image) -> Code:
        code: Code = session.run([CODE], {PAINTING: painting[np.newaxis]})[0]
        return code

    return encode


def open_graph(path: Path) -> Graph:
    """Any network, in float32 on the CPU. Raises :class:`ModelError` if it cannot be read."""
    session = create(path, "CPUExecutionProvider", {})
    inputs = _ports(session.get_inputs())

    def run(given: NDArray[Any]) -> NDArray[Any]:
        result: NDArray[Any] = session.run(None, {inputs[0].name: given})[0]
        return result

    return Graph(inputs, run)


def check(model: Model, session: Any) -> int:
    """The length of the network's codes. Raises :class:`ModelError` if its ports are not those of
    the kind on its card."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    return model.kind.check(model.path, _ports(inputs), _ports(outputs))


def create(
    path: Path, provider: str, options: Mapping[str, str], graph: bytes | None = None
) -> Any:
    """ONNX Runtime's session for the file, or for the ``graph`` that was made from it.

    Raises :class:`ModelError` if ``provider`` cannot run it.
    """
    runtime = _onnxruntime()
    if provider.startswith(("CUDA", "Tensorrt")):
        _load_nvidia_libraries(runtime)
    try:
        return runtime.InferenceSession(
            graph or str(path),
            _settings(runtime, provider),
            _providers(runtime, provider, options),
            enable_fallback=0,
        )
    except Exception as error:
        raise ModelError(
            f"{str(path)!r} is damaged, or {provider} cannot run it: {one_line(error)}; "
            "export it again, or choose another `provider`"
        ) from error


def _providers(
    runtime: ModuleType, provider: str, options: Mapping[str, str]
) -> list[tuple[str, dict[str, str]]]:
    """``provider``, and CUDA for operators that TensorRT lacks. Those that the installed build does
    not have are left out, for ONNX Runtime would print a warning; then the CPU is used."""
    wanted = [(provider, dict(options))]
    if provider.startswith("Tensorrt"):
        wanted.append(("CUDAExecutionProvider", {}))
    present = runtime.get_available_providers()
    return [each for each in wanted if each[0] in present] or [("CPUExecutionProvider", {})]


def _settings(runtime: ModuleType, provider: str) -> Any:
    """Waiting threads do not spin: decoder and encoder need the cores."""
    settings = runtime.SessionOptions()
    settings.log_severity_level = _FATAL
    settings.intra_op_num_threads = host.thread_limit() or 0
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    settings.enable_mem_pattern = provider != "DmlExecutionProvider"
    return settings


def compiler(session: Any) -> Compile:
    """Makes the buffers for one size; the session itself takes any."""

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
    """NumPy's name for ONNX Runtime's type ``kind``, such as "tensor(float)"."""
    name = kind.removeprefix("tensor(").removesuffix(")")
    return {"float": "float32", "double": "float64"}.get(name, name)


@once
def _load_nvidia_libraries(runtime: ModuleType) -> None:
    """Load CUDA, cuDNN and TensorRT as installed by pip, which are not on the loader's path.

    If one is missing, ONNX Runtime falls back to another provider, and the caller raises. The
    loader prints its failures to standard output, which is hidden for a moment.
    """
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
    """ONNX Runtime, without its telemetry on Windows; elsewhere a variable switches that off."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingPackage("onnxruntime", "cpu", "this provider") from error
    onnxruntime.disable_telemetry_events()
    return onnxruntime
