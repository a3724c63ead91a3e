"""Networks on ONNX Runtime, on any of its execution providers."""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache as once
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


@dataclass(frozen=True)
class Graph:
    """A network that need not carry a card: ``run`` takes its only input and returns its first
    output."""

    inputs: list[Port]
    run: Callable[[NDArray[Any]], NDArray[Any]]


_FATAL = 4
"""ONNX Runtime's log severity at which it does not print the errors that it also raises."""


def absence(provider: str) -> str:
    """Why ONNX Runtime's ``provider`` cannot be used here; empty if it can."""
    try:
        built_in = engine().get_available_providers()
    except MissingPackage:
        return "the package onnxruntime is not installed"
    if provider not in built_in:
        return "the installed build of onnxruntime does not have it"
    return ""


def missing(package: str) -> str:
    """Why a provider cannot be used: its ``package`` is missing. Empty if it is installed."""
    there = importlib.util.find_spec(package) is not None
    return "" if there else f"the package {package} is missing"


def open_session(model: Model, name: str, provider: str) -> Session:
    """Raises :class:`ProviderError` if ONNX Runtime would use another provider than ``provider``,
    :class:`ModelError` if it cannot read the graph, or its ports are wrong."""
    session = create_on(model, name, provider, {})
    return Session(name, model, compiler(session), check(model, session))


def create_on(model: Model, name: str, provider: str, options: Mapping[str, str]) -> Any:
    """ONNX Runtime's session on ``provider``, which is called ``name``, with that provider's own
    ``options``. Raises the errors of :func:`open_session`, but for those of ports."""
    session = create(model.path, provider, options)
    used = session.get_providers()[0]
    if used != provider:
        raise ProviderError(
            f"{name} was asked for, but ONNX Runtime would use {used}: a driver or library that "
            f"{provider} needs is missing; see realtime-nst doctor, or choose another `provider`"
        )
    return session


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


def run_graph(
    graph: bytes, outputs: Sequence[str], given: Mapping[str, NDArray[Any]]
) -> list[NDArray[Any]]:
    """``outputs`` of the network in ``graph``, once, in float32 on the CPU."""
    session = create(Path("network"), "CPUExecutionProvider", {}, graph)
    results: list[NDArray[Any]] = session.run(list(outputs), dict(given))
    return results


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
    runtime = engine()
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


def compiler(session: Any, held_on: str = "") -> Compile:
    """Makes the buffers for one size; the session itself takes any.

    ``held_on``: the device, by ONNX Runtime's name, that has buffers of its own for the inputs. A
    frame is then copied there once, a code or strength only when it changes. The result is copied
    back once.
    """

    def compile(height: int, width: int) -> Runner:
        output = np.empty((1, height, width, 3), np.uint8)
        binding = session.io_binding()
        binding.bind_output(OUTPUT, "cpu", 0, np.uint8, output.shape, output.ctypes.data)
        give = _Held(binding, held_on) if held_on else binding.bind_cpu_input
        full = np.ones(1, np.float32)

        def run(image: Image, code: Code | None) -> Image:
            give(INPUT, image[np.newaxis])
            if code is not None:
                give(CODE, code)
                give(STRENGTH, full)
            session.run_with_iobinding(binding)
            result: Image = output[0]
            return result

        return run

    return compile


class _Held:
    """The inputs of ``binding`` in buffers on ``device``, which keep their place in its memory."""

    def __init__(self, binding: Any, device: str) -> None:
        self._binding, self._device = binding, device
        self._given: dict[str, tuple[Any, NDArray[Any]]] = {}

    def __call__(self, name: str, array: NDArray[Any]) -> None:
        value, before = self._given.get(name, (None, None))
        if value is None:
            value = engine().OrtValue.ortvalue_from_numpy(array, self._device, 0)
            self._binding.bind_ortvalue_input(name, value)
        elif array is not before:
            value.update_inplace(array)
        self._given[name] = value, array


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
def engine() -> Any:
    """ONNX Runtime, without its telemetry on Windows; elsewhere a variable switches that off."""
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingPackage("onnxruntime", "cpu", "this provider") from error
    onnxruntime.disable_telemetry_events()
    return onnxruntime
