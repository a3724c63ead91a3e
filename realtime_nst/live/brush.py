"""How strongly the style is painted, changed while it runs."""

from collections.abc import Hashable

from realtime_nst.runtime.stages import Stylise
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.stream import Frame


class Brush:
    """The stage that paints; what is set from any thread holds from the next frame on.

    ``rest``, if there is one, is the brush for what a mask leaves out, and is set as this one is.
    ``strength`` is 0 to 1; ``keep_colour`` one of KEEP_COLOUR; while ``original`` nothing is
    painted. ``inner`` is another stage after each change.
    """

    def __init__(
        self,
        stylizer: Stylizer,
        strength: float,
        keep_colour: str,
        rest: "Brush | None" = None,
    ) -> None:
        self._stylizer, self.rest = stylizer, rest
        self.strength, self.keep_colour, self.original = strength, keep_colour, False
        self.inner = Stylise(stylizer, strength, keep_colour)

    def set(
        self,
        *,
        strength: float | None = None,
        keep_colour: str | None = None,
        original: bool | None = None,
    ) -> None:
        self.strength = self.strength if strength is None else strength
        self.keep_colour = self.keep_colour if keep_colour is None else keep_colour
        self.original = self.original if original is None else original
        applied = 0.0 if self.original else self.strength
        self.inner = Stylise(self._stylizer, applied, self.keep_colour)

        if self.rest:
            self.rest.set(strength=strength, keep_colour=keep_colour, original=original)

    @property
    def look(self) -> Hashable:
        """Something else whenever the brush paints in another way."""
        return self._stylizer.digest, self.inner

    def prepare(self, width: int, height: int) -> None:
        """As :meth:`Stylizer.prepare`, for both brushes."""
        self._stylizer.prepare(width, height)
        if self.rest:
            self.rest.prepare(width, height)

    def __call__(self, frame: Frame) -> Frame:
        return self.inner(frame)

    def reset(self) -> None:
        self.inner.reset()
