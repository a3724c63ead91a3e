"""Every exception the package raises.

    RealtimeNstError        something failed                                 exit code 1
    ├── UsageError          the request itself cannot be met as written      exit code 2
    │   ├── UnknownName     a name that is in no table; the nearest is named
    │   └── TargetExists    the output is already there
    ├── MediaError          a picture or video cannot be read or written
    │   └── SourceStalled   a source stopped sending
    ├── ModelError          an ONNX file is not one of ours, or is damaged
    ├── ProviderError       an execution provider is absent, or not the one in use
    ├── MissingPackage      a package of an optional extra is not installed
    └── TrainingError       training or export cannot go on

Messages are one line and name the value, the choices and the remedy.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar


class RealtimeNstError(Exception):
    exit_code: ClassVar[int] = 1


class UsageError(RealtimeNstError):
    exit_code: ClassVar[int] = 2


class UnknownName(UsageError):
    """``kind`` is what was asked for ("style", "provider"), ``choices`` what there is."""

    def __init__(self, kind: str, value: str, choices: Iterable[str], remedy: str = "") -> None:
        names = sorted(choices)
        near = get_close_matches(value, names, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        listing = ", ".join(names) or "none"
        super().__init__(
            f"unknown {kind} {value!r}{hint} (choices: {listing})"
            + (f"; {remedy}" if remedy else "")
        )


class TargetExists(UsageError):
    pass


class MediaError(RealtimeNstError):
    pass


class SourceStalled(MediaError):
    pass


class ModelError(RealtimeNstError):
    pass


class ProviderError(RealtimeNstError):
    pass


class MissingPackage(RealtimeNstError):
    """``package`` is absent; ``extra`` of realtime_nst brings it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {package!r}, which is not installed; "
            f'install it with: pip install "realtime_nst[{extra}]"'
        )


class TrainingError(RealtimeNstError):
    pass
