"""Networks on CoreML, which takes a graph whole only where its sizes are fixed and nothing is
padded by reflection (ONNX Runtime's list of operators for its CoreML provider). What it does not
take is handed to the CPU and back, at every layer; so each size of picture has its own graph. The
conversions from and to bytes stay on the CPU.
"""

from collections.abc import Mapping

from realtime_nst.runtime import cache
from realtime_nst.runtime import onnxruntime_session as ort
from realtime_nst.runtime.model import Model
from realtime_nst.runtime.session import Runner, Session

_PROVIDER = "CoreMLExecutionProvider"


def absence() -> str:
    """Why CoreML cannot be used here; empty when it can."""
    return ort.absence(_PROVIDER) or ort.missing("onnx")


def open_session(model: Model, name: str = "coreml", provider: str = _PROVIDER) -> Session:
    """Raises :class:`ModelError` when ONNX Runtime cannot read the graph, or it is not a style's.

    ``provider`` is any of ONNX Runtime's that should be given such graphs.
    """
    code_size = ort.check(model, ort.create(model.path, "CPUExecutionProvider", {}))

    def compile(height: int, width: int) -> Runner:
        from realtime_nst.runtime.spelt_out import spelt_out

        options = _options(model, width, height) if provider == _PROVIDER else {}
        graph = spelt_out(model.path, height, width)
        return ort.compiler(ort.create(model.path, provider, options, graph))(height, width)

    return Session(name, model, compile, code_size)


def _options(model: Model, width: int, height: int) -> Mapping[str, str]:
    options = {"ModelFormat": "MLProgram", "RequireStaticInputShapes": "1"}
    folder = cache.folder("coreml", f"{model.digest[:16]}-{width}x{height}")
    return options if folder is None else options | {"ModelCacheDirectory": str(folder)}
