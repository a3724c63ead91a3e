"""Pictures of a sequence, each painted from the one before (Ruder et al. 2016)."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from realtime_nst.learning.data.pictures import to_image, to_tensor
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.optimise.engine import Step, optimise
from realtime_nst.learning.optimise.objective import Previous
from realtime_nst.learning.optimise.options import Optimisation
from realtime_nst.learning.optimise.style import Style
from realtime_nst.motion import dense_flow, visible, warp

_Image = NDArray[np.uint8]


class Painter:
    """Called with one picture after another (RGB uint8 HWC), gives each painted.

    The longer side is at most ``options.size``. The first starts as ``options.start`` says; each
    later one from the result before, moved with the motion between the pictures, and from the photo
    where that hides something, with ``options.later_steps`` steps at full size and a temporal loss.
    After a picture of another size the painter starts anew. Works on ``device``, where
    ``extractor`` is. Raises as :func:`optimise` does.
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
        self._first, self._later = options, later(options)
        self._before: tuple[_Image, _Image] | None = None

    def __call__(self, image: _Image, on_step: Callable[[Step], None] = lambda _: None) -> _Image:
        content = to_tensor(image, self._first.size)
        photo = to_image(content)
        previous = self._moved_to(photo)
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

    def _moved_to(self, photo: _Image) -> Previous | None:
        if self._before is None or self._before[0].shape != photo.shape:
            return None
        earlier, result = self._before
        flow = dense_flow(earlier, photo, full_size=True)
        back = dense_flow(photo, earlier, full_size=True)
        seen = torch.from_numpy(visible(flow, back))[None, None].to(self._device)
        moved = to_tensor(warp(result, flow), max(photo.shape[:2]))
        return Previous(moved.to(self._device), seen)


def later(options: Optimisation) -> Optimisation:
    """The options of the pictures after the first."""
    steps = options.later_steps or max(1, options.steps // 3)
    return replace(options, steps=steps, scales=1)
