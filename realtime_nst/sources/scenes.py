"""Scenes to measure temporal stability on: one kind of motion each, its optical flow exact."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import pi, sin

import numpy as np

from realtime_nst.errors import UnknownName
from realtime_nst.sources._layers import Layer, Matrix, about, shift, stretch, turn
from realtime_nst.sources._textures import (
    Canvas,
    Colour,
    TextureGenerator,
    mix,
    ramp,
    step,
    texture,
)
from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.stream import Image

_MARGIN = 0.5
"""How far the ground reaches beyond the frame, in picture heights."""

_COLOURS: tuple[Colour, ...] = ((214, 84, 58), (68, 128, 164), (232, 196, 104), (92, 140, 84))

Motion = Callable[[float], Matrix]


@dataclass(frozen=True)
class Scene:
    """``ground`` moves the background, ``discs`` the discs in front of it, the nearest last. Each
    maps seconds to a motion in picture heights from the centre. ``light`` maps seconds to a factor
    on all grey levels; ``noise`` is a standard deviation in grey levels."""

    ground: Motion
    discs: tuple[Motion, ...] = ()
    light: Callable[[float], float] = lambda t: 1.0
    noise: float = 0.0


def _unmoved(t: float) -> Matrix:
    return np.eye(3)


def _at(x: float, y: float) -> Motion:
    return lambda t: shift(x, y)


def _crossing(y: float, speed: float, from_x: float) -> Motion:
    """To the right (or left) at ``speed`` picture heights a second, wrapping around."""
    return lambda t: shift((from_x + speed * t + 0.9) % 1.8 - 0.9, y)


SCENES: Mapping[str, Scene] = {
    "still": Scene(_unmoved, (_at(-0.3, 0.1), _at(0.3, -0.1)), noise=6.0),
    "pan": Scene(lambda t: shift(0.35 * sin(0.9 * t), 0.08 * sin(1.3 * t)), noise=2.0),
    "turn": Scene(lambda t: turn(0.35 * sin(0.8 * t)), noise=2.0),
    "zoom": Scene(lambda t: stretch(*[1 + 0.25 * sin(0.9 * t)] * 2), noise=2.0),
    "occlusion": Scene(
        lambda t: shift(0.06 * sin(t), 0),
        (_crossing(-0.15, 0.5, -0.4), _crossing(0.15, -0.8, 0.4), _crossing(0.0, 1.3, 0.0)),
        noise=2.0,
    ),
    "light": Scene(
        lambda t: shift(0.04 * sin(0.7 * t), 0),
        (_at(-0.3, 0.1), _crossing(0.1, 0.2, 0.2)),
        light=lambda t: 0.8 + 0.2 * sin(2 * pi * t / 1.5),
        noise=2.0,
    ),
}
"""By name: what moves in it."""


class SceneSource(SyntheticSource):
    """The scene called ``name``, with the flow and the mask of :class:`SyntheticSource`.

    The same arguments give the same pixels. To get every nth frame with the exact flow between
    them, ask for 1/n of the rate. Raises :class:`UnknownName`, and the errors of
    :class:`SyntheticSource`.
    """

    def __init__(
        self,
        name: str,
        width: int = 320,
        height: int = 240,
        rate: int | Fraction = 30,
        frames: int | None = None,
        seed: int = 0,
    ) -> None:
        if name not in SCENES:
            raise UnknownName("scene", name, SCENES)
        self._scene = SCENES[name]
        super().__init__(width, height, rate, frames, seed, noise=self._scene.noise)

    def _painted(self) -> list[Layer]:
        gen = TextureGenerator(self.info.height, self._seed)
        aspect = self.info.width / self.info.height
        discs = [
            _disc(gen, aspect, motion, _COLOURS[number % len(_COLOURS)])
            for number, motion in enumerate(self._scene.discs)
        ]
        return [_ground(gen, aspect, self._scene.ground), *discs]

    def _matrix(self, layer: Layer, index: int, turn_index: int) -> Matrix:
        """Without a camera: only the layers move."""
        scale = self.info.height
        moved = layer.motion(float(index / self._rate))
        return stretch(scale, scale) @ moved @ stretch(1 / scale, 1 / scale)

    def _lit(self, image: Image, index: int) -> Image:
        light = self._scene.light(float(index / self._rate))
        return np.asarray(np.clip(image * light, 0, 255).round(), np.uint8)


def _ground(gen: TextureGenerator, aspect: float, motion: Motion) -> Layer:
    x, y = gen.grid(aspect + 2 * _MARGIN, 1 + 2 * _MARGIN)
    field = gen.noise(x, 0.25, 6)
    colour = ramp(field, [(0.2, (44, 62, 96)), (0.5, (150, 138, 120)), (0.8, (236, 220, 180))])
    stripes = step(np.sin(40 * x + 8 * field) * np.sin(31 * y - 5 * field), 0.3, 0.6)
    colour = mix(colour, (96, 52, 48), 0.6 * stripes)
    middle = aspect / 2 + _MARGIN, 0.5 + _MARGIN
    return Layer(
        texture(colour), lambda t: shift(-_MARGIN, -_MARGIN) @ about(middle, motion(t)), depth=0
    )


def _disc(gen: TextureGenerator, aspect: float, motion: Motion, colour: Colour) -> Layer:
    canvas = Canvas(gen, 0.36, 0.36)
    canvas.ellipse(0.18, 0.18, 0.15, 0.15, colour, soft=0.05)
    canvas.grain(0.06, 1.2)
    return Layer(
        canvas.texture(), lambda t: shift(aspect / 2, 0.5) @ motion(t) @ shift(-0.18, -0.18), 0
    )
