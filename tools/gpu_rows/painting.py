"""Frames painted by torch: each network, size and precision, in each way of running it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch

from gpu_rows.networks import HD, JOHNSON, STYLES, Painted, apart, frame, subject
from gpu_rows.plan import Figures, Lacks, Row
from gpu_rows.roof import Roof
from gpu_rows.timing import Clock, Paint, captured, compiled, spread

ALLOWED = {"f16": (1.0, 4), "f32": (1.0, 3)}
"""By precision, the mean and largest difference from the ONNX file, in grey levels."""

_NETWORKS = (*STYLES, HD, JOHNSON)

_SECONDS, _COMPILING = 5.0, 40.0
"""What a row may take."""

Size = tuple[int, int]
"""Height and width."""


@dataclass(frozen=True)
class Painting:
    """``sizes``: the most telling first. ``pictures`` collects what was painted in half precision
    at that size, by network."""

    clock: Clock
    roof: Roof
    sizes: Sequence[Size]
    pictures: dict[str, np.ndarray] = field(default_factory=dict)

    def rows(self) -> Iterator[Row]:
        """The usual network first. Compiled is that one alone: it takes long."""
        first, *others = self.sizes
        yield self._row("fast", first, "f16", compiling=False)
        yield self._row("fast", first, "f16", compiling=True)
        for name in _NETWORKS[1:]:
            yield self._row(name, first, "f16", compiling=False)
        for size in others:
            for name in _NETWORKS:
                yield self._row(name, size, "f16", compiling=False)
        for size in self.sizes:
            for name in _NETWORKS:
                yield self._row(name, size, "f32", compiling=False)

    def compiled_rows(self) -> Iterator[Row]:
        """The rest of them."""
        first, *others = self.sizes
        for name in _NETWORKS[1:]:
            yield self._row(name, first, "f16", compiling=True)
        for size in others:
            yield self._row("fast", size, "f16", compiling=True)
        for name in _NETWORKS:
            yield self._row(name, first, "f32", compiling=True)
        for size in others:
            for name in _NETWORKS[1:]:
                yield self._row(name, size, "f16", compiling=True)
        for size in others:
            for name in _NETWORKS:
                yield self._row(name, size, "f32", compiling=True)

    def _row(self, name: str, size: Size, precision: str, *, compiling: bool) -> Row:
        title = f"{name} {label(size)} {precision}{' compiled' if compiling else ''}"
        measure = partial(self._measure, name, size, precision, compiling)
        return Row(title, measure, _COMPILING if compiling else _SECONDS)

    @torch.no_grad()
    def _measure(self, name: str, size: Size, precision: str, compiling: bool) -> Sequence[Figures]:
        picture = torch.from_numpy(frame(*size)).to(self.clock.device)
        module = Painted(subject(name), precision).to(self.clock.device)
        way, paint = ("compiled", compiled(module, self.clock)) if compiling else ("eager", module)
        about = {"network": name, "size": label(size), "precision": precision}
        read = partial(self._reading, name, size, precision)
        found = [{**about, "way": way, **read(paint, picture)}]
        with suppress(Lacks):
            graph = captured(paint, picture, self.clock)
            found.append({**about, "way": f"{way}, CUDA graph", **read(graph, picture)})
        return found

    def _reading(
        self, name: str, size: Size, precision: str, paint: Paint, picture: torch.Tensor
    ) -> Figures:
        made = paint(picture).cpu().numpy()
        times = spread(self.clock.readings(lambda: paint(picture)))
        if precision == "f16" and size == self.sizes[0]:
            self.pictures[name] = made[0]
        return {
            **times,
            **self._with_copies(paint, size),
            **self._parity(name, size, made),
            **self.roof.shares(subject(name), precision, size, times["ms"]),
            **self._memory(),
        }

    def _with_copies(self, paint: Paint, size: Size) -> Figures:
        """The frame copied to the card once, the picture back once."""
        if not self.clock.on_card:
            return {}
        given = self.clock.pinned(torch.from_numpy(frame(*size)))
        taken = self.clock.pinned(torch.empty_like(given))

        def there_and_back() -> None:
            shown = given.to("cuda", non_blocking=True)
            taken.copy_(paint(shown), non_blocking=True)

        return {"ms with both copies": 1000 * self.clock.seconds(there_and_back)}

    def _parity(self, name: str, size: Size, made: np.ndarray) -> Figures:
        """None for random weights: where they magnify what rounding leaves, nothing is right."""
        if name == JOHNSON:
            return {}
        mean, most = apart(made, subject(name).wanted(*size))
        return {"mean off": mean, "most off": most}

    def _memory(self) -> Figures:
        if not self.clock.on_card:
            return {}
        peak = torch.cuda.max_memory_allocated() / 2**20
        torch.cuda.reset_peak_memory_stats()
        return {"MiB at most": round(peak)}


def out_of_bounds(reading: Mapping[str, object]) -> str:
    """How far a reading is from its ONNX file, if that is more than is allowed; else empty."""
    if "most off" not in reading:
        return ""
    mean, most = ALLOWED[str(reading["precision"])]
    if float(reading["mean off"]) <= mean and int(reading["most off"]) <= most:
        return ""
    return (
        f"{reading['mean off']:.2f} grey levels on average and {reading['most off']} at most "
        f"(allowed: {mean} and {most})"
    )


def label(size: Size) -> str:
    return f"{size[1]}x{size[0]}"
