"""Networks on CoreML.

CoreML takes a graph whole only if its sizes are fixed and nothing is padded by reflection (see ONNX
Runtime's list of operators for its CoreML provider). An operator that it does not take runs on the
CPU, with a copy there and back at every layer, so each picture size gets a graph of its own,
rewritten by :mod:`~realtime_nst.runtime.static_shape`. Only the conversions from and to bytes stay
on the CPU.
"""

from collections.abc import Mapping

from realtime_nst.runtime import host
from realtime_nst.runtime import onnxruntime_session as ort
from realtime_nst.runtime.model import Model
from realtime_nst.runtime.session import Runner, Session

_PROVIDER = "CoreMLExecutionProvider"


def absence() -> str:
    """Why CoreML cannot be used here; empty if it can."""
    return ort.absence(_PROVIDER) or ort.missing("onnx")


def open_session(model: Model, name: str = "coreml", provider: str = _PROVIDER) -> Session:
    """Raises :class:`ModelError` if ONNX Runtime cannot read the graph, or its ports are wrong.

    ``provider`` is the provider of ONNX Runtime that runs the rewritten graphs: tests use its CPU.
    """
    code_size = ort.check(model, ort.create(model.path, "CPUExecutionProvider", {}))

    def compile(height: int, width: int) -> Runner:
        from realtime_nst.runtime.static_shape import with_static_shape

        options = _options(model, width, height) if provider == _PROVIDER else {}
        graph = with_static_shape(model.path, height, width)
        return ort.compiler(ort.create(model.path, provider, options, graph))(height, width)

    return Session(name, model, compile, code_size)


def _options(model: Model, width: int, height: int) -> Mapping[str, str]:
    options = {"ModelFormat": "MLProgram", "RequireStaticInputShapes": "1"}
    folder = host.cache_folder("coreml", f"{model.digest[:16]}-{width}x{height}")
    return options if folder is None else options | {"ModelCacheDirectory": str(folder)}
