"""From one style to another, a step a frame."""

from fractions import Fraction

from realtime_nst.errors import UsageError
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.stream import Frame, Stage, Unmanaged


class Way:
    """``stylizer`` goes over from its style to ``style`` in ``seconds``.

    They count from the time ``begin`` on (None: that of the first frame). A style that is set
    meanwhile ends it. Raises as :meth:`Stylizer.morph` does, and :class:`UsageError` for seconds
    not above 0.
    """

    def __init__(
        self, stylizer: Stylizer, style: str, seconds: float, begin: Fraction | None = None
    ) -> None:
        if not seconds > 0:
            raise UsageError(f"--morph-seconds {seconds:g} is not above 0; try 10")
        self._seconds, self._begin = seconds, begin
        self._go = stylizer.morph(style)
        self._go(0.0)

    def at(self, time: Fraction) -> None:
        """Paint as it is to be at ``time``, in seconds."""
        if self._begin is None:
            self._begin = time
        self._go(min(1.0, max(0.0, float(time - self._begin) / self._seconds)))


class Morph:
    """``stage``, of every frame as ``way`` has it at that frame's time."""

    def __init__(self, stage: Stage, way: Way) -> None:
        self._stage, self._way = stage, way

    def __call__(self, frame: Frame) -> Frame:
        self._way.at(frame.pts)
        return self._stage(frame)

    def reset(self) -> None:
        self._stage.reset()


class MorphAlong(Unmanaged):
    """A sink that shows nothing: each frame shown beside it takes ``way`` on, for the next."""

    def __init__(self, way: Way) -> None:
        self._way = way

    def write(self, frame: Frame) -> bool:
        self._way.at(frame.pts)
        return True
