"""A sink that keeps nothing but the count and the latest frame: for measuring and for tests."""

from realtime_nst.stream import Frame, Unmanaged


class NullSink(Unmanaged):
    """``frames`` counts what was written, ``latest`` is the last of it."""

    def __init__(self) -> None:
        self.frames = 0
        self.latest: Frame | None = None

    def write(self, frame: Frame) -> bool:
        self.frames += 1
        self.latest = frame
        return True
