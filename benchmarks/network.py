"""Milliseconds a frame of the networks alone."""

from collections.abc import Sequence
from functools import partial

from realtime_nst.bench.case import Case, Row, Settings, Unit
from realtime_nst.bench.precision import precision
from realtime_nst.bench.timer import Timer, spread
from realtime_nst.runtime.stylizer import Stylizer

from ._common import Size, gmac_of, label, picture, stylizers


def _measure(size: Size, settings: Settings, timer: Timer) -> Sequence[Row]:
    ready, image = stylizers(settings, size), picture(size)
    seconds = timer.in_turn({" ".join(key): partial(s, image) for key, s in ready.items()})
    macs = {style: gmac_of(style, settings.painter, size, s) for (style, _), s in ready.items()}
    return [
        _row(key, stylizer, size, macs[key[0]], seconds[" ".join(key)])
        for key, stylizer in ready.items()
    ]


def _row(
    key: tuple[str, str], stylizer: Stylizer, size: Size, macs: float, seconds: list[float]
) -> Row:
    style, provider = key
    times = spread(seconds)
    median = times["median ms"] / 1000
    return Row(
        {
            "network": stylizer.card.network,
            "style": style,
            "provider": provider,
            "size": label(size),
        },
        {
            **times,
            "fps": 1 / median,
            "GMAC": macs,
            "GMAC/s": macs / median,
            "precision": precision(provider),
        },
        {"median ms": [1000 * reading for reading in seconds]},
    )


CASE = Case(
    name="network",
    title="The networks alone",
    explains=(
        "Milliseconds for one frame, from RGB bytes to RGB bytes, padding and the copy of the "
        "result included. All styles and providers of one size take turns. GMAC are the "
        "multiply-accumulates of the convolutions and matrix products, counted from the file; "
        "fps and GMAC/s follow from the median. ONNX Runtime's threads sleep between frames, as in "
        "the program, instead of spinning: that leaves the cores to the rest of it."
    ),
    omits=(
        "Reading, encoding and showing frames; the first frame, which compiles the network; what "
        "a computer does when it grows hot; several frames at once."
    ),
    units=lambda settings: [Unit(label(size), partial(_measure, size)) for size in settings.sizes],
)
