"""Every exception the package raises.

    RealtimeNstError        something failed                                 exit code 1
    ├── UsageError          the request cannot be met as written             exit code 2
    │   ├── UnknownName     a name is not among the choices
    │   └── TargetExists    the output is already there
    ├── MediaError          a picture or video cannot be read or written
    │   └── SourceStalled   a source stopped sending
    ├── ModelError          an ONNX file is damaged, or not a style network
    ├── ProviderError       an execution provider is unavailable
    ├── MissingPackage      a package of an optional extra is not installed
    └── TrainingError       training or export cannot go on

    StyleWarning            an installed style is left out, and the rest goes on
    ProviderWarning         a provider takes long to start, or another is used in its place

A message is one line that names the value, the choices and the remedy. An argument stands in
backquotes, `overwrite`; the command line shows it as its option, --overwrite.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar


class RealtimeNstError(Exception):
    """Base class of all errors that the package raises on purpose.

    ``exit_code`` is the exit status of the command that it ends. ``choices`` are the values that
    would have done, where there are only so many.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str = "", *, choices: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.choices = tuple(choices)


class UsageError(RealtimeNstError):
    """The request cannot be met as written: an argument is wrong, or two contradict each other."""

    exit_code: ClassVar[int] = 2


class UnknownName(UsageError):
    """``value`` is not among ``choices``, the names of that ``kind`` ("style", "provider").

    The message suggests the most similar choice, lists all of them, and ends with ``remedy``.
    """

    def __init__(self, kind: str, value: str, choices: Iterable[str], remedy: str = "") -> None:
        known = sorted(choices)
        super().__init__(
            f"unknown {kind} {value!r}{did_you_mean(value, known)} "
            f"(choices: {', '.join(known) or 'none'})" + (f"; {remedy}" if remedy else ""),
            choices=known,
        )


class TargetExists(UsageError):
    """The output, or an unfinished part of it, is already there."""


class MediaError(RealtimeNstError):
    """A picture, video, camera or stream cannot be read or written."""


class SourceStalled(MediaError):
    """A camera or stream has sent nothing for as long as its timeout."""


class ModelError(RealtimeNstError):
    """An ONNX file is damaged, is not a style network, or cannot be run."""


class ProviderError(RealtimeNstError):
    """An execution provider is unavailable, or another one would be used in its place."""


class MissingPackage(RealtimeNstError):
    """``purpose`` ("training") needs ``package``, which the extra ``extra`` installs."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {package!r}, which is not installed; "
            f'install it with: pip install "realtime_nst[{extra}]"'
        )


class TrainingError(RealtimeNstError):
    """Training, export or optimisation cannot go on."""


class StyleWarning(UserWarning):
    """A style of the user's library or of a package cannot be used; all others can."""


class ProviderWarning(UserWarning):
    """An execution provider takes minutes to start, or the next one is used in its place."""


def did_you_mean(value: str, choices: Iterable[str]) -> str:
    """``"; did you mean 'candy'?"`` with the most similar choice; empty if none is similar."""
    near = get_close_matches(value, list(choices), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def one_line(error: BaseException, longest: int = 200) -> str:
    """The error's message on one line of at most ``longest`` characters, or else its class name.

    For exceptions of other libraries, whose messages may span many lines or be empty.
    """
    return " ".join(str(error).split())[:longest] or type(error).__name__
