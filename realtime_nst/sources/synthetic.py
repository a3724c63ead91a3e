"""A procedural moving scene whose optical flow is known exactly."""

import time
from collections.abc import Iterator
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.errors import UsageError
from realtime_nst.sources._layers import Layer, Matrix, camera, shift, stretch
from realtime_nst.sources._scenery import paint
from realtime_nst.stream import Frame, Image, StreamInfo, Unmanaged

_SOLID = 250
"""A layer covers a pixel from this alpha (of 255) on."""


class SyntheticSource(Unmanaged):
    """A coast at dusk with a mill, a boat and a girl: layers move, turn, zoom and hide one another.

    The same arguments give the same pixels. ``width`` and ``height`` are in pixels, ``rate`` in
    frames a second; ``frames`` is the length (None: endless), ``noise`` the standard deviation of
    sensor noise in grey levels. With ``live``, frames arrive in real time. Raises
    :class:`UsageError` for values out of range.
    """

    def __init__(
        self,
        width: int = 640,
        height: int = 480,
        rate: int | Fraction = 30,
        frames: int | None = None,
        seed: int = 0,
        live: bool = False,
        *,
        noise: float = 0.0,
    ) -> None:
        _check(width, height, rate, frames, noise)
        self.info = StreamInfo(width, height, Fraction(rate), frames, live)
        self._noise, self._seed = noise, seed
        self._layers = self._painted()

    def __iter__(self) -> Iterator[Frame]:
        interval = float(1 / self._rate)
        due, index = time.monotonic(), 0
        while self.info.frames is None or index < self.info.frames:
            image = self.picture(index)
            if self.info.live:
                time.sleep(max(0.0, due - time.monotonic()))
                due = max(due, time.monotonic() - interval) + interval
            yield Frame(image, index, index / self._rate, time.monotonic())
            index += 1

    def _painted(self) -> list[Layer]:
        width, height = self.info.width, self.info.height
        return paint(width / height, height, self._seed)

    @property
    def _rate(self) -> Fraction:
        return self.info.rate or Fraction(30)

    def picture(self, index: int) -> Image:
        """The picture of frame ``index``, RGB uint8 ``(height, width, 3)``."""
        image = np.zeros((self.info.height, self.info.width, 3), np.uint8)
        for layer in self._layers:
            self._lay(image, layer, self._matrix(layer, index, index))
        image = self._lit(image, index)
        return self._with_noise(image, index) if self._noise else image

    def _lit(self, image: Image, index: int) -> Image:
        return image

    def flow(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The exact backward optical flow of frame ``index``, and where it is visible.

        ``flow`` is float32 ``(height, width, 2)`` in pixels, x then y: what frame ``index`` shows
        at ``(x, y)`` was at ``(x, y) + flow[y, x]`` in frame ``index - 1``, so sampling the earlier
        frame there gives the later one. ``visible`` is bool ``(height, width)``: True where both
        frames show the same surface, not blended with another. Computed from the motion of the
        layers, not estimated. Raises :class:`UsageError` if ``index`` is below 1.
        """
        if index < 1:
            raise UsageError(f"frame {index} has no previous frame; give 1 or more")
        owner, solid = self._owners(index)
        before, solid_before = self._owners(index - 1)
        flow = np.zeros((*owner.shape, 2), np.float32)
        for number, layer in enumerate(self._layers):
            then = self._matrix(layer, index - 1, index)
            back = then @ np.linalg.inv(self._matrix(layer, index, index)) - np.eye(3)
            y, x = np.nonzero(owner == number)
            flow[y, x] = np.stack([x, y, np.ones_like(x)], -1) @ back[:2].T
        same = np.where(solid_before, before, -1)
        return flow, solid & _all_around(same, flow, owner)

    def _matrix(self, layer: Layer, index: int, turn_index: int) -> Matrix:
        """From pixels of the layer's texture to pixels of frame ``index``, wrapped around as often
        as in frame ``turn_index``."""
        t = float(index / self._rate)
        turns = np.floor(layer.speed * float(turn_index / self._rate) / layer.period)
        drift = shift(layer.speed * t - turns * layer.period, 0)
        scale = self.info.height
        scene = camera(t, layer.depth, self.info.width / scale) @ drift @ layer.motion(t)
        return stretch(scale, scale) @ scene @ stretch(1 / scale, 1 / scale)

    def _lay(self, image: Image, layer: Layer, matrix: Matrix) -> None:
        x, y, right, bottom = self._box(layer, matrix)
        if x >= right or y >= bottom:
            return
        warped = _warp(layer.texture, shift(-x, -y) @ matrix, (right - x, bottom - y))
        ground = image[y:bottom, x:right]
        clear = cv2.cvtColor(255 - warped[..., 3], cv2.COLOR_GRAY2RGB)
        under = cv2.multiply(ground, clear, scale=1 / 255)
        cv2.add(under, cv2.cvtColor(warped, cv2.COLOR_RGBA2RGB), dst=ground)

    def _owners(self, index: int) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        """The index of the layer that each pixel of frame ``index`` shows, and whether it shows
        only that one."""
        owner = np.zeros((self.info.height, self.info.width), np.int16)
        solid = np.ones(owner.shape, np.bool_)
        for number, layer in enumerate(self._layers):
            matrix = self._matrix(layer, index, index)
            x, y, right, bottom = self._box(layer, matrix)
            if x >= right or y >= bottom:
                continue
            here = np.s_[y:bottom, x:right]
            alpha = _warp(layer.texture[..., 3], shift(-x, -y) @ matrix, (right - x, bottom - y))
            owner[here][alpha > 127] = number
            solid[here] = np.where(alpha >= _SOLID, True, solid[here] & (alpha == 0))
        return owner, solid

    def _box(self, layer: Layer, matrix: Matrix) -> tuple[int, int, int, int]:
        """The bounding box of the layer in the frame: left, top, right, bottom."""
        height, width = layer.texture.shape[:2]
        corners = matrix[:2] @ np.array([[0, width, 0, width], [0, 0, height, height], [1] * 4])
        left, top = np.floor(corners.min(1)).astype(int)
        right, bottom = np.ceil(corners.max(1)).astype(int) + 1
        return max(left, 0), max(top, 0), min(right, self.info.width), min(bottom, self.info.height)

    def _with_noise(self, image: Image, index: int) -> Image:
        rng = np.random.default_rng((self._seed, index))
        noise = rng.standard_normal(image.shape, np.float32) * np.float32(self._noise)
        return np.asarray(np.clip(image + noise, 0, 255).round(), np.uint8)


def _warp(texture: NDArray[np.uint8], matrix: Matrix, size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(cv2.warpAffine(texture, matrix[:2], size, flags=cv2.INTER_LINEAR), np.uint8)


def _all_around(
    labels: NDArray[np.int16], flow: NDArray[np.float32], owner: NDArray[np.int16]
) -> NDArray[np.bool_]:
    """Whether the four pixels around the end of each flow vector are inside and show ``owner``."""
    height, width = owner.shape
    y, x = np.mgrid[:height, :width]
    left = np.floor(x + flow[..., 0]).astype(int)
    top = np.floor(y + flow[..., 1]).astype(int)
    within = (left >= 0) & (top >= 0) & (left < width - 1) & (top < height - 1)
    left, top = np.where(within, left, 0), np.where(within, top, 0)
    for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
        within &= labels[top + dy, left + dx] == owner
    return np.asarray(within, np.bool_)


def _check(width: int, height: int, rate: int | Fraction, frames: int | None, noise: float) -> None:
    if not all(isinstance(side, int) and 16 <= side <= 8192 for side in (width, height)):
        raise UsageError(f"synthetic scene: size {width}x{height} is not 16x16 to 8192x8192")
    if not 1 <= rate <= 1000:
        raise UsageError(f"synthetic scene: rate {rate} is not 1 to 1000 frames a second")
    if frames is not None and frames < 1:
        raise UsageError(f"synthetic scene: {frames} frames is not 1 or more")
    if not 0 <= noise <= 100:
        raise UsageError(f"synthetic scene: noise {noise} is not 0 to 100 grey levels")
