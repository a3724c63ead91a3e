"""The execution providers: one row each, the fastest first."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from realtime_nst.errors import MissingPackage, ProviderError, UnknownName
from realtime_nst.runtime import coreml_session as coreml
from realtime_nst.runtime import onnxruntime_session as ort
from realtime_nst.runtime import openvino_session as openvino
from realtime_nst.runtime.companions import has_int8_form
from realtime_nst.runtime.model import Model
from realtime_nst.runtime.session import Encoder, Session

AUTO = "auto"


@dataclass(frozen=True)
class Provider:
    """``absence()`` says why the provider cannot be used here, empty if it can; ``install`` is the
    remedy. "auto" chooses only ``automatic`` providers. An ``int8`` provider runs only styles with
    an int8 form."""

    name: str
    engine: str
    description: str
    install: str
    absence: Callable[[], str]
    open: Callable[[Model], Session]
    automatic: bool = True
    int8: bool = False


def _onnxruntime(
    name: str,
    provider: str,
    description: str,
    install: str,
    absence: Callable[[str], str] = ort.absence,
    options: ort.Options = ort.no_options,
) -> Provider:
    return Provider(
        name,
        "onnxruntime",
        description,
        install,
        partial(absence, provider),
        partial(ort.open_session, name=name, provider=provider, options=options),
    )


def _openvino(name: str, description: str, install: str, device: str, precision: str) -> Provider:
    return Provider(
        name,
        "openvino",
        description,
        install,
        partial(openvino.absence, device, precision),
        partial(openvino.open_session, name=name, device=device, precision=precision),
        automatic=False,
        int8=precision == "int8",
    )


_CPU_EXTRA = 'pip install "realtime_nst[cpu]"'
_GPU_EXTRA = (
    'an NVIDIA GPU with its driver, then pip uninstall onnxruntime; pip install "realtime_nst[gpu]"'
)

_ROWS = (
    _onnxruntime(
        "tensorrt",
        "TensorrtExecutionProvider",
        "NVIDIA GPU through TensorRT, float16; the first start takes minutes",
        f"{_GPU_EXTRA} tensorrt",
        ort.tensorrt_absence,
        ort.tensorrt_options,
    ),
    _onnxruntime(
        "cuda",
        "CUDAExecutionProvider",
        "NVIDIA GPU through CUDA, float32",
        _GPU_EXTRA,
        ort.nvidia_absence,
    ),
    _onnxruntime(
        "directml",
        "DmlExecutionProvider",
        "any GPU on Windows, float32",
        "on Windows: pip uninstall onnxruntime; pip install onnxruntime-directml",
    ),
    Provider(
        "coreml",
        "onnxruntime",
        "GPU and neural engine of a Mac",
        f"on macOS: {_CPU_EXTRA}",
        coreml.absence,
        coreml.open_session,
    ),
    Provider(
        "openvino",
        "openvino",
        "CPU through OpenVINO, in the fastest precision that CPU and style have",
        _CPU_EXTRA,
        partial(openvino.absence, "CPU"),
        openvino.open_best,
    ),
    _onnxruntime(
        "cpu",
        "CPUExecutionProvider",
        "CPU through ONNX Runtime, float32; runs everywhere",
        _CPU_EXTRA,
    ),
    _openvino("openvino-f32", "CPU through OpenVINO, float32", _CPU_EXTRA, "CPU", "f32"),
    _openvino(
        "openvino-bf16",
        "CPU through OpenVINO, bfloat16",
        f"a CPU with AVX512-BF16 or AMX, then {_CPU_EXTRA}",
        "CPU",
        "bf16",
    ),
    _openvino(
        "openvino-int8",
        "CPU through OpenVINO, int8; for styles with an int8 form",
        f"an x86 CPU, then {_CPU_EXTRA}",
        "CPU",
        "int8",
    ),
    _openvino(
        "openvino-gpu",
        "Intel GPU through OpenVINO, float16",
        f"an Intel GPU with its OpenCL driver, then {_CPU_EXTRA}",
        "GPU",
        "f16",
    ),
)

PROVIDERS = {row.name: row for row in _ROWS}
"""By name, in the order in which "auto" tries them: TensorRT, CUDA, DirectML, CoreML, OpenVINO,
ONNX Runtime on the CPU. The others are used only if they are named."""


def available() -> list[Provider]:
    """The providers that can be used here, in the order of the table."""
    return [row for row in PROVIDERS.values() if not row.absence()]


def suitable(model: Model) -> list[Provider]:
    """Those of :func:`available` that can run ``model``."""
    return [row for row in available() if not row.int8 or has_int8_form(model)]


def choose(name: str = AUTO) -> Provider:
    """The provider ``name``; for "auto", the first automatic one that is present.

    Raises :class:`UnknownName`, :class:`ProviderError` if that provider is absent, and
    :class:`MissingPackage` if no engine is installed.
    """
    if name != AUTO and name not in PROVIDERS:
        raise UnknownName("provider", name, [AUTO, *PROVIDERS])
    if name == AUTO:
        return _fastest()
    reason = PROVIDERS[name].absence()
    if reason:
        raise ProviderError(_explain(PROVIDERS[name], reason))
    return PROVIDERS[name]


def open_encoder(model: Model) -> Encoder:
    """An encoder in float32 on the CPU: codes are made once, then used in any precision.

    Raises :class:`ModelError`, and :class:`MissingPackage` if neither OpenVINO nor ONNX Runtime is
    installed.
    """
    if openvino.absence("CPU"):
        return ort.open_encoder(model)
    return openvino.open_encoder(model)


def _fastest() -> Provider:
    for row in PROVIDERS.values():
        if row.automatic and not row.absence():
            return row
    raise MissingPackage(
        "openvino", "cpu", "running a style (on an NVIDIA GPU: the extra gpu instead of cpu)"
    )


def _explain(row: Provider, reason: str) -> str:
    present = ", ".join(other.name for other in available())
    if not present:
        return str(MissingPackage("openvino", "cpu", f"provider {row.name!r}"))
    return (
        f"provider {row.name!r} cannot be used here: {reason}; "
        f"it needs {row.install}; present: {present}"
    )
