"""A sink that keeps nothing but the count and the latest frame: for measuring and for tests."""

from types import TracebackType
from typing import Self

from realtime_nst.stream import Frame


class NullSink:
    """``frames`` counts what was written, ``latest`` is the last of it."""

    def __init__(self) -> None:
        self.frames = 0
        self.latest: Frame | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        pass

    def write(self, frame: Frame) -> bool:
        self.frames += 1
        self.latest = frame
        return True
