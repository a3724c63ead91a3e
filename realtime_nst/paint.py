"""Painting as a look says: the one place that puts the stages together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from threading import Lock
from typing import Any

import cv2

from realtime_nst.large import Large
from realtime_nst.look import Look, amended
from realtime_nst.masks.composite import Composite
from realtime_nst.masks.mask import Mask
from realtime_nst.masks.of_look import found_nothing, mask_and_edge, mask_of
from realtime_nst.motion.stabilise import Stabilise
from realtime_nst.motion.stabiliser import OFF
from realtime_nst.references import painter_for
from realtime_nst.runtime.bands import WHOLE
from realtime_nst.runtime.card import ModelCard
from realtime_nst.runtime.networks import Networks
from realtime_nst.runtime.stages import AtSize, Blend, Morph, Stylise, resized
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sizes import Brush, Size, parse_brush, parse_size
from realtime_nst.stream import Frame, Stage

_ROUNDING = 0.02
"""How far the shape of a size may be from that of a picture without a word."""

_PAINTED_FIRST = 0.75
"""Where less is painted to hold a frame rate, down to this share of the sides only the network and
steadying get less; below it, masks and colours as well."""


class Paint:
    """A stage that paints frames as ``look`` says.

    Paintings that are given the same ``networks``, which name the execution provider, open each
    network once between them. ``live`` decides what the flow preset "auto" means. A morph begins
    at the time ``begin`` (None: with the first frame). ``notices`` says what may surprise.
    ``progress`` is told, while a large picture is painted, the share of it that is done; what it
    raises ends the painting.

    Any thread may change the look; a change holds from the next frame on. Raises the errors of
    :class:`~realtime_nst.runtime.stylizer.Stylizer` and of the masks.
    """

    def __init__(
        self,
        look: Look,
        networks: Networks | None = None,
        *,
        live: bool = False,
        begin: Fraction | None = None,
    ) -> None:
        self._networks = networks or Networks()
        self._live, self._begin = live, begin
        self._scale, self._every = 1.0, 1
        self._size = (0, 0)
        self.painted_size = (0, 0)
        self.progress: Callable[[float], None] = lambda share: None
        self.notices: list[str] = []
        self._changing = Lock()
        self._state = self._built(look, self._opened(look))

    @property
    def look(self) -> Look:
        return self._state.look

    @property
    def card(self) -> ModelCard:
        """The card of the network that paints; see :attr:`Stylizer.card`."""
        return self._state.parts.stylizer.card

    @property
    def provider(self) -> str:
        """The execution provider in use, by its name in the table of providers."""
        return self._state.parts.stylizer.provider

    def change(self, **settings: Any) -> None:
        """Change settings of the look, as :func:`~realtime_nst.look.amended` does.

        What is costly (networks, masks) is opened before anything changes; on an error the look
        stays. Raises the errors of :class:`Look` and of the constructor.
        """
        before = self._state
        wanted = amended(before.look, **settings)
        parts = self._opened(wanted, before)
        sizes = _Sizes.of(wanted)
        ready = before.look.strength > 0 and parts == before.parts and sizes == before.sizes
        if self._size != (0, 0) and not ready:
            self._compile(wanted, parts, self._size, self._scale)
        with self._changing:
            look = amended(self._state.look, **settings)
            if _costly(look) != _costly(wanted):  # another thread changed it meanwhile
                parts = self._opened(look, self._state)
            self._state = self._built(look, parts)

    def work_at(self, scale: float, every: int) -> tuple[int, int]:
        """Paint at ``scale`` times the size that the look asks for, and run the network on every
        Nth frame at most, whatever the look says; with 1 and 1 in full. The size painted.

        The size is compiled for before it is used; frames go on meanwhile. The results keep the
        size that the look asks for.
        """
        state = self._state
        size = self._compile(state.look, state.parts, self._size, scale)
        with self._changing:
            self._scale, self._every = scale, every
            for stage in self._state.stabilisers:
                stage.network_every = max(every, self.look.network_every)
        return size

    @property
    def asked(self) -> str:
        """The execution provider that was asked for."""
        return self._networks.asked

    @property
    def found_nothing(self) -> str:
        """A notice, if the mask's network has found nothing in all pictures so far; else empty."""
        return found_nothing(self._state.look, self._state.parts.mask)

    @property
    def lead_in(self) -> int | None:
        """The number of frames to paint before one that is shown, so that it looks as if all before
        had been painted; None: all."""
        stage = self._state.stage
        masked = stage.lead_in if isinstance(stage, Composite) else 0
        if masked is None:
            return None
        return max(masked, *(each.lead_in for each in self._state.stabilisers))

    @property
    def network_every(self) -> int:
        """How often the network runs: on every Nth frame."""
        return self._state.stabilisers[0].network_every

    def prepare(self, width: int, height: int) -> tuple[int, int]:
        """Compile for frames of that size, from any thread, while frames of other sizes go on. The
        size painted."""
        state = self._state
        return self._compile(state.look, state.parts, (width, height), self._scale)

    def _compile(
        self, look: Look, parts: "_Parts", size: tuple[int, int], scale: float
    ) -> tuple[int, int]:
        """Compile for frames of ``size``; the size painted."""
        sizes = _Sizes.of(look)
        painted = sizes.painted(size, scale)
        if look.stabilise == OFF and _is_large(sizes.shown(size)):
            return painted  # it is compiled for parts of it
        parts.prepare(look, *painted)
        return painted

    def require_memory(self, width: int, height: int) -> None:
        """Raises :class:`UsageError` if there is not enough for frames of that size."""
        state = self._state
        painted = state.sizes.painted((width, height), self._scale)
        shown = state.sizes.shown((width, height))
        if state.large is not None and _is_large(shown):
            state.large.require_memory(shown, painted)
        else:
            state.parts.stylizer.require_memory(*painted)

    def __call__(self, frame: Frame) -> Frame:
        state = self._state
        self._size = frame.size
        self.painted_size = state.sizes.painted(self._size, self._scale)
        for stage in state.at_size:
            stage.size = self.painted_size
        shown = state.sizes.shown(self._size)
        if not self.notices and state.sizes.stretches(self._size):
            self.notices.append(_stretched(shown, self._size))
        if state.parts.morph is not None:
            state.parts.morph.advance(frame)
        if state.large is not None and _is_large(shown):
            return state.large(resized(frame, shown), self.painted_size, self.progress)
        worked = resized(frame, _Sizes.worked(shown, self._scale))
        painted = state.stage(worked)
        if painted.picture is worked.picture:  # nothing was painted: keep every pixel
            return resized(frame, shown)
        return resized(painted, shown, cv2.INTER_LINEAR)  # half the time of cubic

    def reset(self) -> None:
        self._state.stage.reset()

    def _opened(self, look: Look, before: "_State | None" = None) -> "_Parts":
        """The costly parts of ``look``; those that ``before`` has as well are taken from there."""
        had = _costly(before.look) if before else {}
        same = {part for part, needs in _costly(look).items() if had.get(part) == needs}
        old = before.parts if before else None
        if old and "style" in same:
            stylizer, morph = old.stylizer, old.morph
        else:
            stylizer = self._stylizer(look.style, painter_for(look, "style"))
            morph = self._morph(stylizer, look) if look.morph_to else None
        if old and "rest" in same:
            rest = old.rest
        else:
            rest = self._stylizer(look.rest, look.painter) if look.rest else None
        mask = old.mask if old and "mask" in same else mask_of(look, self._networks)
        return _Parts(stylizer, rest, mask, morph)

    def _morph(self, stylizer: Stylizer, look: Look) -> Morph:
        return Morph(stylizer, look.morph_to, look.morph_seconds, self._begin)

    def _stylizer(self, style: str, painter: str) -> Stylizer:
        return Stylizer(style, painter=painter, networks=self._networks)

    def _built(self, look: Look, parts: "_Parts") -> "_State":
        stabilisers = [
            self._steady(look, each) for each in (parts.stylizer, parts.rest) if each is not None
        ]
        at_size = tuple(AtSize(each) for each in stabilisers)
        painted = [Blend(each, look.strength, look.keep_colour) for each in at_size]
        stage: Stage = painted[0]
        mask, fit = mask_and_edge(look, parts.mask)
        if mask is not None:
            stage = Composite(mask, *painted, fit=fit)
        large = None
        if look.stabilise == OFF:
            kept = look.strength, look.keep_colour
            large = Large((parts.stylizer, parts.rest), mask, fit, kept)
        return _State(look, parts, stage, tuple(stabilisers), at_size, _Sizes.of(look), large)

    def _steady(self, look: Look, stylizer: Stylizer) -> Stabilise:
        flow = look.flow
        if flow == "auto":
            flow = "fast" if self._live else "medium"
        return Stabilise(
            Stylise(stylizer),
            look.stabilise,
            flow=flow,
            network_every=max(self._every, look.network_every),
        )


@dataclass(frozen=True)
class _Parts:
    """What takes time to open, and so outlasts changes of the look that do not concern it."""

    stylizer: Stylizer
    rest: Stylizer | None
    mask: Mask | None
    morph: Morph | None

    def prepare(self, look: Look, width: int, height: int) -> None:
        """Compile what ``look`` runs: at a strength of 0 no network."""
        for stylizer in (self.stylizer, self.rest):
            if stylizer is not None and look.strength:
                stylizer.prepare(width, height)


@dataclass(frozen=True)
class _State:
    """A look and all that paints it: one value, which a change swaps whole."""

    look: Look
    parts: _Parts
    stage: Stage
    stabilisers: tuple[Stabilise, ...]
    at_size: tuple[AtSize, ...]
    sizes: "_Sizes"
    large: Large | None


def _costly(look: Look) -> Mapping[str, object]:
    """What each of the costly parts of ``look`` depends on."""
    return {
        "style": (look.style, look.painter, look.morph_to, look.morph_seconds),
        "rest": (look.rest, look.painter),
        "mask": (look.mask, look.mask_model),
    }


@dataclass(frozen=True)
class _Sizes:
    """The sizes, as width and height, that a look shows and paints a frame at."""

    asked: Size | None
    brush: Brush

    @classmethod
    def of(cls, look: Look) -> "_Sizes":
        return cls(parse_size(look.size) if look.size else None, parse_brush(look.brush))

    def shown(self, size: tuple[int, int]) -> tuple[int, int]:
        return self.asked.of(*size) if self.asked else size

    def painted(self, size: tuple[int, int], scale: float) -> tuple[int, int]:
        return self.brush.of(*self.shown(size), scale)

    @staticmethod
    def worked(shown: tuple[int, int], scale: float) -> tuple[int, int]:
        """At which masks and colours are applied."""
        share = min(1.0, scale / _PAINTED_FIRST)
        across, down = (max(1, round(side * share)) for side in shown)
        return across, down

    def stretches(self, size: tuple[int, int]) -> bool:
        """Whether the size asked has another shape than ``size``, beyond what rounding does."""
        if self.asked is None or self.asked.shorter:
            return False
        return abs(self.asked.width * size[1] / (self.asked.height * size[0]) - 1) > _ROUNDING


def _is_large(size: tuple[int, int]) -> bool:
    return size[0] * size[1] > WHOLE


def _stretched(shown: tuple[int, int], size: tuple[int, int]) -> str:
    return (
        "the size {}x{} stretches pictures of {}x{}; a single number, as {}, keeps their "
        "shape".format(*shown, *size, min(shown))
    )
