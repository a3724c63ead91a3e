"""The vocabulary of the pipeline: what flows, from where, through what, to where."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""RGB, uint8, shape (height, width, 3), C-contiguous. BGR exists only inside an OpenCV adapter."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a stream.

    ``index`` counts from 0; ``pts`` is the presentation time in seconds; ``captured`` is the
    ``time.monotonic()`` reading at which the picture became available (latency counts from it).
    """

    image: Image
    index: int
    pts: Fraction
    captured: float


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What is known of a stream before its first frame.

    ``width`` and ``height`` are those of the frames delivered, any rotation already applied.
    ``rate`` is the nominal frames per second, ``frames`` the expected count; None if not known.
    A ``live`` source is never waited for: newer frames replace older ones.
    """

    width: int
    height: int
    rate: Fraction | None = None
    frames: int | None = None
    live: bool = False


class Managed:
    """A context manager for sources and sinks: ``_close`` is called however its block ends."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        raise NotImplementedError


class Unmanaged(Managed):
    """A context manager with nothing to open or close, for sources and sinks that hold nothing."""

    def _close(self) -> None:
        pass


class _Context(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None: ...


class Source(_Context, Protocol):
    """A context manager one iterates, once. Raises :class:`MediaError` when it cannot deliver."""

    @property
    def info(self) -> StreamInfo: ...
    def __iter__(self) -> Iterator[Frame]: ...


class Stage(Protocol):
    """One step a frame passes through, always on the same thread."""

    def __call__(self, frame: Frame) -> Frame: ...
    def reset(self) -> None:
        """Forget earlier frames: called at a cut, a loop, a seek."""


class Sink(_Context, Protocol):
    """A context manager that takes frames. Leaving it with an error keeps what can be kept."""

    def write(self, frame: Frame) -> bool:
        """Take one frame; False when the user wants to stop."""
