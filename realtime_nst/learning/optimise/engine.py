"""One picture, painted by changing its pixels until the losses are low."""

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
"""Four poolings leave two places of it, which padding by reflection needs."""


@dataclass(frozen=True)
class Step:
    """Handed to ``on_step``: ``step`` from 0 (the start) to ``steps``, every one once.

    ``losses`` are unweighted, ``total`` weighted; both belong to the picture after ``step``
    changes, which ``image()`` gives: ``[1, 3, h, w]`` in 0..1 at the size worked at, colours kept
    as asked for. ``seconds`` since the start of ``optimise``. ``notice`` is set when something
    happened that a person should know.
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
    """``content`` ``[1, 3, H, W]`` in 0..1, painted like ``styles``: the same shape and range.

    Gatys et al. 2016. Runs where ``content`` is; ``options.size``, ``style_size``, ``pooling`` and
    ``precision`` are the caller's business: content, paintings and ``extractor`` come ready made.
    One step is one evaluation of losses and gradient and one change; the last picture is evaluated
    once more, and the one of lowest loss is returned. With ``previous`` the painting starts from it
    where it is visible, and is held to it by the temporal loss (Ruder et al. 2016).

    Deviations: pixels may leave 0..1 on the way and are cut off at the end; the style loss is a
    mean over the layers, and every loss is normalised (see ``losses``), so weights differ from the
    paper's.
    Raises TrainingError when a layer is not at hand (see ``layers.with_layers_at_hand``) or the
    losses stay not finite, UsageError for a picture or painting too small for the sizes asked for,
    shares that are all 0, or masks with another style loss than gram.
    """
    _check(content, styles, options)
    for style in styles:
        _check_painting(style.painting, options)
    run = _Run(content, styles, extractor, options, previous)
    picture = run.first_picture()
    for first, steps, halvings in _sizes(options):
        best: Evaluation | None = None
        for number, seen in enumerate(run.descent(picture, steps, halvings)):
            best = seen if best is None or seen.total < best.total else best
            if number < steps or not halvings:
                on_step(run.told(first + number, seen))
            picture = best.picture
    return run.restored(picture)


class _Run:
    """What one call of :func:`optimise` works with, in the colours that it paints in."""

    def __init__(
        self,
        content: Tensor,
        styles: Sequence[Style],
        extractor: FeatureExtractor,
        options: Optimisation,
        previous: Previous | None,
    ) -> None:
        self._began = time.perf_counter()
        self._photo, self._extractor, self._options = content, extractor, options
        self._grey = options.keep_colour == "luminance"
        self._content = self._coloured(content)
        self._styles = [
            replace(style, painting=self._repainted(style.painting)) for style in styles
        ]
        self._previous = previous
        if previous is not None:
            self._previous = replace(previous, image=self._coloured(previous.image))

    def first_picture(self) -> Tensor:
        """The content, noise, or a mix; the previous result where that is visible."""
        if self._previous is not None:
            return torch.where(self._previous.visible > 0.5, self._previous.image, self._content)
        share = {"content": 0.0, "noise": 1.0, "mix": self._options.noise}[self._options.start]
        generator = torch.Generator().manual_seed(self._options.seed)
        noise = torch.rand(self._content.shape, generator=generator).to(self._content.device)
        return torch.lerp(self._content, noise, share)

    def descent(self, start: Tensor, steps: int, halvings: int) -> Iterator[Evaluation]:
        """At the size that ``halvings`` give; ``start`` may have any size."""
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

    def told(self, step: int, seen: Evaluation) -> Step:
        seconds = time.perf_counter() - self._began
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

    def _coloured(self, image: Tensor) -> Tensor:
        return grey(image) if self._grey else image

    def _repainted(self, painting: Tensor) -> Tensor:
        if self._options.keep_colour == "none":
            return painting
        return matched(self._coloured(painting), self._content)


def _sizes(options: Optimisation) -> Iterator[tuple[int, int, int]]:
    """(first step, steps, halvings) of each size, coarse to fine; the last gets what is over."""
    share = options.steps // options.scales
    for number in range(options.scales):
        halvings = options.scales - 1 - number
        steps = share if halvings else options.steps - number * share
        yield number * share, steps, halvings


def _check(content: Tensor, styles: Sequence[Style], options: Optimisation) -> None:
    smallest = min(content.shape[-2:]) / 2 ** (options.scales - 1)
    if smallest < _LEAST_SIDE:
        raise UsageError(
            f"the shorter side of the content would be {smallest:.0f} pixels at the coarsest size, "
            f"below {_LEAST_SIDE}; give a larger picture, a larger --size or fewer --scales"
        )
    if not any(style.share for style in styles):
        raise UsageError("the shares of all styles are 0; give one of them a share above 0")
    if options.style_loss != "gram" and any(style.masked for style in styles):
        raise UsageError(f"masks go with --style-loss gram alone, not {options.style_loss}")


def _check_painting(painting: Tensor, options: Optimisation) -> None:
    """Two places of the deepest layer of the style are the least."""
    blocks = [int(layer[4]) for layer in options.style_layers if layer in LAYERS]
    if not options.style_weight or not blocks:
        return
    height, width = painting.shape[-2:]
    least = 2 ** max(blocks)
    smallest = min(height, width) / 2 ** (options.scales - 1)
    if smallest < least:
        raise UsageError(
            f"the shorter side of a painting, {width}x{height} at --style-size "
            f"{options.style_size}, would be {smallest:.0f} pixels at the coarsest size, below "
            f"{least}; give a less narrow painting, a larger --style-size or fewer --scales"
        )
