"""Morphing: from one style to another, a step a frame."""

from fractions import Fraction

from realtime_nst.errors import UsageError
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.stream import Frame


class Morph:
    """Takes ``stylizer`` from its style to ``style`` within ``seconds``.

    The seconds count from the time ``begin`` (None: from the first frame). A style set meanwhile
    ends the morph. Raises the errors of :meth:`Stylizer.morph`, and :class:`UsageError` unless
    ``seconds`` is above 0.
    """

    def __init__(
        self, stylizer: Stylizer, style: str, seconds: float, begin: Fraction | None = None
    ) -> None:
        if not seconds > 0:
            raise UsageError(f"a morph takes more than 0 seconds, not {seconds:g}; try 10")
        self._seconds, self._begin = seconds, begin
        self._go = stylizer.morph(style)
        self._go(0.0)

    def advance(self, frame: Frame) -> None:
        """Make the stylizer paint as it should at the time of ``frame``."""
        if self._begin is None:
            self._begin = frame.pts
        self._go(min(1.0, max(0.0, float(frame.pts - self._begin) / self._seconds)))
