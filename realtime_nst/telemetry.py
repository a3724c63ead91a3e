"""Switches off the telemetry of the engines, which send usage data over the network by default.

``realtime_nst`` does so when it is imported: most engines read their setting once, at their own
import. These are the only process-wide settings that the library makes.
"""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

OPT_OUTS = {
    "onnxruntime": ("ORT_DISABLE_TELEMETRY", "1"),
    "ray": ("RAY_USAGE_STATS_ENABLED", "0"),
}
"""By engine, the environment variable that switches its telemetry off, and its value.

ONNX Runtime (from 1.29 on, outside Windows) writes a device id and a database of events into the
user's cache as it is imported; ``disable_telemetry_events()`` comes too late for these.
"""

_OPENVINO_SENDER = "openvino_telemetry"


def switch_off() -> None:
    """Set every variable of ``OPT_OUTS`` that is not set.

    Issues a RuntimeWarning for each engine that was imported earlier: it may have sent something.
    """
    for engine, (variable, value) in OPT_OUTS.items():
        if variable not in os.environ:
            os.environ[variable] = value
            _warn_if_imported(engine, engine, f"set {variable}={value}")
    _warn_if_imported("openvino", _OPENVINO_SENDER, f"uninstall {_OPENVINO_SENDER}")


@contextmanager
def openvino_silenced() -> Iterator[None]:
    """A block to import OpenVINO in, which reports every import and has no variable to stop it.

    Python treats a module that is None in ``sys.modules`` as not installed, and OpenVINO works
    without its sender. After the block, the sender can be imported again.
    """
    hidden = _OPENVINO_SENDER not in sys.modules
    if hidden:
        sys.modules[_OPENVINO_SENDER] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hidden:
            del sys.modules[_OPENVINO_SENDER]


def _warn_if_imported(engine: str, module: str, remedy: str) -> None:
    if module in sys.modules:
        warnings.warn(
            f"{engine} was imported before realtime_nst, which could not switch off its telemetry "
            f"in time; import realtime_nst first, or {remedy}",
            RuntimeWarning,
            stacklevel=3,
        )
