"""Frames of a sequence, each painted starting from the last (Ruder et al. 2016)."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch

from realtime_nst.learning.data.pictures import to_image, to_tensor
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.optimise.engine import Step, optimise
from realtime_nst.learning.optimise.objective import Previous
from realtime_nst.learning.optimise.options import Optimisation
from realtime_nst.learning.optimise.style import Style
from realtime_nst.motion import dense_flow, visible, warp
from realtime_nst.stream import Image


class FrameOptimiser:
    """Paints the frames it is called with, RGB uint8 ``[H, W, 3]``, one after another.

    The longer side of the result is at most ``options.longest``. The first frame starts as
    ``options.init`` says. Each later one starts from the last result, warped along the motion, or
    from the photo where something was hidden; it has ``options.later_steps`` steps at full size and
    a temporal loss. A frame of another size starts a new sequence. ``device`` is that of
    ``extractor``. Raises the errors of :func:`optimise`.
    """

    def __init__(
        self,
        styles: Sequence[Style],
        extractor: FeatureExtractor,
        options: Optimisation,
        device: str = "cpu",
    ) -> None:
        self._styles = [style.to(device) for style in styles]
        self._extractor, self._device = extractor, device
        self._first, self._later = options, later_options(options)
        self._before: tuple[Image, Image] | None = None

    def __call__(self, image: Image, on_step: Callable[[Step], None] = lambda _: None) -> Image:
        content = to_tensor(image, self._first.longest)
        photo = to_image(content)
        previous = self._warped_to(photo)
        result = to_image(
            optimise(
                content.to(self._device),
                self._styles,
                self._extractor,
                self._first if previous is None else self._later,
                on_step,
                previous,
            )
        )
        self._before = photo, result
        return result

    def reset(self) -> None:
        """Begin a new sequence: the next frame has nothing to do with the last."""
        self._before = None

    def follow(self, image: Image, result: Image) -> None:
        """Go on as if ``image`` had just become ``result``, which an earlier run painted."""
        photo = to_image(to_tensor(image, self._first.longest))
        self._before = (photo, result) if photo.shape == result.shape else None

    def _warped_to(self, photo: Image) -> Previous | None:
        if self._before is None or self._before[0].shape != photo.shape:
            return None
        earlier, result = self._before
        flow = dense_flow(earlier, photo, full_size=True)
        back = dense_flow(photo, earlier, full_size=True)
        seen = torch.from_numpy(visible(flow, back))[None, None].to(self._device)
        moved = to_tensor(warp(result, flow), max(photo.shape[:2]))
        return Previous(moved.to(self._device), seen)


def later_options(options: Optimisation) -> Optimisation:
    """The options of the frames after the first."""
    steps = options.later_steps or max(1, options.steps // 3)
    return replace(options, steps=steps, scales=1)
