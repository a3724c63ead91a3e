"""Generated textures in given colours, for styles that few paintings have.

Each takes ``(colours, side, random)``, with ``colours`` uint8 ``[n, 3]``, and returns a picture,
uint8 ``[side, side, 3]``, that depends on these alone.
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.random import Generator

Texture = Callable[[np.ndarray, int, Generator], np.ndarray]


def strokes(colours: np.ndarray, side: int, random: Generator) -> np.ndarray:
    """Brush strokes that follow a smooth field of directions."""
    picture = _ground(colours, side, random)
    directions = _smooth(side, random) * np.pi * 2
    length, width = (
        side * random.uniform(0.04, 0.12),
        max(1, int(side * random.uniform(0.01, 0.04))),
    )
    for x, y in random.integers(0, side, (int(2.5 * side), 2)):
        turn = directions[y, x] + random.normal(0, 0.2)
        along = np.array([np.cos(turn), np.sin(turn)]) * length * random.uniform(0.5, 1.5)
        end = (int(x + along[0]), int(y + along[1]))
        cv2.line(picture, (int(x), int(y)), end, _colour(colours, random), width, cv2.LINE_AA)
    return picture


def hatching(colours: np.ndarray, side: int, random: Generator) -> np.ndarray:
    """Thin parallel lines in two or three directions, denser in the dark parts of a smooth
    field."""
    picture = np.full((side, side, 3), _lightest(colours), np.uint8)
    ink, shade = _darkest(colours), _smooth(side, random)
    spacing = random.uniform(4, 10)
    for layer in range(int(random.integers(2, 4))):
        turn = random.uniform(0, np.pi)
        rows, columns = np.indices((side, side))
        across = columns * np.cos(turn) + rows * np.sin(turn) + 2 * _smooth(side, random) * spacing
        on_line = (across / spacing % 1 < 0.25) & (shade > 0.25 + 0.25 * layer)
        picture[on_line] = ink
    return cv2.GaussianBlur(picture, (3, 3), 0.6)


def mosaic(colours: np.ndarray, side: int, random: Generator) -> np.ndarray:
    """Tiles around scattered points, with joints between them and slowly varying colours."""
    tile = side * random.uniform(0.03, 0.1)
    across = int(np.ceil(side / tile))
    grid = np.stack(np.meshgrid(np.arange(across), np.arange(across)), -1).reshape(-1, 2) + 0.5
    points = (grid + random.uniform(-0.35, 0.35, grid.shape)) * tile
    seeds = np.full((side, side), 255, np.uint8)
    at = points.astype(int).clip(0, side - 1)
    seeds[at[:, 1], at[:, 0]] = 0
    _, labels = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    field = _smooth(side, random)[at[:, 1], at[:, 0]] + random.normal(0, 0.1, len(at))
    table = np.zeros((labels.max() + 1, 3), np.uint8)
    table[labels[at[:, 1], at[:, 0]]] = _by_lightness(colours, field)
    picture = table[labels]
    joints = cv2.dilate(labels.astype(np.float32), np.ones((2, 2))) != labels
    picture[joints] = _darkest(colours) if random.random() < 0.6 else _lightest(colours)
    return picture


def marbling(colours: np.ndarray, side: int, random: Generator) -> np.ndarray:
    """Bands bent by smooth fields, like combed ink on water."""
    rows, columns = np.indices((side, side)) / side
    bend = random.uniform(0.1, 0.5)
    bent = columns + bend * _smooth(side, random) + bend / 3 * _smooth(side, random, 12)
    wave = np.sin(2 * np.pi * (random.uniform(2, 8) * bent + random.uniform(0, 2) * rows))
    return _by_lightness(colours, wave / 2 + 0.5).astype(np.uint8)


TEXTURES: Mapping[str, Texture] = {
    "strokes": strokes,
    "hatching": hatching,
    "mosaic": mosaic,
    "marbling": marbling,
}


def _smooth(side: int, random: Generator, cells: int = 4) -> np.ndarray:
    """A smooth field ``[side, side]`` in 0..1."""
    coarse = random.random((cells, cells)).astype(np.float32)
    return cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC).clip(0, 1)


def _ground(colours: np.ndarray, side: int, random: Generator) -> np.ndarray:
    return np.full((side, side, 3), colours[random.integers(len(colours))], np.uint8)


def _colour(colours: np.ndarray, random: Generator) -> tuple[int, ...]:
    return tuple(int(c) for c in colours[random.integers(len(colours))])


def _sorted(colours: np.ndarray) -> np.ndarray:
    return colours[np.argsort(colours.sum(1), kind="stable")]


def _darkest(colours: np.ndarray) -> np.ndarray:
    return _sorted(colours)[0]


def _lightest(colours: np.ndarray) -> np.ndarray:
    return _sorted(colours)[-1]


def _by_lightness(colours: np.ndarray, field: np.ndarray) -> np.ndarray:
    """The colour for each value of ``field``, from the darkest (0) to the lightest (1)."""
    place = (field.clip(0, 1) * (len(colours) - 1)).round().astype(int)
    return _sorted(colours)[place]
