"""Networks on OpenVINO: on the CPU in float32, bfloat16 or int8, on an Intel GPU in float16."""

from collections.abc import Mapping, Sequence
from functools import cache as once
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from realtime_nst import memory
from realtime_nst.errors import MissingPackage, ModelError
from realtime_nst.runtime import compiled as compiled_files
from realtime_nst.runtime import host
from realtime_nst.runtime.companions import has_int8_form, int8_form
from realtime_nst.runtime.kinds import CODE, INPUT, STRENGTH, Port
from realtime_nst.runtime.model import Model
from realtime_nst.runtime.session import Code, Compile, Encoder, Runner, Session
from realtime_nst.runtime.time_limit import COMPILING, limited
from realtime_nst.stream import Image
from realtime_nst.telemetry import openvino_silenced


def absence(device: str, precision: str = "f32") -> str:
    """Why the device cannot be used here in ``precision``; empty if it can."""
    try:
        core = _core()
    except MissingPackage:
        return "the package openvino is not installed"
    if device not in {name.split(".")[0] for name in core.available_devices}:
        return f"OpenVINO finds no {device} on this computer"
    if precision == "bf16" and "BF16" not in capabilities():
        return "this CPU has no bfloat16 instructions (AVX512-BF16 or AMX)"
    if precision == "int8" and not host.is_x86():
        return "int8 is known to be faster only on x86 CPUs"
    return ""


def capabilities() -> list[str]:
    """The precisions that OpenVINO computes fast on this CPU, such as "BF16" and "INT8"."""
    return list(_core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))


def choose(model: Model) -> tuple[str, str]:
    """The precision in which this CPU runs ``model`` fastest, and the reason."""
    if not absence("CPU", "int8"):
        if has_int8_form(model):
            return "int8", "the style has an int8 form, and int8 is the fastest on any x86 CPU"
        why = "the style has no int8 form"
    else:
        why = "int8 is for x86 CPUs"
    if absence("CPU", "bf16"):
        return "f32", f"{why}, and the CPU has no bfloat16"
    return "bf16", f"{why}, and the CPU has bfloat16"


def open_best(model: Model) -> Session:
    precision, _ = choose(model)
    return open_session(model, f"openvino-{precision}", "CPU", precision)


def open_session(model: Model, name: str, device: str, precision: str) -> Session:
    """Raises :class:`ModelError` if OpenVINO cannot read the graph, or its ports are wrong, and
    :class:`ProviderError` if ``precision`` is "int8" and the style has no int8 form."""
    if precision == "int8":
        model = int8_form(model)
    graph, code_size = _read(model)
    compile = _compiler(model, graph, device, _options(model, precision), bool(code_size))
    return Session(name, model, compile, code_size)


def open_encoder(model: Model) -> Encoder:
    """An encoder in float32 on the CPU, for paintings of any size.

    Raises :class:`ModelError` if OpenVINO cannot read the graph, or its ports are wrong.
    """
    graph, _ = _read(model)
    network = _compiled(model, graph, "CPU", _options(model, "f32"))
    request = network.create_infer_request()

    def encode(painting: Image) -> Code:
        request.set_input_tensor(_openvino().Tensor(painting[np.newaxis]))
        request.infer()
        code: Code = request.get_output_tensor().data.copy()
        return code

    return encode


def _read(model: Model) -> tuple[Any, int]:
    """The graph, and the length of its codes."""
    try:
        graph = limited(
            lambda: _core().read_model(model.path), COMPILING, f"reading {str(model.path)!r}"
        )
    except RuntimeError as error:
        raise ModelError(
            f"{str(model.path)!r} is damaged: OpenVINO cannot read it; copy or export it again"
        ) from error
    return graph, model.kind.check(model.path, _ports(graph.inputs), _ports(graph.outputs))


def compiled(model: Model, sizes: Mapping[str, Sequence[int]]) -> Any:
    """``model``, of any kind, compiled for the CPU in its fastest float precision.

    ``sizes`` fills in the dynamic dimensions of each input, in order. Raises
    :class:`MissingPackage` without OpenVINO.
    """
    graph = _core().read_model(model.path)
    shapes = {}
    for name, given in sizes.items():
        rest = iter(given)
        dimensions = graph.input(name).partial_shape
        shapes[name] = [next(rest) if d.is_dynamic else d.get_length() for d in dimensions]
    graph.reshape(shapes)
    return _compiled(model, graph, "CPU", _options(model, _float_precision()))


def _options(model: Model, precision: str) -> dict[str, Any]:
    options: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": _float_precision() if precision == "int8" else precision,
    }
    threads = host.thread_limit()
    if threads is not None:
        options["INFERENCE_NUM_THREADS"] = threads
    folder = host.cache_folder("openvino", model.digest[:16])
    if folder is not None:
        compiled_files.drop_damaged(folder)
        options["CACHE_DIR"] = str(folder)
    return options


def _compiled(model: Model, graph: Any, device: str, options: dict[str, Any]) -> Any:
    """``graph`` of ``model``, compiled. Raises :class:`ModelError` if that takes too long."""
    network = limited(
        lambda: _core().compile_model(graph, device, options),
        COMPILING,
        f"compiling {str(model.path)!r}",
    )
    if "CACHE_DIR" in options:
        compiled_files.record(Path(options["CACHE_DIR"]))
    return network


def _float_precision() -> str:
    """The fastest float precision, which an int8 network also uses for its layers left in float."""
    return "bf16" if "BF16" in capabilities() else "f32"


def _compiler(
    model: Model, graph: Any, device: str, options: dict[str, Any], coded: bool
) -> Compile:
    """Compiles for one size: a fixed size runs a tenth faster than a dynamic one."""

    def compile(height: int, width: int) -> Runner:
        fixed = graph.clone()
        fixed.reshape({INPUT: [1, height, width, 3]})
        memory.require(
            _largest(fixed),
            f"painting {width}x{height} with {model.path.name}",
            "give a smaller `size`, a larger `brush`, or another style",
        )
        request = _compiled(model, fixed, device, options).create_infer_request()
        if coded:
            request.set_tensor(STRENGTH, _openvino().Tensor(np.ones(1, np.float32)))
        return _runner(request)

    return compile


def _largest(graph: Any) -> int:
    """The bytes of the largest tensor that ``graph`` makes, of those whose size is known."""
    made = (node for node in graph.get_ops() if node.get_type_name() != "Constant")
    outputs = (output for node in made for output in node.outputs())
    known = (each for each in outputs if each.get_partial_shape().is_static)
    sizes = (prod(each.get_shape()) * each.get_element_type().size for each in known)
    return max(sizes, default=0)


def _runner(request: Any) -> Runner:
    tensor = _openvino().Tensor
    output = request.get_output_tensor()

    def run(image: Image, code: Code | None) -> Image:
        request.set_tensor(INPUT, tensor(image[np.newaxis], shared_memory=True))
        if code is not None:
            request.set_tensor(CODE, tensor(code))
        request.infer()
        result: Image = output.data[0]
        return result

    return run


def _ports(ports: list[Any]) -> list[Port]:
    return [
        Port(
            min(port.get_names(), default=""),
            np.dtype(port.get_element_type().to_dtype()).name,
            tuple(None if size.is_dynamic else size.get_length() for size in port.partial_shape),
        )
        for port in ports
    ]


@once
def _core() -> Any:
    return _openvino().Core()


@once
def _openvino() -> Any:
    try:
        with openvino_silenced():
            import openvino
    except ImportError as error:
        raise MissingPackage("openvino", "cpu", "this provider") from error
    return openvino
