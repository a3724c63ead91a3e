"""A sink that keeps only the count and the latest frame, for benchmarks and tests."""

from realtime_nst.stream import Frame, Unmanaged


class NullSink(Unmanaged):
    """``frames`` counts the frames written, ``latest`` is the last of them."""

    def __init__(self) -> None:
        self.frames = 0
        self.latest: Frame | None = None

    def write(self, frame: Frame) -> bool:
        self.frames += 1
        self.latest = frame
        return True
