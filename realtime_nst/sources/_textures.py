"""Procedural textures: fractal noise, colour ramps, soft masks and anti-aliased shapes.

Lengths are in picture heights, colours RGB 0 to 255, fields of shape ``(h, w)``.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating[Any]]
Colour = tuple[float, float, float]
Points = Sequence[tuple[float, float]]

_FINEST_PIXELS = 2.5
"""The smallest cell of noise, so that it survives subpixel motion."""


class TextureGenerator:
    """Random textures at ``scale`` pixels a unit; the same seed gives the same textures."""

    def __init__(self, scale: float, seed: int) -> None:
        self.scale = scale
        self.rng = np.random.default_rng(seed)

    def grid(self, wide: float, tall: float) -> tuple[Field, Field]:
        """The coordinates x and y of every pixel of an area ``wide`` by ``tall``."""
        shape = max(4, round(tall * self.scale)), max(4, round(wide * self.scale))
        y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32) / np.float32(self.scale)
        return x, y

    def noise(
        self, like: Field, size: float, octaves: int, stretch: float = 1.0, periodic: bool = False
    ) -> Field:
        """Fractal noise around 0.5, nearly always between 0 and 1. The cells of the first octave
        have ``size`` and are ``stretch`` times as wide as tall; those of each further octave are
        half as large. ``periodic`` noise tiles horizontally."""
        total, weight = np.zeros(like.shape, np.float32), 0.0
        for octave in range(octaves):
            cell = size * self.scale / 2**octave
            if cell < _FINEST_PIXELS and octave > 0:
                break
            total += self._cells(like.shape, cell * stretch, cell, periodic) / 2**octave
            weight += 4.0**-octave
        return 0.5 + total * np.float32(0.62 / weight**0.5)

    def profile(self, like: Field, size: float, octaves: int) -> Field:
        """Noise along x only, shape ``(1, w)``."""
        return self.noise(like[:1], size, octaves)

    def relief(self, field: Field, steepness: float) -> Field:
        """Shading, 0 to 1, of a surface with these heights, lit from the lower left."""
        smooth = cv2.GaussianBlur(field, (0, 0), self.scale / 600)
        dx, dy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
        slope = (0.6 * dx - 0.8 * dy) * (self.scale / 480)
        return np.asarray(0.5 + 0.5 * np.tanh(slope * steepness), np.float32)

    def _cells(self, shape: tuple[int, ...], wide: float, tall: float, periodic: bool) -> Field:
        across = max(2, round(shape[1] / wide))
        down = int(shape[0] / tall) + 3
        values = self.rng.uniform(-1, 1, (down, across)).astype(np.float32)
        if not periodic:
            values[:, -1] = self.rng.uniform(-1, 1, down)
        values = np.pad(values, ((0, 0), (2, 2)), mode="wrap" if periodic else "reflect")
        pitch = shape[1] / across
        size = round((across + 4) * pitch), max(shape[0] + 2, round(down * tall))
        field = cv2.resize(values, size, interpolation=cv2.INTER_CUBIC)
        left = round(2 * pitch)
        return np.asarray(field[: shape[0], left : left + shape[1]], np.float32)


def step(field: Field, low: float, high: float) -> Field:
    """0 below ``low``, 1 above ``high``, smooth in between (smoothstep)."""
    t = np.clip((field - low) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def ramp(field: Field, stops: Sequence[tuple[float, Colour]]) -> Field:
    """Colours ``(h, w, 3)``, interpolated between ``stops`` of (position, colour)."""
    places = [place for place, _ in stops]
    channels = [np.interp(field, places, [colour[i] for _, colour in stops]) for i in range(3)]
    return np.stack(channels, -1).astype(np.float32)


def mix(base: Field, colour: Colour | Field, amount: Field) -> Field:
    """``base`` blended with ``amount`` (0 to 1) of ``colour``."""
    return np.asarray(
        base + (np.asarray(colour, np.float32) - base) * amount[..., None], np.float32
    )


def texture(colour: Field, alpha: Field | None = None) -> NDArray[np.uint8]:
    """Premultiplied RGBA uint8: opaque without ``alpha``, else with a transparent border."""
    if alpha is None:
        alpha = np.ones(colour.shape[:2], np.float32)
    else:
        alpha = alpha.copy()
        alpha[:2] = alpha[-2:] = alpha[:, :2] = alpha[:, -2:] = 0
    rgba = np.concatenate([np.clip(colour, 0, 255) * alpha[..., None], 255 * alpha[..., None]], -1)
    return np.asarray(rgba.round(), np.uint8)


class Canvas:
    """Anti-aliased shapes on a transparent canvas of ``wide`` by ``tall`` units."""

    _FINER = 4

    def __init__(self, gen: TextureGenerator, wide: float, tall: float) -> None:
        self._gen = gen
        self.x, self.y = gen.grid(wide, tall)
        self._rgba = np.zeros((*self.x.shape, 4), np.float32)

    def polygon(self, points: Points, colour: Colour) -> None:
        ground, corners = self._finer([points])
        self.fill(self._smooth(cv2.fillPoly(ground, corners, 255)), colour)

    def line(self, points: Points, width: float, colour: Colour) -> None:
        self.lines([points], width, colour)

    def lines(self, several: Sequence[Points], width: float, colour: Colour) -> None:
        ground, corners = self._finer(several)
        thick = max(2, round(width * self._gen.scale * self._FINER))
        self.fill(self._smooth(cv2.polylines(ground, corners, False, 255, thick)), colour)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, colour: Colour | Field, soft: float = 0.1
    ) -> None:
        """``soft`` is the width of the edge, as a share of the radius."""
        away = np.hypot((self.x - x) / rx, (self.y - y) / ry)
        self.fill(step(-away, -1 - soft / 2, -1 + soft / 2), colour)

    def fill(self, amount: Field, colour: Colour | Field) -> None:
        """Cover ``amount`` (0 to 1) of each pixel with ``colour``."""
        laid = np.empty_like(self._rgba)
        laid[..., :3], laid[..., 3] = colour, 255
        laid *= amount[..., None]
        self._rgba = laid + self._rgba * (1 - amount[..., None])

    def shade(self, amount: Field, colour: Colour | Field) -> None:
        """Like ``fill``, but only where something is drawn already."""
        self.fill(amount * self._rgba[..., 3] / 255, colour)

    def grain(self, size: float, strength: float, stretch: float = 1.0) -> None:
        """Lighten and darken what is drawn with a texture."""
        light = self._gen.relief(self._gen.noise(self.x, size, 4, stretch), 0.8) - 0.5
        self.shade(np.clip(light * strength, 0, 1), (255, 232, 200))
        self.shade(np.clip(-light * strength, 0, 1), (38, 22, 44))

    def texture(self) -> NDArray[np.uint8]:
        alpha = self._rgba[..., 3] / 255
        return texture(self._rgba[..., :3] / np.maximum(alpha, 1e-6)[..., None], alpha)

    def _finer(
        self, several: Sequence[Points]
    ) -> tuple[NDArray[np.uint8], list[NDArray[np.int32]]]:
        height, width = self.x.shape
        scale = self._gen.scale * self._FINER
        ground = np.zeros((height * self._FINER, width * self._FINER), np.uint8)
        return ground, [(np.asarray(p) * scale).round().astype(np.int32) for p in several]

    def _smooth(self, drawn: Any) -> Field:
        height, width = self.x.shape
        small = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float32) / 255
