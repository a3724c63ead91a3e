"""Layers of a scene, and the matrices that move them.

Lengths are in picture heights, times in seconds. Every layer is a textured picture with an affine
motion of its own, so its optical flow is known exactly.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Layer:
    """``texture`` is premultiplied RGBA uint8; ``motion(t)`` a 3x3 matrix from texture to scene;
    ``depth`` the share of the camera's movement that the layer shows. It also drifts to the right
    at ``speed`` and wraps around after every ``period``."""

    texture: NDArray[np.uint8]
    motion: Callable[[float], Matrix]
    depth: float
    speed: float = 0.0
    period: float = 1.0


def camera(t: float, depth: float, aspect: float) -> Matrix:
    """A hand-held camera that pans, zooms and rolls a little; near layers move more."""
    zoom = 1 + 0.045 * depth * sin(2 * pi * t / 11)
    middle = aspect / 2, 0.5
    pan = shift(0.06 * depth * sin(2 * pi * t / 7), 0.02 * depth * sin(2 * pi * t / 5))
    return pan @ about(middle, turn(0.012 * sin(2 * pi * t / 9)) @ stretch(zoom, zoom))


def shift(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def stretch(x: float, y: float) -> Matrix:
    return np.diag([x, y, 1.0])


def turn(angle: float) -> Matrix:
    """By ``angle`` radians, clockwise on screen."""
    c, s = cos(angle), sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float64)


def about(point: tuple[float, float], matrix: Matrix) -> Matrix:
    return shift(*point) @ matrix @ shift(-point[0], -point[1])


def still(x: float, y: float) -> Callable[[float], Matrix]:
    return lambda t: shift(x, y)
