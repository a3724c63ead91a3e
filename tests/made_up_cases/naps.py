"""A case that takes no time: its units give rows, are left out, fail, or are interrupted."""

from realtime_nst.bench.case import Case, Headline, LeftOut, Row, Unit
from realtime_nst.bench.timer import spread

MEASURED: list[str] = []
"""Notes each nap. Tests clear it, and set what the unit "stop" does."""

stop_with: BaseException | None = None


def _nap(settings, timer):
    MEASURED.append("nap")
    seconds = timer.in_turn({"nap": lambda: None})["nap"]
    figures = {**spread(seconds), "fps": 120.0}
    return [
        Row({"style": style, "provider": provider, "size": f"{width}x{height}"}, figures,
            {"median ms": [10.0] * 5})
        for style in settings.styles
        for provider in settings.providers
        for width, height in settings.sizes
    ]  # fmt: skip


def _stop(settings, timer):
    raise stop_with or LeftOut("no camera; plug one in")


CASE = Case(
    "naps",
    "Naps",
    "How long naps are.",
    "dreams",
    lambda settings: [Unit("nap", _nap), Unit("stop", _stop)],
    lambda rows: [Headline(f"{row.figures['fps']:.0f} fps", "asleep") for row in rows[:1]],
)
