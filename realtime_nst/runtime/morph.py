"""From one style to another, a step a frame."""

from fractions import Fraction

from realtime_nst.errors import UsageError
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.stream import Frame, Stage


class Morph:
    """``stage``, while ``stylizer`` goes over from its style to ``style``.

    That takes ``seconds`` from the time ``begin`` on (None: that of the first frame). A style that
    is set meanwhile ends it. Raises as :meth:`Stylizer.morph` does, and :class:`UsageError` for
    seconds not above 0.
    """

    def __init__(
        self,
        stage: Stage,
        stylizer: Stylizer,
        style: str,
        seconds: float,
        begin: Fraction | None = None,
    ) -> None:
        if not seconds > 0:
            raise UsageError(f"--morph-seconds {seconds:g} is not above 0; try 10")
        self._stage, self._seconds, self._begin = stage, seconds, begin
        self._go = stylizer.morph(style)
        self._go(0.0)

    def __call__(self, frame: Frame) -> Frame:
        if self._begin is None:
            self._begin = frame.pts
        amount = float(frame.pts - self._begin) / self._seconds
        self._go(min(1.0, max(0.0, amount)))
        return self._stage(frame)

    def reset(self) -> None:
        self._stage.reset()
