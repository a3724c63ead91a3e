"""The girl of the synthetic scene, who nods and sways: her head with its scarf, her shoulders."""

from math import sin

import numpy as np

from realtime_nst.sources._layers import Layer, Matrix, shift, turn
from realtime_nst.sources._textures import Canvas, Field, TextureGenerator, mix, ramp, step


def _sway(t: float, aspect: float) -> Matrix:
    """The motion of the girl's shoulders; the origin is the base of her neck."""
    return shift(0.76 * aspect + 0.03 * sin(0.8 * t), 0.735 + 0.005 * sin(1.7 * t)) @ turn(
        0.02 * sin(0.8 * t)
    )


def shoulders(gen: TextureGenerator, aspect: float) -> Layer:
    canvas = Canvas(gen, 0.84, 0.52)
    x, y = canvas.x - 0.42, canvas.y - 0.10
    top = 0.035 + 0.85 * np.abs(x) ** 1.35 + 0.9 * np.clip(np.abs(x) - 0.30, 0, 1)
    folds = gen.noise(x, 0.10, 5, stretch=0.45)
    light = gen.relief(folds, 1.6) + 0.35 * (-x / 0.3) - 0.1
    coat = ramp(light, [(0, (52, 30, 26)), (0.45, (146, 88, 36)), (0.8, (222, 158, 66)),
                        (1.1, (255, 214, 130))])  # fmt: skip
    neck = step(0.068 + 0.3 * np.clip(y - 0.01, 0, 1) - np.abs(x), 0, 0.006)
    skin = ramp(-x / 0.07, [(-1, (112, 58, 54)), (0, (186, 118, 92)), (1, (246, 196, 154))])
    skin = mix(skin, (96, 46, 50), 0.6 * step(-y, -0.02, 0.09))
    canvas.fill(neck * step(0.16 - y, 0, 0.01), skin)
    canvas.fill(step(y - top, 0, 0.006), coat)
    collar = np.abs(y - 0.055 - 0.55 * np.abs(x))
    pale = gen.relief(folds, 2) - 0.3 * x / 0.2
    cloth = ramp(pale, [(0, (150, 138, 160)), (0.8, (255, 250, 236))])
    canvas.fill(step(0.034 - collar, 0, 0.006) * step(0.18 - np.abs(x), 0, 0.006), cloth)
    canvas.grain(0.02, 0.5)
    return Layer(canvas.texture(), lambda t: _sway(t, aspect) @ shift(-0.42, -0.10), depth=1.1)


def head(gen: TextureGenerator, aspect: float) -> Layer:
    canvas = Canvas(gen, 0.44, 0.56)
    _draw_scarf_tail(canvas, gen)
    _draw_face(canvas, gen)
    _draw_eyes(canvas)
    _draw_mouth(canvas)
    _draw_scarf(canvas, gen)
    canvas.ellipse(0.302, 0.345, 0.013, 0.017, (190, 184, 190), soft=0.2)
    canvas.ellipse(0.298, 0.340, 0.006, 0.008, (255, 252, 244), soft=0.8)
    canvas.grain(0.018, 0.35)

    def motion(t: float) -> Matrix:
        nod = turn(0.08 * sin(1.0 * t + 0.9) + 0.02 * sin(1.9 * t))
        return _sway(t, aspect) @ nod @ shift(-0.21, -0.450)

    return Layer(canvas.texture(), motion, depth=1.1)


_FACE = (0.205, 0.275, 0.108, 0.150)
"""Centre x and y, half the width and half the height, on the canvas of the head."""


def _face_grid(canvas: Canvas) -> tuple[Field, Field]:
    x, y, wide, tall = _FACE
    return (canvas.x - x) / wide, (canvas.y - y) / tall


def _draw_face(canvas: Canvas, gen: TextureGenerator) -> None:
    u, v = _face_grid(canvas)
    out = np.hypot(u / (1 - 0.26 * np.clip(v, 0, 1) ** 1.7), v)
    normal = np.sqrt(np.clip(1 - out**2, 0.02, 1))
    light = -0.52 * u - 0.18 * v + 0.72 * normal + 0.05 * gen.noise(u, 0.05, 4)
    skin = ramp(light, [(-0.1, (84, 42, 46)), (0.3, (164, 96, 78)), (0.62, (226, 164, 126)),
                        (0.95, (255, 224, 186))])  # fmt: skip
    canvas.fill(step(-out, -1.0, -0.955), skin)
    for side in (-1, 1):
        blush = np.exp(-(((u - 0.5 * side + 0.04) / 0.22) ** 2) - ((v - 0.28) / 0.17) ** 2)
        canvas.shade(0.45 * blush, (226, 92, 84))
        socket = np.exp(-(((u - 0.40 * side + 0.06) / 0.25) ** 2) - ((v + 0.12) / 0.13) ** 2)
        canvas.shade(0.42 * socket, (112, 58, 60))
    ridge = -0.03 + 0.07 * step(v, -0.1, 0.3)
    long = step(v, -0.25, 0.05) * step(-v, -0.40, -0.34)
    canvas.shade(0.55 * long * np.exp(-(((u - ridge - 0.11) / 0.07) ** 2)), (130, 66, 58))
    canvas.shade(0.70 * long * np.exp(-(((u - ridge + 0.02) / 0.045) ** 2)), (255, 236, 206))
    canvas.shade(0.7 * np.exp(-((u / 0.16) ** 2) - ((v - 0.395) / 0.03) ** 2), (116, 52, 50))
    canvas.shade(0.4 * np.exp(-((u / 0.22) ** 2) - ((v - 0.80) / 0.06) ** 2), (255, 214, 176))


def _draw_eyes(canvas: Canvas) -> None:
    x0, y0, wide, tall = _FACE
    u, v = _face_grid(canvas)
    for side in (-1, 1):
        middle = 0.40 * side - 0.05
        d = (u - middle) / 0.205
        upper, lower = -0.10 - 0.085 * (1 - d**2), -0.10 + 0.05 * (1 - d**2)
        inside = step(v - upper, 0, 0.015) * step(lower - v, 0, 0.015) * step(1 - np.abs(d), 0, 0.1)
        canvas.shade(inside, (238, 228, 218))
        iris = np.hypot((u - middle + 0.015) * wide, (v + 0.112) * tall) / 0.0125
        canvas.shade(inside * step(-iris, -1.0, -0.9), (62, 92, 104))
        canvas.shade(inside * step(-iris, -0.55, -0.4), (16, 14, 22))
        canvas.shade(0.5 * inside * step(-(v - upper), -0.03, 0), (60, 36, 40))
        lid = np.exp(-(((v - upper + 0.005) / 0.020) ** 2)) * step(1.08 - np.abs(d), 0, 0.12)
        canvas.shade(0.9 * lid, (48, 26, 28))
        crease = np.exp(-(((v - upper + 0.055) / 0.018) ** 2)) * step(1 - np.abs(d), 0, 0.3)
        canvas.shade(0.5 * crease, (120, 62, 56))
        under = np.exp(-(((v - lower - 0.012) / 0.014) ** 2)) * step(1 - np.abs(d), 0, 0.3)
        canvas.shade(0.45 * under, (128, 62, 60))
        arch = v + 0.285 + 0.045 * (1 - (d * 0.9 - 0.20 * side) ** 2)
        brow = np.exp(-((arch / 0.026) ** 2)) * step(1.2 - np.abs(d - 0.1 * side), 0, 0.35)
        canvas.shade(0.8 * brow, (84, 48, 38))
        canvas.ellipse(x0 + (middle - 0.05) * wide, y0 - 0.145 * tall, 0.0036, 0.0036,
                       (255, 255, 255), soft=0.6)  # fmt: skip


def _draw_mouth(canvas: Canvas) -> None:
    u, v = _face_grid(canvas)
    d = (u + 0.02) / 0.33
    cupid = 0.545 - 0.015 * np.sqrt(np.clip(1 - d**2, 0, 1)) + 0.020 * np.exp(-((d / 0.16) ** 2))
    line = 0.545 + 0.050 * (1 - d**2)
    bottom = 0.550 + 0.125 * np.sqrt(np.clip(1 - (d / 0.92) ** 2, 0, 1))
    across = step(1 - np.abs(d), 0, 0.12)
    canvas.shade(across * step(v - cupid, 0, 0.015) * step(line - v, 0, 0.01), (164, 50, 56))
    canvas.shade(across * step(v - line, 0, 0.01) * step(bottom - v, 0, 0.02), (212, 84, 80))
    canvas.shade(0.9 * across * np.exp(-(((v - line) / 0.012) ** 2)), (92, 24, 34))
    canvas.shade(0.6 * np.exp(-(((u + 0.06) / 0.09) ** 2) - ((v - 0.640) / 0.016) ** 2),
                 (255, 208, 196))  # fmt: skip
    canvas.shade(0.4 * np.exp(-((u / 0.2) ** 2) - ((v - 0.71) / 0.03) ** 2), (138, 70, 62))


def _draw_scarf_tail(canvas: Canvas, gen: TextureGenerator) -> None:
    x, y = canvas.x, canvas.y
    middle = 0.315 + 0.05 * np.sin(6 * (y - 0.2))
    width = 0.032 + 0.10 * np.clip(y - 0.16, 0, 0.36)
    shape = step(width - np.abs(x - middle), 0, 0.006)
    shape *= step(y, 0.1, 0.12) * step(0.53 - y, 0, 0.01)
    folds = np.sin((x - middle) / width * 7 + 5 * gen.noise(x, 0.12, 3, stretch=0.4))
    colour = ramp(0.5 + 0.4 * folds - 0.9 * (x - 0.33), [
        (0, (96, 56, 24)), (0.5, (206, 150, 52)), (1, (255, 226, 138))])  # fmt: skip
    canvas.fill(shape, colour)


def _draw_scarf(canvas: Canvas, gen: TextureGenerator) -> None:
    u, v = _face_grid(canvas)
    crown = step(1 - np.hypot(u / 1.20, (v + 0.34) / 0.98), 0, 0.03)
    opening = v + 0.60 - 0.75 * np.abs(u) ** 2.6 - 0.10 * u
    cover = crown * step(-opening, -0.01, 0.02)
    wave = np.sin(9 * np.hypot(u + 0.5, v + 0.2) + 5 * gen.noise(u, 0.12, 4) + 2 * u)
    light = 0.5 + 0.28 * wave - 0.32 * u - 0.10 * v + 0.3 * (gen.noise(u, 0.03, 4) - 0.5)
    blue = ramp(light, [(0, (18, 26, 70)), (0.45, (44, 88, 160)), (0.8, (126, 172, 220)),
                        (1.1, (236, 236, 240))])  # fmt: skip
    canvas.fill(cover, blue)
    edge = np.exp(-(((opening + 0.03) / 0.035) ** 2)) * crown
    canvas.shade(0.75 * edge, (26, 40, 96))
    canvas.shade(0.35 * np.exp(-(((opening - 0.06) / 0.06) ** 2)) * crown, (96, 48, 48))
