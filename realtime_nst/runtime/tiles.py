"""Pictures too large for a network in one piece, painted in tiles that overlap.

What the network's instance norms would measure on the whole picture is measured first, on samples
of it at full size, and fixed; then each tile is painted with as much around it as the network sees.
"""

import hashlib
from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from realtime_nst.runtime import host
from realtime_nst.runtime.companions import int8_form
from realtime_nst.runtime.fixed_norms import Statistics, sees, with_fixed_norms, with_statistics
from realtime_nst.runtime.kinds import CODE, INPUT, STRENGTH
from realtime_nst.runtime.model import Model
from realtime_nst.runtime.networks import Network
from realtime_nst.runtime.onnxruntime_session import run_graph
from realtime_nst.runtime.session import Code
from realtime_nst.stream import Image

TILE = 1536
"""Pixels of a side of a tile, at least; with what the styles that come with the program see, a
sixth is painted twice."""

_APART = 8
"""How many times as large as what the network sees to a side a tile is at least."""

_SAMPLES, _SAMPLE = 36, 384
"""How many parts of a picture are measured, and the pixels of their sides: 5 megapixels."""


def paint_in_tiles(
    network: Network, code: Code | None, image: Image, progress: Callable[[float], None]
) -> Image | None:
    """``image`` as ``network`` paints it; None if it cannot be painted in tiles. ``progress`` is
    told the share that is done, and what it raises ends the painting.

    Raises the errors of a call of the network's session.
    """
    model = network.model
    if network.session.provider == "openvino-int8":
        model = int8_form(model)
    data, multiple = model.path.read_bytes(), model.card.size_multiple
    reach = sees(data, multiple)
    if reach is None:
        return None
    margin = ceil(reach / multiple) * multiple
    result = np.empty_like(image)
    threads = host.limited_to(network.threads)
    with TemporaryDirectory() as folder, threads, host.nothing_cached():  # no other picture has it
        fixed = with_fixed_norms(data, _statistics(data, sampled(image, multiple), code))
        path = Path(folder) / model.path.name
        path.write_bytes(fixed)
        digest = hashlib.sha256(fixed).hexdigest()
        session = network.provider.open(Model(path, model.card, digest))
        spans = [list(_spans(side, multiple, margin)) for side in image.shape[:2]]
        tiles = [(down, across) for down in spans[0] for across in spans[1]]
        for number, (down, across) in enumerate(tiles, 1):
            tile = np.ascontiguousarray(image[down.seen, across.seen])
            result[down.kept, across.kept] = session(tile, code)[down.inside, across.inside]
            progress(number / len(tiles))
    return result


class _Span(NamedTuple):
    """Rows or columns of a tile: those that are ``seen``, and those of the result that are
    ``kept``; ``inside`` has their places in the tile."""

    seen: slice
    kept: slice

    @property
    def inside(self) -> slice:
        return slice(self.kept.start - self.seen.start, self.kept.stop - self.seen.start)


def _spans(side: int, multiple: int, margin: int) -> Iterator[_Span]:
    """All of one size, once they are padded to ``multiple``: the network is compiled once."""
    padded = ceil(side / multiple) * multiple
    size = min(padded, ceil(max(TILE, _APART * margin) / multiple) * multiple)
    starts = [*range(0, padded - size, size - 2 * margin), padded - size]
    edges = [0, *(start + margin for start in starts[1:]), side]
    for start, first, last in zip(starts, edges[:-1], edges[1:], strict=True):
        yield _Span(slice(start, min(start + size, side)), slice(first, last))


def sampled(image: Image, multiple: int) -> Image:
    """Parts of ``image``, evenly spread, side by side; its sides are multiples of ``multiple``."""
    height, width = image.shape[:2]
    tall, wide = min(height, _SAMPLE), min(width, _SAMPLE)
    area = _SAMPLES * _SAMPLE**2
    down = max(1, min(height // tall, round((area / tall / wide * height / width) ** 0.5)))
    across = max(1, min(width // wide, area // (down * tall * wide)))
    tops = [round((n + 0.5) * height / down - tall / 2) for n in range(down)]
    lefts = [round((n + 0.5) * width / across - wide / 2) for n in range(across)]
    rows = [
        np.concatenate([image[top : top + tall, left : left + wide] for left in lefts], 1)
        for top in tops
    ]
    missing = [(0, -n % multiple) for n in (down * tall, across * wide)]
    return np.pad(np.concatenate(rows), (*missing, (0, 0)), mode="edge")


def _statistics(data: bytes, image: Image, code: Code | None) -> Statistics:
    """Of the instance norms of the graph in ``data``, in float32 on the CPU."""
    graph, names = with_statistics(data)
    given: dict[str, NDArray[Any]] = {INPUT: image[np.newaxis]}
    if code is not None:
        given |= {CODE: code, STRENGTH: np.ones(1, np.float32)}
    found = run_graph(graph, [name for pair in names for name in pair], given)
    values = [each.ravel() for each in found]
    return list(zip(values[::2], values[1::2], strict=True))
