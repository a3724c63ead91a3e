"""Style transfer for one picture, by optimising its pixels."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from realtime_nst.errors import UsageError
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.loss_networks.vgg import LAYERS
from realtime_nst.learning.losses.terms import LossInputs
from realtime_nst.learning.optimise.colour import grey, matched, with_luminance_of
from realtime_nst.learning.optimise.descent import Evaluation, descend
from realtime_nst.learning.optimise.objective import Previous, build_objective
from realtime_nst.learning.optimise.options import Optimisation
from realtime_nst.learning.optimise.style import Style
from realtime_nst.learning.tensors import halved, resized

_LEAST_SIDE = 32
"""Four poolings leave two cells of it, which reflection padding needs."""


@dataclass(frozen=True)
class Step:
    """Passed to ``on_step``: once for each ``step`` from 0 (the start) to ``steps``.

    ``losses`` (unweighted) and ``total`` (weighted) are those of the picture after ``step``
    changes. ``image()`` is that picture, ``[1, 3, h, w]`` in 0..1 at the current scale, with
    colours kept if asked for. ``seconds`` since the start of ``optimise``. ``notice`` is set if
    something happened that a person should know.
    """

    step: int
    steps: int
    losses: dict[str, float]
    total: float
    seconds: float
    image: Callable[[], Tensor]
    notice: str = ""


def optimise(
    content: Tensor,
    styles: Sequence[Style],
    extractor: FeatureExtractor,
    options: Optimisation,
    on_step: Callable[[Step], None] = lambda _: None,
    previous: Previous | None = None,
) -> Tensor:
    """``content`` ``[1, 3, H, W]`` in 0..1, painted like ``styles``, in the same shape and range.

    Gatys et al. 2016. Runs on the device of ``content``. The caller has applied ``longest``,
    ``style_size``, ``pooling`` and ``precision`` of ``options`` to content, paintings and
    ``extractor``. One step is one evaluation of losses and gradient, and one change. The last
    picture is evaluated too, and the one with the lowest loss is returned. With ``previous`` the
    painting starts from it where it is visible, and the temporal loss (Ruder et al. 2016) compares
    the two.

    Deviations: pixels may leave 0..1 during the optimisation and are clipped at the end; the style
    loss is a mean over the layers, and every loss is normalised (see ``losses``), so weights differ
    from the paper's.

    Raises TrainingError if no loss network has a layer (see ``with_available_layers``) or the
    losses stay not finite; UsageError for a picture or painting too small for the scales, shares
    that are all 0, or masks with another style loss than gram.
    """
    _check(content, styles, options)
    for style in styles:
        _check_painting(style.painting, options)
    run = _Run(content, styles, extractor, options, previous)
    picture = run.first_picture()
    for first, steps, halvings in _scales(options):
        best: Evaluation | None = None
        for number, seen in enumerate(run.descent(picture, steps, halvings)):
            best = seen if best is None or seen.total < best.total else best
            if number < steps or not halvings:
                on_step(run.report(first + number, seen))
            picture = best.picture
    return run.restored(picture)


class _Run:
    """The state of one call of :func:`optimise`, in the colours in which it paints."""

    def __init__(
        self,
        content: Tensor,
        styles: Sequence[Style],
        extractor: FeatureExtractor,
        options: Optimisation,
        previous: Previous | None,
    ) -> None:
        self._started = time.perf_counter()
        self._photo, self._extractor, self._options = content, extractor, options
        self._grey = options.keep_colour == "luminance"
        self._content = self._in_colours(content)
        self._styles = [
            replace(style, painting=self._recoloured(style.painting)) for style in styles
        ]
        self._previous = previous
        if previous is not None:
            self._previous = replace(previous, image=self._in_colours(previous.image))

    def first_picture(self) -> Tensor:
        """The content, noise or a mix of them; or the previous result where it is visible."""
        if self._previous is not None:
            return torch.where(self._previous.visible > 0.5, self._previous.image, self._content)
        share = {"content": 0.0, "noise": 1.0, "mix": self._options.noise}[self._options.init]
        generator = torch.Generator().manual_seed(self._options.seed)
        noise = torch.rand(self._content.shape, generator=generator).to(self._content.device)
        return torch.lerp(self._content, noise, share)

    def descent(self, start: Tensor, steps: int, halvings: int) -> Iterator[Evaluation]:
        """At the full size halved ``halvings`` times. ``start`` may have any size."""
        photo = halved(self._content, halvings)
        styles = [
            replace(style, painting=halved(style.painting, halvings)) for style in self._styles
        ]
        objective = build_objective(
            self._options, self._extractor, styles, None if halvings else self._previous
        )
        seen = self._extractor.features(photo)

        def measure(pixels: Tensor) -> tuple[Mapping[str, Tensor], Tensor]:
            inputs = LossInputs(seen, self._extractor.features(pixels), lambda image: image)
            losses = objective.measure(inputs)
            return losses, objective.total(losses)

        start = resized(start, (photo.shape[-2], photo.shape[-1]))
        options = self._options
        return descend(start, measure, options.optimiser, options.learning_rate, steps)

    def report(self, step: int, seen: Evaluation) -> Step:
        seconds = time.perf_counter() - self._started
        return Step(
            step=step,
            steps=self._options.steps,
            losses=seen.losses,
            total=seen.total,
            seconds=seconds,
            image=lambda: self.restored(seen.picture),
            notice=seen.notice,
        )

    def restored(self, picture: Tensor) -> Tensor:
        return with_luminance_of(picture, self._photo) if self._grey else picture.clamp(0, 1)

    def _in_colours(self, image: Tensor) -> Tensor:
        return grey(image) if self._grey else image

    def _recoloured(self, painting: Tensor) -> Tensor:
        if self._options.keep_colour == "none":
            return painting
        return matched(self._in_colours(painting), self._content)


def _scales(options: Optimisation) -> Iterator[tuple[int, int, int]]:
    """(first step, steps, halvings) of each scale, coarse to fine; the last has the remainder."""
    share = options.steps // options.scales
    for number in range(options.scales):
        halvings = options.scales - 1 - number
        steps = share if halvings else options.steps - number * share
        yield number * share, steps, halvings


def _check(content: Tensor, styles: Sequence[Style], options: Optimisation) -> None:
    smallest = min(content.shape[-2:]) / 2 ** (options.scales - 1)
    if smallest < _LEAST_SIDE:
        raise UsageError(
            f"the shorter side of the content would be {smallest:.0f} pixels at the coarsest "
            f"scale, below {_LEAST_SIDE}; give a larger picture, a larger `longest`, or fewer "
            "`scales`"
        )
    if not any(style.share for style in styles):
        raise UsageError("the shares of all styles are 0; give one of them a share above 0")
    if options.style_loss != "gram" and any(style.masked for style in styles):
        raise UsageError(f"masks go with `style_loss` gram alone, not {options.style_loss}")


def _check_painting(painting: Tensor, options: Optimisation) -> None:
    """The deepest style layer needs at least two cells a side."""
    blocks = [int(layer[4]) for layer in options.style_layers if layer in LAYERS]
    if not options.style_weight or not blocks:
        return
    height, width = painting.shape[-2:]
    least = 2 ** max(blocks)
    smallest = min(height, width) / 2 ** (options.scales - 1)
    if smallest < least:
        raise UsageError(
            f"the shorter side of a painting, {width}x{height} at `style_size` "
            f"{options.style_size}, would be {smallest:.0f} pixels at the coarsest scale, below "
            f"{least}; give a less narrow painting, a larger `style_size` or fewer `scales`"
        )
