"""Paintings enlarged to the size of their source."""

from collections.abc import Callable
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from realtime_nst.errors import ProviderError, RealtimeNstError, one_line
from realtime_nst.media.planes import Planes, coded, rgb_of
from realtime_nst.runtime import host, onnxruntime_session, openvino_session
from realtime_nst.runtime.kinds import BASE, GUIDE, LUMA
from realtime_nst.runtime.model import Model
from realtime_nst.runtime.networks import Networks
from realtime_nst.runtime.shipped import enlarger_network
from realtime_nst.stream import Image, Picture

Luma = NDArray[np.uint8]
"""Brightness, uint8, shape ``(height, width)``."""

Draw = Callable[[Luma, Luma], Luma]
"""The network for one size: base and guide to the painting. It returns its own buffer."""

AROUND = np.ones((5, 5), np.uint8)
"""Pixels of the painting, around each, between whose darkest and brightest its detail stays."""

_WEAVE = 3
"""Grey levels."""

_MOST_FACTOR, _STEP = 3.0, 2.25
"""What is enlarged more than the first is enlarged by the second, and then again: strokes are drawn
as the network was trained, at 1.5 to 2.25."""

_SIZES_KEPT = 4


class Enlarger:
    """Enlarges paintings by any factor above 1. Any thread may call.

    What is seen sharply is brightness, so colours are interpolated, and a small network draws the
    detail of brightness: of the painting enlarged by interpolation, guided by the frame that was
    painted. The detail is held within what the painting shows nearby, so that edges get no halos.
    The network runs on OpenVINO if ``networks`` chooses that, else on ONNX Runtime.
    """

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._model: Model | None = None
        self._draws: dict[tuple[int, int], Draw] = {}
        self._drawing, self._compiling = Lock(), Lock()

    def prepare(self, painted: tuple[int, int], size: tuple[int, int]) -> None:
        """Compile for paintings of the width and height ``painted`` that become ``size``.

        Raises :class:`ModelError` if the network is missing or damaged.
        """
        while painted[0] * painted[1] < size[0] * size[1]:
            painted = next_size(painted, size)
            self._draw(painted[1], painted[0])

    def luma(self, painted: Luma, guide: Luma) -> Luma:
        """The brightness ``painted`` ``[h, w]`` at the size of ``guide`` ``[H, W]``, the brightness
        of the source. Large factors are reached in several steps.

        Raises the errors of :meth:`prepare`, and :class:`ProviderError` if the engine fails.
        """
        size = guide.shape[1], guide.shape[0]
        while (step := next_size((painted.shape[1], painted.shape[0]), size)) != size:
            near = np.asarray(cv2.resize(guide, step, interpolation=cv2.INTER_AREA), np.uint8)
            painted = self._once(painted, near)
        return self._once(painted, guide)

    def _once(self, painted: Luma, guide: Luma) -> Luma:
        painted = without_weave(painted)
        base = _enlarged(painted, guide, cv2.INTER_CUBIC)
        most = _enlarged(cv2.dilate(painted, AROUND), guide, cv2.INTER_LINEAR)
        least = _enlarged(cv2.erode(painted, AROUND), guide, cv2.INTER_LINEAR)
        return self.drawn(base, guide, least, most, lambda luma: _true_to(painted, luma))

    def drawn(
        self, base: Luma, guide: Luma, least: Luma, most: Luma, true: Callable[[Luma], Luma]
    ) -> Luma:
        """``base``, a painting enlarged by interpolation, with the detail of its strokes. That is
        made ``true`` to the painting, and stays between ``least`` and ``most`` where ``base`` does.
        All ``[H, W]``."""
        height, width = base.shape
        size, draw = self._draw(height, width)
        try:
            with self._drawing:
                detailed = true(draw(_padded(base, size), _padded(guide, size))[:height, :width])
                below = cv2.min(detailed, cv2.max(most, base))
        except RealtimeNstError:
            raise
        except Exception as error:
            raise ProviderError(
                f"enlarging to {width}x{height} failed: {one_line(error)}; try a smaller `size`, "
                "the `brush` fine, or another `provider`"
            ) from error
        return np.asarray(cv2.max(below, cv2.min(least, base)), np.uint8)

    def __call__(self, painted: Image, source: Picture) -> Picture:
        """The painting ``[h, w, 3]`` at the size and in the form of its ``source``. Raises the
        errors of :meth:`luma`."""
        if not isinstance(source, Planes):
            return self.rgb(painted, rgb_of(source))
        luma, *colours = coded(painted, source.colours)
        cb, cr = (_enlarged(each, source.cb, cv2.INTER_LINEAR) for each in colours)
        return Planes.of(self.luma(luma, source.luma), cb, cr, source.colours)

    def rgb(self, painted: Image, source: Image) -> Image:
        """The painting ``[h, w, 3]`` at the size of its ``source`` ``[H, W, 3]``. Raises the errors
        of :meth:`luma`."""
        y, *colours = cv2.split(cv2.cvtColor(painted, cv2.COLOR_RGB2YCrCb))
        guide = np.asarray(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY), np.uint8)
        wide = (_enlarged(each, guide, cv2.INTER_LINEAR) for each in colours)
        full = cv2.merge([self.luma(np.asarray(y, np.uint8), guide), *wide])
        return np.asarray(cv2.cvtColor(full, cv2.COLOR_YCrCb2RGB), np.uint8)

    def _draw(self, height: int, width: int) -> tuple[tuple[int, int], Draw]:
        """The size that the network takes for pictures of that size, and the network for it."""
        if self._model is None:
            self._model = enlarger_network()
        multiple = self._model.card.size_multiple
        size = -(-height // multiple) * multiple, -(-width // multiple) * multiple
        draw = self._draws.get(size)
        if draw is None:
            with self._compiling:  # other sizes are drawn meanwhile
                draw = self._draws.get(size) or self._compiled(self._model, size)
                kept = [each for each in self._draws.items() if each[0] != size]
                self._draws = {**dict(kept[-(_SIZES_KEPT - 1) :]), size: draw}
        return size, draw

    def _compiled(self, model: Model, size: tuple[int, int]) -> Draw:
        with host.limited_to(self._networks.threads):
            if self._networks.provider().engine == "openvino":
                return _openvino(model, size)
            return _onnxruntime(model)


def next_size(painted: tuple[int, int], size: tuple[int, int]) -> tuple[int, int]:
    """The size that ``painted`` is enlarged to at once, on the way to ``size``."""
    if max(size[0] / painted[0], size[1] / painted[1]) <= _MOST_FACTOR:
        return size
    across, down = (min(round(n * _STEP), full) for n, full in zip(painted, size, strict=True))
    return across, down


def without_weave(painted: Luma) -> Luma:
    """``painted`` without differences between neighbours of up to _WEAVE grey levels, and others
    less by that. In flat places networks leave a faint weave, which full size would make plain, and
    which flickers where the picture moves: the network draws edges at it."""
    smooth = np.asarray(cv2.GaussianBlur(painted, (3, 3), 0), np.uint8)
    weave = np.full_like(painted, _WEAVE)
    above, below = (
        np.asarray(cv2.subtract(each, weave), np.uint8) for each in lost(painted, smooth)
    )
    return np.asarray(cv2.subtract(cv2.add(smooth, above), below), np.uint8)


def lost(painted: Luma, small: Luma) -> tuple[Luma, Luma]:
    """By how much ``small`` is too dark, and too bright, for ``painted``."""
    dark, bright = cv2.subtract(painted, small), cv2.subtract(small, painted)  # 0 at the least
    return np.asarray(dark, np.uint8), np.asarray(bright, np.uint8)


def _true_to(painted: Luma, detailed: Luma) -> Luma:
    """``detailed``, less what it shows otherwise than ``painted`` when shrunk to the same size: a
    step of iterative back-projection (Irani and Peleg 1991). Interpolation alone loses contrast."""
    size = painted.shape[1], painted.shape[0]
    small = np.asarray(cv2.resize(detailed, size, interpolation=cv2.INTER_AREA), np.uint8)
    more, less = (_enlarged(each, detailed, cv2.INTER_CUBIC) for each in lost(painted, small))
    return np.asarray(cv2.subtract(cv2.add(detailed, more), less), np.uint8)


def _openvino(model: Model, size: tuple[int, int]) -> Draw:
    request = openvino_session.compiled(model, {BASE: size, GUIDE: size}).create_infer_request()

    def draw(base: Luma, guide: Luma) -> Luma:
        given = {BASE: base[np.newaxis, ..., np.newaxis], GUIDE: guide[np.newaxis, ..., np.newaxis]}
        request.infer(given, share_inputs=True)
        luma: Luma = request.get_output_tensor().data[0, ..., 0]
        return luma

    return draw


def _onnxruntime(model: Model) -> Draw:
    session = onnxruntime_session.create(model.path, "CPUExecutionProvider", {})

    def draw(base: Luma, guide: Luma) -> Luma:
        given = {BASE: base[np.newaxis, ..., np.newaxis], GUIDE: guide[np.newaxis, ..., np.newaxis]}
        luma: Luma = session.run([LUMA], given)[0][0, ..., 0]
        return luma

    return draw


def _padded(plane: Luma, size: tuple[int, int]) -> Luma:
    below, right = size[0] - plane.shape[0], size[1] - plane.shape[1]
    if not below and not right:
        return np.require(plane, requirements="C")
    return np.asarray(cv2.copyMakeBorder(plane, 0, below, 0, right, cv2.BORDER_REPLICATE), np.uint8)


def _enlarged(plane: cv2.typing.MatLike, like: Luma, method: int) -> Luma:
    size = like.shape[1], like.shape[0]
    return np.asarray(cv2.resize(plane, size, interpolation=method), np.uint8)
