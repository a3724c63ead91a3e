"""The synthetic scene: a coast at dusk with a mill, a boat and a girl."""

from math import pi, sin

import numpy as np

from realtime_nst.sources._girl import head, shoulders
from realtime_nst.sources._layers import Layer, Matrix, about, shift, still, stretch, turn
from realtime_nst.sources._textures import (
    Canvas,
    Colour,
    TextureGenerator,
    mix,
    ramp,
    step,
    texture,
)

_MARGIN = 0.12
"""How far layers extend beyond the frame, so that the moving camera never sees their edges."""


def paint(aspect: float, scale: float, seed: int) -> list[Layer]:
    """The layers, farthest first, for a frame of ``aspect`` by 1 at ``scale`` pixels a unit."""
    gen = TextureGenerator(scale, seed)
    sun = 0.47 * aspect
    return [
        _sky(gen, aspect, sun),
        _clouds(gen, aspect, top=0.03, tall=0.26, speed=0.010, depth=0.15),
        _clouds(gen, aspect, top=-0.08, tall=0.30, speed=0.024, depth=0.20),
        _mountains(gen, aspect),
        _sea(gen, aspect, sun, 0, top=0.510),
        _sea(gen, aspect, sun, 1, top=0.540),
        _boat(gen, aspect),
        _sea(gen, aspect, sun, 2, top=0.600),
        _sea(gen, aspect, sun, 3, top=0.690),
        _sea(gen, aspect, sun, 4, top=0.800),
        _headland(gen),
        _mill(gen),
        _sails(gen),
        *(_gull(gen, aspect, number) for number in range(4)),
        shoulders(gen, aspect),
        head(gen, aspect),
        _meadow(gen, aspect),
    ]


def _sky(gen: TextureGenerator, aspect: float, sun: float) -> Layer:
    x, y = gen.grid(aspect + 2 * _MARGIN, 0.66 + _MARGIN)
    level = (y - _MARGIN) / 0.54
    streaks = gen.noise(x, 0.16, 5, stretch=6)
    colour = ramp(
        level + 0.16 * (streaks - 0.5),
        [(-0.2, (20, 32, 88)), (0.25, (52, 70, 146)), (0.5, (140, 96, 156)),
         (0.72, (234, 124, 100)), (0.9, (255, 188, 104)), (1.0, (255, 224, 160))],
    )  # fmt: skip
    away = np.hypot(x - sun - _MARGIN, y - _MARGIN - 0.41)
    colour = mix(colour, (255, 214, 120), 0.75 * np.exp(-away / 0.10))
    rays = 0.5 + 0.5 * np.cos(away * 95 + 6 * gen.noise(x, 0.1, 2))
    colour = mix(colour, (255, 244, 196), 0.22 * rays * np.exp(-away / 0.2))
    colour = mix(colour, (255, 251, 226), step(-away, -0.064, -0.056))
    return Layer(texture(colour), still(-_MARGIN, -_MARGIN), depth=0.1)


def _clouds(
    gen: TextureGenerator, aspect: float, top: float, tall: float, speed: float, depth: float
) -> Layer:
    period = 1.5 * aspect
    x, y = gen.grid(period, tall)
    body = gen.noise(x, 0.20, 6, stretch=2.0, periodic=True)
    thick = body - 0.62 + 0.22 * (1 - (2 * y / tall - 1) ** 2) - 0.10
    colour = ramp(
        0.9 * gen.relief(body, 3.0) + 0.45 * y / tall - 1.6 * np.clip(thick, 0, 0.25),
        [(0.0, (84, 74, 132)), (0.4, (160, 112, 152)), (0.7, (244, 160, 134)),
         (1.0, (255, 226, 182))],
    )  # fmt: skip
    alpha = step(thick, 0.0, 0.03) * step(y, 0.01, 0.04) * step(-y, -tall + 0.01, -tall + 0.04)
    copies = int(np.ceil((aspect + 2 * _MARGIN) / period)) + 1
    tiled = np.tile(texture(colour), (1, copies, 1)), np.tile(alpha, (1, copies))
    return Layer(
        texture(tiled[0][..., :3].astype(np.float32), tiled[1]),
        still(-_MARGIN - period, top), depth, speed, period,
    )  # fmt: skip


def _mountains(gen: TextureGenerator, aspect: float) -> Layer:
    x, y = gen.grid(aspect + 2 * _MARGIN, 0.38)
    mass = np.exp(-(((x[:1] - 1.02 * aspect) / 0.55) ** 2))
    below = y - 0.31 + 0.20 * mass + 0.16 * (gen.profile(x, 0.22, 5) - 0.5)
    rock = gen.noise(x, 0.12, 6)
    light = gen.relief(rock, 2.0)
    colour = mix(ramp(rock, [(0, (70, 66, 124)), (1, (104, 88, 148))]), (214, 138, 142), light)
    snow = step(0.07 + 0.10 * (rock - 0.5) - below, 0.0, 0.01) * mass
    colour = mix(colour, (255, 222, 206), snow * (0.35 + 0.65 * light))
    colour = mix(colour, (244, 170, 140), 0.7 * step(y, 0.21, 0.38))
    return Layer(texture(colour, step(below, 0, 0.006)), still(-_MARGIN, 0.205), depth=0.2)


def _sea(gen: TextureGenerator, aspect: float, sun: float, number: int, top: float) -> Layer:
    near, reach = number / 4, 0.06
    x, y = gen.grid(aspect + 2 * _MARGIN + 2 * reach, 0.09 + 0.24 * near)
    crest = 0.6 * np.sin(x[:1] * (34 - 20 * near) + number) + gen.profile(x, 0.13, 3)
    below = y - 0.015 - (0.004 + 0.022 * near) * (1 - crest)
    swell = gen.noise(x, 0.030 + 0.05 * near, 5, stretch=5 - 2 * near)
    colour = ramp(
        swell + 0.55 * (gen.relief(swell, 1.0 + near) - 0.5),
        [(0.1, (10, 40, 84)), (0.45, (28, 92, 132)), (0.7, (92, 154, 166)),
         (1.05, (226, 206, 190))],
    )  # fmt: skip
    colour = mix(colour, (228, 138, 122), np.full_like(x, 0.6 * (1 - near) ** 1.4))
    path = np.exp(-(((x - sun - _MARGIN - reach) / (0.06 + 0.10 * near)) ** 2))
    colour = mix(colour, (255, 230, 156), path * step(swell, 0.46, 0.58))
    spray = gen.noise(x, 0.03 + 0.02 * near, 4, stretch=2)
    foam = step(spray - below / (0.02 + 0.04 * near), 0.28, 0.42) + step(spray, 0.88, 0.95)
    colour = mix(colour, (252, 242, 228), (0.4 + 0.5 * near) * np.clip(foam, 0, 1))

    def motion(t: float) -> Matrix:
        phase = 1.7 * number
        bob = (0.003 + 0.006 * near) * sin(1.5 * t + phase)
        return shift(-_MARGIN - reach + 0.04 * sin(0.6 * t + phase), top - 0.03 + bob)

    return Layer(texture(colour, step(below, 0, 0.005)), motion, 0.30 + 0.45 * near)


def _boat(gen: TextureGenerator, aspect: float) -> Layer:
    canvas = Canvas(gen, 0.26, 0.30)
    canvas.polygon([(0.03, 0.235), (0.235, 0.225), (0.20, 0.285), (0.065, 0.285)], (124, 62, 42))
    canvas.polygon([(0.03, 0.235), (0.235, 0.225), (0.23, 0.24), (0.036, 0.25)], (232, 214, 184))
    canvas.polygon([(0.055, 0.268), (0.21, 0.263), (0.20, 0.285), (0.065, 0.285)], (60, 30, 34))
    canvas.polygon([(0.132, 0.03), (0.132, 0.215), (0.235, 0.205), (0.19, 0.12)], (248, 228, 192))
    canvas.polygon([(0.118, 0.045), (0.118, 0.21), (0.03, 0.215), (0.085, 0.13)], (218, 82, 58))
    for y in (0.07, 0.11, 0.15, 0.19):
        canvas.line([(0.135, y), (0.12 + y / 2, y + 0.006)], 0.003, (190, 152, 120))
        canvas.line([(0.115, y), (0.13 - y / 2.2, y + 0.006)], 0.003, (138, 40, 40))
    canvas.line([(0.125, 0.24), (0.125, 0.02)], 0.006, (62, 34, 30))
    canvas.polygon([(0.127, 0.016), (0.127, 0.034), (0.165, 0.024)], (214, 44, 48))
    canvas.grain(0.04, 0.9)

    def motion(t: float) -> Matrix:
        place = shift(0.36 * aspect, 0.325 + 0.006 * sin(1.5 * t + 1))
        return place @ about((0.13, 0.27), turn(0.07 * sin(1.1 * t)))

    return Layer(canvas.texture(), motion, 0.4, speed=0.03, period=aspect + 0.8)


def _headland(gen: TextureGenerator) -> Layer:
    x, y = gen.grid(0.95, 0.62)
    below = y - 0.07 - 0.60 * step(x, 0.20, 1.05) - 0.06 * (gen.profile(x, 0.12, 5) - 0.5)
    ground = gen.noise(x, 0.09, 6)
    light = gen.relief(ground, 1.8)
    grass = ramp(light, [(0, (34, 52, 36)), (0.5, (92, 108, 52)), (1, (212, 182, 92))])
    rock = ramp(light, [(0, (48, 34, 52)), (0.5, (124, 84, 82)), (1, (246, 184, 142))])
    colour = mix(grass, rock, step(below + 0.10 * (ground - 0.5), 0.03, 0.07))
    return Layer(texture(colour, step(below, 0, 0.006)), still(-_MARGIN, 0.50), depth=0.8)


_HUB = (0.235, 0.385)


def _mill(gen: TextureGenerator) -> Layer:
    canvas = Canvas(gen, 0.20, 0.27)
    canvas.polygon([(0.065, 0.06), (0.135, 0.06), (0.165, 0.27), (0.035, 0.27)], (176, 116, 92))
    bricks = step(np.sin(canvas.y * 420), 0.6, 0.95) + step(
        np.sin(canvas.x * 300 + 3.1 * np.floor(canvas.y * 67)), 0.8, 0.98
    )
    canvas.shade(0.45 * np.clip(bricks, 0, 1), (88, 52, 54))
    canvas.shade(0.7 * step(canvas.x, 0.08, 0.17), (58, 36, 66))
    canvas.shade(0.5 * step(-canvas.x, -0.075, -0.05), (255, 196, 132))
    canvas.polygon([(0.055, 0.065), (0.145, 0.065), (0.125, 0.02), (0.10, 0.008), (0.075, 0.02)],
                   (84, 46, 44))  # fmt: skip
    canvas.polygon([(0.085, 0.225), (0.115, 0.225), (0.117, 0.27), (0.083, 0.27)], (46, 30, 34))
    for y in (0.10, 0.16):
        canvas.polygon([(0.088, y), (0.112, y), (0.112, y + 0.03), (0.088, y + 0.03)],
                       (255, 214, 120))  # fmt: skip
        canvas.line([(0.10, y), (0.10, y + 0.03)], 0.004, (70, 40, 40))
    canvas.grain(0.03, 0.8)
    return Layer(canvas.texture(), still(_HUB[0] - 0.10, _HUB[1] - 0.045), depth=0.8)


def _sails(gen: TextureGenerator) -> Layer:
    canvas = Canvas(gen, 0.40, 0.40)
    for quarter in range(4):
        place = about((0.2, 0.2), turn(quarter * pi / 2))

        def put(*points: tuple[float, float], place: Matrix = place) -> list[tuple[float, float]]:
            moved = [place @ (0.2 + x, 0.2 + y, 1) for x, y in points]
            return [(float(x), float(y)) for x, y, _ in moved]

        canvas.polygon(put((0, -0.04), (0.042, -0.04), (0.042, -0.185), (0, -0.185)),
                       (238, 214, 176))  # fmt: skip
        for along in np.linspace(0.04, 0.185, 7):
            canvas.line(put((0, -along), (0.042, -along)), 0.004, (104, 62, 50))
        canvas.line(put((0.042, -0.04), (0.042, -0.185)), 0.004, (104, 62, 50))
        canvas.line(put((0, 0), (0, -0.19)), 0.009, (78, 42, 38))
    canvas.ellipse(0.2, 0.2, 0.016, 0.016, (60, 34, 34))
    canvas.grain(0.03, 0.7)
    return Layer(
        canvas.texture(),
        lambda t: shift(_HUB[0] - 0.2, _HUB[1] - 0.2) @ about((0.2, 0.2), turn(0.5 + 0.9 * t)),
        depth=0.8,
    )


def _gull(gen: TextureGenerator, aspect: float, number: int) -> Layer:
    canvas = Canvas(gen, 0.12, 0.06)
    canvas.polygon([(0.06, 0.034), (0.035, 0.016), (0.008, 0.02), (0.032, 0.026), (0.056, 0.044)],
                   (244, 238, 236))  # fmt: skip
    canvas.polygon([(0.06, 0.034), (0.085, 0.016), (0.112, 0.02), (0.088, 0.026), (0.064, 0.044)],
                   (214, 206, 218))  # fmt: skip
    canvas.polygon([(0.008, 0.02), (0.022, 0.017), (0.022, 0.024)], (50, 44, 62))
    canvas.polygon([(0.112, 0.02), (0.098, 0.017), (0.098, 0.024)], (50, 44, 62))
    canvas.ellipse(0.06, 0.040, 0.012, 0.007, (250, 246, 240))
    size = 0.6 + 0.18 * number

    def motion(t: float) -> Matrix:
        place = shift(0.23 * number * aspect - 0.05, 0.10 + 0.062 * (number * 2 % 5))
        glide = shift(0, 0.02 * sin(0.9 * t + 2 * number))
        flap = stretch(size, size * (0.75 + 0.35 * sin(5 * t + number)))
        return place @ glide @ about((0.06, 0.036), turn(0.15 * sin(0.9 * t + number)) @ flap)

    return Layer(canvas.texture(), motion, 0.5, 0.10 + 0.02 * number, period=aspect + 0.5)


def _meadow(gen: TextureGenerator, aspect: float) -> Layer:
    wide, tall = aspect + 2 * _MARGIN + 0.1, 0.34
    canvas = Canvas(gen, wide, tall)
    ground = gen.noise(canvas.x, 0.06, 5, stretch=0.5)
    below = canvas.y - 0.19 - 0.05 * canvas.x / wide - 0.06 * (ground - 0.5)
    canvas.fill(step(below, 0, 0.01), ramp(gen.relief(ground, 2), [
        (0, (14, 28, 26)), (0.5, (48, 74, 36)), (1, (148, 146, 64))]))  # fmt: skip
    for colour in ((30, 56, 34), (70, 98, 42), (128, 136, 58), (206, 186, 96)):
        canvas.lines([_blade(gen, wide) for _ in range(int(70 * wide))], 0.004, colour)
    for colour in ((204, 40, 36), (238, 84, 52), (250, 214, 92), (236, 232, 244)):
        for _ in range(int(5 * wide)):
            _draw_flower(canvas, gen, wide, colour)
    canvas.grain(0.02, 0.5)

    def motion(t: float) -> Matrix:
        breeze = np.eye(3)
        breeze[0, 1] = 0.10 * sin(1.3 * t) + 0.04 * sin(3.1 * t)
        return shift(-_MARGIN - 0.05, 0.80) @ about((0, tall), breeze)

    return Layer(canvas.texture(), motion, depth=1.5)


def _blade(gen: TextureGenerator, wide: float) -> list[tuple[float, float]]:
    foot, lean, high = gen.rng.uniform((0, -0.03, 0.06), (wide, 0.03, 0.15))
    along = np.linspace(0, 1, 4)
    root = 0.27 + 0.04 * gen.rng.random()
    return [(float(foot + lean * a**2), float(root - high * a)) for a in along]


def _draw_flower(canvas: Canvas, gen: TextureGenerator, wide: float, colour: Colour) -> None:
    x, y, size = gen.rng.uniform((0, 0.14, 0.006), (wide, 0.26, 0.012))
    canvas.ellipse(x, y, size, size * 0.8, colour, soft=0.4)
    canvas.ellipse(x + size * 0.2, y + size * 0.25, size * 0.4, size * 0.3, (120, 66, 24), soft=0.5)
