"""The execution providers: one row each, the fastest first."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from realtime_nst.errors import (
    MissingPackage,
    ProviderError,
    ProviderWarning,
    RealtimeNstError,
    UnknownName,
)
from realtime_nst.runtime import coreml_session as coreml
from realtime_nst.runtime import nvidia_session as nvidia
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
    an int8 form. Where a provider that ``falls_back`` cannot open a network, "auto" goes on to the
    next."""

    name: str
    engine: str
    description: str
    install: str
    absence: Callable[[], str]
    open: Callable[[Model], Session]
    automatic: bool = True
    int8: bool = False
    falls_back: bool = False


def _onnxruntime(
    name: str, provider: str, description: str, install: str, *, falls_back: bool = False
) -> Provider:
    return Provider(
        name,
        "onnxruntime",
        description,
        install,
        partial(ort.absence, provider),
        partial(ort.open_session, name=name, provider=provider),
        falls_back=falls_back,
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
    Provider(
        "tensorrt",
        "onnxruntime",
        "NVIDIA GPU through TensorRT, float16; the first start of a style takes minutes",
        f"{_GPU_EXTRA} tensorrt",
        nvidia.tensorrt_absence,
        nvidia.open_tensorrt,
        falls_back=True,
    ),
    Provider(
        "cuda",
        "onnxruntime",
        "NVIDIA GPU through CUDA, float32",
        _GPU_EXTRA,
        partial(nvidia.absence, nvidia.CUDA),
        nvidia.open_cuda,
        falls_back=True,
    ),
    _onnxruntime(
        "directml",
        "DmlExecutionProvider",
        "any GPU on Windows, float32",
        "on Windows: pip uninstall onnxruntime; pip install onnxruntime-directml",
        falls_back=True,
    ),
    Provider(
        "coreml",
        "onnxruntime",
        "GPU and neural engine of a Mac",
        f"on macOS: {_CPU_EXTRA}",
        coreml.absence,
        coreml.open_session,
        falls_back=True,
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
    """The provider ``name``; for "auto", the first automatic one that is present. Opening that one
    goes on to the next, with a :class:`ProviderWarning`, as :func:`open_automatic` does.

    Raises :class:`UnknownName`, :class:`ProviderError` if that provider is absent, and
    :class:`MissingPackage` if no engine is installed.
    """
    if name != AUTO and name not in PROVIDERS:
        raise UnknownName("provider", name, [AUTO, *PROVIDERS])
    if name == AUTO:
        fastest = next(_automatic())
        return replace(fastest, open=_open_told) if fastest.falls_back else fastest
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


def open_automatic(model: Model) -> tuple[Session, list[str]]:
    """``model`` on the first automatic provider that can open it, and why those before it cannot.

    Raises the errors of the first that does not fall back.
    """
    reasons: list[str] = []
    for row in _automatic():
        try:
            return row.open(model), reasons
        except RealtimeNstError as error:
            if not row.falls_back:
                raise
            reasons.append(f"{row.name} cannot be used: {error}")
    raise ProviderError("; ".join(reasons))


def _open_told(model: Model) -> Session:
    session, reasons = open_automatic(model)
    for reason in reasons:
        warnings.warn(f"{session.provider} is used: {reason}", ProviderWarning, stacklevel=2)
    return session


def _automatic() -> Iterator[Provider]:
    """Those present, at least one. Asking one imports its engine, so each is asked when its turn
    has come."""
    found = False
    for row in PROVIDERS.values():
        if row.automatic and not row.absence():
            found = True
            yield row
    if not found:
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
